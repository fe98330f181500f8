"""``topic list`` and ``group list`` beside Kafka's own tools from the same jars: one broker, one listener.

``BENCH_TOPICS`` topics (5 000) and ``BENCH_GROUPS`` groups (1 000), each with commits on two of them, most of
them behind. Every measurement is a whole process, ours and theirs, over TLS and SCRAM. Ours also looks the
way to Kafka up in a Kubernetes API (the lab's) and shows sizes, rates and the last write, which Kafka's tool
does not; its figure in one process, connected, is told beside it. Kafka's tools run with the flags of their
own start script.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.clients.acls import grant
from tests.deploy.conftest import render
from tests.kafka_node import KAFKA, USERS, KafkaNode, kafka_node
from tests.service import Service, serving

from bench.measure import Figure, report
from prompt_kafka.clients.kafka import KafkaConnection, Sasl, groups, topic_looks
from prompt_kafka.core.who import access_rules
from prompt_kafka.lab import distribution

READER = "kafka-reader"
PASSWORD = "reader-of-all-secret-for-benchmarks"
AT_ONCE = 250
TOOL_FLAGS = ("-Xmx256M", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
TOPIC_TOOL = "org.apache.kafka.tools.TopicCommand"
GROUP_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


def measure(runs: int) -> None:
    """Fill a broker, and list it with both in turn."""
    topics, group_count = int(os.environ.get("BENCH_TOPICS", 5000)), int(os.environ.get("BENCH_GROUPS", 1000))
    runs = max(runs, 3)
    passwords = {"kafka-admin": USERS["kafka-admin"], READER: PASSWORD}
    with tempfile.TemporaryDirectory(prefix="bench-topics-") as folder:
        root = Path(folder)
        with (
            kafka_node(root / "node", jvm=["-Xms512m", "-Xmx1g"]) as node,
            serving(node, root, passwords) as service,
        ):
            _fill(node, topics, group_count)
            _measure_topics(service, runs, topics)
            _measure_groups(service, runs, group_count)


def _fill(node: KafkaNode, topics: int, group_count: int) -> None:
    """Create topics, a message in every tenth, and groups that committed."""
    from kafka.admin import NewTopic

    node.add_users({READER: PASSWORD})
    with node.connect(timeout=60) as admin:
        grant(admin, access_rules(render("lab", "prompt-kafka").one("KafkaUser", READER).manifest))
        names = [f"topic-{number:05d}" for number in range(topics)]
        for first in range(0, topics, AT_ONCE):
            admin.admin.create_topics([NewTopic(name, 1, 1) for name in names[first : first + AT_ONCE]])
        written = names[::10]
        for name in written:
            admin.clock.wait_until(partial(_wrote, admin, name), 60)
        for number in range(group_count):
            mine = (written[number % len(written)], written[(number + 1) % len(written)])
            _commit(admin, f"group-{number:04d}", mine, number % 3)


def _wrote(admin: KafkaConnection, topic: str) -> bool:
    try:
        for _ in range(2):
            admin.produce_one(topic, None, b"x" * 200)
    except Exception:
        return False
    return True


def _commit(admin: KafkaConnection, group: str, topics: Sequence[str], offset: int) -> None:
    """Commit without joining, to the only broker, after its coordinator has been asked for once."""
    from kafka.protocol.consumer import OffsetCommitRequest
    from kafka.protocol.metadata import FindCoordinatorRequest

    topic = OffsetCommitRequest.OffsetCommitRequestTopic
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,
        member_id="",
        group_instance_id=None,
        topics=[
            topic(
                name=name,
                partitions=[
                    topic.OffsetCommitRequestPartition(
                        partition_index=0,
                        committed_offset=offset,
                        committed_leader_epoch=-1,
                        committed_metadata="",
                    )
                ],
            )
            for name in topics
        ],
        min_version=2,
        max_version=8,
    )

    def done() -> bool:
        answer = admin.ask(request, 1)
        if all(each.error_code == 0 for found in answer.topics for each in found.partitions):
            return True
        admin.ask(FindCoordinatorRequest(key=group, key_type=0, coordinator_keys=[group]))
        return False

    admin.clock.wait_until(done, 60)


def _measure_topics(service: Service, runs: int, count: int) -> None:
    figures, shorter, cpu = _beside(
        service,
        runs,
        ["topic", "list"],
        [TOPIC_TOOL, "--describe"],
        topic_looks.look,
        lambda text: text.count("topic-"),
        count,
    )
    report(
        "topics",
        f"{count} topics, one broker, SASL_SSL; whole processes in turn",
        figures,
        {
            "topic list, s": (figures[0].median, 1.5),
            "topic list / kafka-topics --describe": (shorter, 1 / 4),
            "the same, CPU": (cpu, None),
        },
    )


def _measure_groups(service: Service, runs: int, count: int) -> None:
    figures, shorter, cpu = _beside(
        service,
        runs,
        ["group", "list"],
        [GROUP_TOOL, "--all-groups", "--describe"],
        groups.look,
        lambda text: len({line.split()[0] for line in text.splitlines() if line.startswith("group-")}),
        count,
    )
    report(
        "groups",
        f"{count} groups on two topics each, lag in time too; one broker, SASL_SSL; whole processes in turn",
        figures,
        {
            "group list / kafka-consumer-groups --all-groups --describe": (shorter, None),
            "the same, CPU": (cpu, None),
        },
    )


def _beside(
    service: Service,
    runs: int,
    words: Sequence[str],
    tool: Sequence[str],
    look: Callable[[KafkaConnection], object],
    count: Callable[[str], int],
    expected: int,
) -> tuple[list[Figure], float, float]:
    """Time both in turn, check that both name all of it, and time ours in this process.

    Returns
    -------
    figures, wall, cpu
        Ours over theirs, by wall time and by the time of the CPU that the processes themselves took.
    """
    node = service.node
    lines = {
        f"prompt-kafka {' '.join(words)}": service.words(*words),
        f"{tool[0].rpartition('.')[2]} {' '.join(tool[1:])}": _tool(service, *tool),
    }
    wall: dict[str, list[float]] = {name: [] for name in lines}
    cpu: dict[str, list[float]] = {name: [] for name in lines}
    warm: list[float] = []
    for run in range(runs + 1):
        for name, line in lines.items():
            began, used = time.monotonic(), _used()
            text = subprocess.run(line, env=service.env, check=True, capture_output=True, text=True).stdout
            if run:
                wall[name].append(time.monotonic() - began)
                cpu[name].append(_used() - used)
            found = count(text)
            if found < expected:
                raise AssertionError(f"{line[-2:]} names {found} of {expected}")
    sasl = Sasl(READER, PASSWORD)
    with KafkaConnection([node.external], tls=node.tls, sasl=sasl, read_only=True, timeout=30) as connection:
        for run in range(runs + 1):
            began = time.monotonic()
            look(connection)
            if run:
                warm.append(time.monotonic() - began)
    walls = [Figure(name, "s", tuple(wall[name])) for name in lines]
    cpus = [Figure(f"{name}, CPU", "s", tuple(cpu[name])) for name in lines]
    once = Figure(f"prompt-kafka {' '.join(words)}, in one process", "s", tuple(warm))
    return (
        [*walls, *cpus, once],
        walls[0].median / walls[1].median,
        cpus[0].median / cpus[1].median,
    )


def _used() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tool(service: Service, main: str, *arguments: str) -> list[str]:
    """Return the command line of one of Kafka's tools, logged in as the reader."""
    node, kafka = service.node, distribution.kafka(KAFKA)
    settings = service.root / "tool.properties"
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    settings.write_text(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
        f'sasl.jaas.config={login} required username="{READER}" password="{PASSWORD}";\n'
        f"ssl.truststore.type=PEM\nssl.truststore.location={node.folder / 'ca.pem'}\n"
    )
    settings.chmod(0o600)
    logging = service.root / "log4j2.properties"
    logging.write_text("rootLogger.level=ERROR\n")
    flags = [*TOOL_FLAGS, f"-Dlog4j2.configurationFile={logging}"]
    where = ["--bootstrap-server", "{}:{}".format(*node.external), "--command-config", str(settings)]
    return [str(kafka.java), *flags, "-cp", kafka.classpath_text, main, *where, *arguments]
