"""Kafka's own ``kafka-metadata-quorum.sh`` in a controller's pod, for where nothing but ``exec`` is granted.

It logs in with the node's own certificate, which is in the pod; no secret travels. The paths are relative to
``/opt/kafka``, where a command in a Strimzi pod starts.
"""

from __future__ import annotations

from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.quorum import ControllerAnswer, Quorum, Voter

TIMEOUT_S = 40.0
_MARK = "== replication =="

# Java reads the settings from its standard input. The pod's own Java options are for a node, not for a tool.
# Only the leader has more to say than whom it follows.
_SCRIPT = f"""\
unset KAFKA_JMX_OPTS JMX_PORT KAFKA_LOG4J_OPTS
export KAFKA_HEAP_OPTS=-Xmx128m KAFKA_OPTS=-XX:TieredStopAtLevel=1
settings=$2
ask() {{ printf '%s' "$settings" | bin/kafka-metadata-quorum.sh --bootstrap-controller "$1" \\
  --command-config /dev/stdin describe "$2"; }}
status=$(ask "$1" --status) || exit
printf '%s\\n' "$status"
leader=${{status#*LeaderId:}}
leader=$(echo ${{leader%%LeaderEpoch:*}})
case "$3" in *-"$leader") echo '{_MARK}' && ask "$1" --replication ;; esac
"""

_SETTINGS = """\
security.protocol=SSL
ssl.endpoint.identification.algorithm=
config.providers=dir
config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
ssl.keystore.type=PEM
ssl.keystore.certificate.chain=${{dir:broker-certs:{pod}.crt}}
ssl.keystore.key=${{dir:broker-certs:{pod}.key}}
ssl.truststore.type=PEM
ssl.truststore.certificates=${{dir:cluster-ca-certs:ca.crt}}
request.timeout.ms=5000
default.api.timeout.ms=8000
"""


def ask(kubernetes: Kubernetes, pod: Object, address: tuple[str, int]) -> ControllerAnswer:
    """Return what a controller says of the quorum, asked in its own pod.

    Raises
    ------
    PromptKafkaError
        The tool could not be run there, or the controller did not answer it.
    """
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    where = f"{address[0]}:{address[1]}"
    container = pod["spec"]["containers"][0]["name"]
    command = ["sh", "-c", _SCRIPT, "quorum", where, _SETTINGS.format(pod=name), name]
    done = kubernetes.streams.run(name, namespace, command, container=container, timeout=TIMEOUT_S)
    if done.code:
        lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        why = next(
            (line for line in lines if "Exception" in line or "rror" in line), lines[-1] if lines else ""
        )
        raise UnreachableError(
            f"kafka-metadata-quorum.sh failed: {why.strip() or f'exit code {done.code}'}", where=f"pod {name}"
        )
    return parse(done.stdout.decode("utf-8", "replace"), name, where)


def parse(text: str, pod: str, address: str) -> ControllerAnswer:
    """Return the answer in the tool's two outputs.

    Raises
    ------
    PromptKafkaError
        They are not what this version of the tool is known to print.
    """
    status, _, replication = text.partition(_MARK)
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    try:
        leader, epoch, mark = (int(facts[key]) for key in ("LeaderId", "LeaderEpoch", "HighWatermark"))
        if leader < 0:
            return ControllerAnswer(address)
        if not pod.endswith(f"-{leader}"):
            return ControllerAnswer(address, leader_id=leader)
        head, *rows = [line.split() for line in replication.splitlines() if line.strip()]
        replicas = [dict(zip(head, row, strict=True)) for row in rows]
        voters = tuple(_voter(row) for row in replicas if row["Status"] in ("Leader", "Follower"))
        observers = tuple(_voter(row) for row in replicas if row["Status"] == "Observer")
    except (KeyError, ValueError):
        raise PromptKafkaError(
            "kafka-metadata-quorum.sh printed something unknown", where=f"pod {pod}"
        ) from None
    # The leader's own row bears its clock at the moment it answered; the tool itself takes seconds to end.
    seen = max((voter.last_caught_up_ms or 0 for voter in voters if voter.node_id == leader), default=0)
    quorum = Quorum(address, leader, epoch, mark, voters, observers, seen)
    return ControllerAnswer(address, leader_id=leader, quorum=quorum)


def _voter(row: dict[str, str]) -> Voter:
    fetched, caught_up = int(row["LastFetchTimestamp"]), int(row["LastCaughtUpTimestamp"])
    return Voter(
        node_id=int(row["NodeId"]),
        log_end_offset=int(row["LogEndOffset"]),
        last_fetch_ms=fetched if fetched >= 0 else None,
        last_caught_up_ms=caught_up if caught_up >= 0 else None,
        directory_id=row.get("DirectoryId"),
    )
