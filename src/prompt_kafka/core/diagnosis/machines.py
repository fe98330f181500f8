"""The first layer: is there power, and does the Kubernetes API answer at all?"""

from __future__ import annotations

from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.diagnosis.evidence import Evidence, Found
from prompt_kafka.core.objects import Pod
from prompt_kafka.core.world import World

EVERYTHING = (
    "pods Ready",
    "Kafka Ready",
    "quorum led",
    "voters caught up",
    "brokers registered",
    "none under-replicated",
    "none under min ISR",
    "none offline",
    "lag within objective",
)
_LOST = ("NodeNotReady", "NodeLost", "NodeStatusUnknown", "NodeShutdown")


def unreachable(world: World) -> Cause:
    """Return the cause of a World in which the Kubernetes API did not answer."""
    target = world.target
    return Cause(
        Kind.API_UNREACHABLE,
        (target.context,),
        f"the Kubernetes API of context {target.context} does not answer: {world.unreachable}",
        world.environment.bring_back or f"prompt-kafka doctor -e {target.environment}",
        ("nothing can be said about Kafka; it may well be running",),
    )


def another_cluster(world: World) -> Cause:
    """Return the cause of a cluster that is not the pinned one."""
    target = world.target
    return Cause(
        Kind.ANOTHER_CLUSTER,
        (target.cluster_id,),
        f"this is cluster {target.cluster_id}, not {target.pinned_id} as pinned: "
        "a wrong context, or a cluster that was made anew",
        f"prompt-kafka doctor -e {target.environment}",
        ("nothing is changed here until context or pin is right",),
    )


def shut_down(evidence: Evidence) -> Cause | None:
    """Return that the service was shut down on purpose; None when it was not."""
    record, nodes = evidence.world.shutdown.known, evidence.nodes
    if record is None or not record.waits or not nodes.kafka.paused or nodes.pods:
        return None
    return Cause(
        Kind.SHUT_DOWN,
        (nodes.kafka.name,),
        f"it was shut down on purpose at {record.at:%Y-%m-%d %H:%M} UTC; its volumes and a record are there",
        evidence.command("cold-startup"),
        ("nothing runs, by intent: reconciliation is paused and every pod is gone",),
    )


def machines(evidence: Evidence, found: Found) -> None:
    """Find machines without power, and say what was on them."""
    nodes = evidence.nodes
    hit = [pod for pod in nodes.pods if evidence.on_down_host(pod) or _lost(evidence, pod)]
    if not hit:
        return
    names = tuple(pod.name for pod in hit)
    if len(hit) == len(nodes.pods):
        count = len(evidence.down)
        found.add(
            Cause(
                Kind.POWER_LOSS,
                tuple(sorted(evidence.down)),
                f"power loss: all {len(hit)} Kafka pods are down with their machines"
                + (f" ({count} machines not Ready)" if count else ""),
                evidence.command("cold-startup"),
                ("no quorum, no broker, no data, until the machines are back",),
            ),
            pods=names,
            clauses=EVERYTHING,
        )
        found.cut = "power loss"
        return
    for host in sorted({pod.host for pod in hit}):
        on_it = tuple(pod.name for pod in hit if pod.host == host)
        found.add(
            Cause(
                Kind.HOST_DOWN,
                (host, *on_it),
                f"machine {host or '?'} is down, and with it {', '.join(on_it)}",
                evidence.kubectl(f"describe node {host}", ""),
                ("its pods come back with it; their replicas catch up by themselves",),
            ),
            pods=on_it,
            clauses=("pods Ready",),
        )


def _lost(evidence: Evidence, pod: Pod) -> bool:
    """Return whether a pod itself says that its machine is gone, where machines may not be looked at."""
    return evidence.world.hosts.known is None and any(word in pod.why_not_ready for word in _LOST)
