"""What speaks against a shutdown: as risks to be told, and as refusals by their rules."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.world import World
from prompt_kafka.procedures import guards

ACCEPTABLE = ("snapshot-age", "producers", "reclaim-policy")
"""Rules over which a person may go, by naming them."""


def risks(world: World) -> Iterator[str]:
    """Yield what would be lost or at risk if the machines were switched off now, one sentence each."""
    for part, name in (
        (world.topics, "the partitions"),
        (world.claims, "the volumes"),
        (world.writes, "writes"),
    ):
        if part.because:
            yield f"cannot tell about {name}: {part.because}"
    written = world.writes.known or ()
    if written:
        yield (
            f"messages are being written to {', '.join(written)}: what brokers have not flushed yet is lost "
            "where all machines of a partition lose their power at once"
        )
    topics = world.topics.known or ()
    behind = [str(p) for topic in topics for p in topic.under_replicated]
    if behind:
        yield f"{len(behind)} partitions are not fully replicated: {', '.join(behind[:3])}"
    single = [topic.name for topic in topics if not topic.internal and topic.replication_factor < 2]
    if single:
        yield f"{', '.join(single[:3])} ha{'s' if len(single) == 1 else 've'} one copy only: nothing saves it"
    if world.quorum.known is not None and quorum_of(world.quorum.known) is None:
        yield "no controller leads the quorum: it is not well now"
    for claim in world.claims.known or ():
        if claim.delete_claim:
            yield f"volume claim {claim.name} is deleted with the cluster (deleteClaim: true)"
        elif claim.reclaim != "Retain":
            policy = claim.reclaim or "unknown"
            yield f"volume {claim.volume} goes with its claim {claim.name} (reclaim policy {policy})"
    nodes = world.nodes.known
    if nodes is not None and nodes.operator is not None and not nodes.operator.ready:
        yield "the cluster operator is not running: pods do not come back by themselves"
    yield "the age of the last snapshot is not known here"


def preflight(world: World, nodes: Nodes, accepted: tuple[str, ...]) -> None:
    """Refuse a graceful shutdown that could not be taken back, or that is not as it should be."""
    kafka = nodes.kafka
    if nodes.operator is None or not nodes.operator.ready:
        raise RefusedError(
            "operator-down",
            "the cluster operator is not running: nobody would acknowledge the pause",
            next="prompt-kafka status",
        )
    if kafka.paused:
        raise RefusedError(
            "paused",
            "reconciliation is paused already, and no shutdown record says why",
            where=f"Kafka {kafka.name}",
            next="find out who paused it",
        )
    busy = [p.name for p in nodes.pods if p.deleting or p.rolling] + [
        s.name for s in nodes.pod_sets if s.rolling
    ]
    if busy:
        raise RefusedError(
            "roll-under-way",
            f"a restart is under way: {', '.join(busy)}",
            next="watch it: prompt-kafka status -w",
        )
    guards.seen(
        world, ("the quorum", world.quorum), ("partitions", world.topics), ("the volumes", world.claims)
    )
    if quorum_of(world.quorum.known or ()) is None:
        raise RefusedError(
            "quorum-not-led",
            "no controller leads the quorum",
            next="mend it: prompt-kafka cold-startup",
        )
    _replicas(world, nodes)
    _volumes(world, accepted)
    if "producers" not in accepted:
        guards.seen(world, ("whether messages are written", world.writes))
        if world.writes.known:
            raise RefusedError(
                "producers",
                f"messages are being written to {', '.join(world.writes.known)}",
                next="stop the producers, or accept that theirs fail: --accept producers",
            )
    if "snapshot-age" not in accepted:
        raise RefusedError(
            "snapshot-age",
            "how old the last snapshot is cannot be told from here",
            next="look at it; then go on with --accept snapshot-age",
        )


def _replicas(world: World, nodes: Nodes) -> None:
    for topic in world.topics.known or ():
        for partition in topic.under_replicated:
            out = sorted(set(partition.replicas) - set(partition.in_sync))
            found = nodes.node(out[0])
            raise RefusedError(
                "isr-not-full",
                f"the replica of {partition} on {found.name if found else out[0]} is out of sync",
                where=f"in sync {list(partition.in_sync)} of {list(partition.replicas)}",
                next="mend that broker first: prompt-kafka status",
            )


def _volumes(world: World, accepted: tuple[str, ...]) -> None:
    for claim in world.claims.known or ():
        if claim.delete_claim:
            raise RefusedError(
                "delete-claim",
                f"volume claim {claim.name} is deleted with the cluster",
                where="deleteClaim: true in the node pool's storage",
                next="set deleteClaim to false, and deploy that first",
            )
        if claim.phase != "Bound" or claim.deleting:
            raise RefusedError(
                "delete-claim",
                f"volume claim {claim.name} is {claim.phase or 'going'}",
                next="mend that first",
            )
        if claim.reclaim != "Retain" and "reclaim-policy" not in accepted:
            raise RefusedError(
                "reclaim-policy",
                f"volume {claim.volume or claim.name} does not outlive its claim: reclaim policy "
                f"{claim.reclaim or 'unknown'}",
                next="patch the volumes to Retain, or go on with --accept reclaim-policy",
            )
