"""The layer of the data: partitions, and the groups that read."""

from __future__ import annotations

from prompt_kafka.core.cause import WAITS, Cause, Kind
from prompt_kafka.core.diagnosis.evidence import Evidence, Found
from prompt_kafka.core.kafka import Group, Partition
from prompt_kafka.core.objects import BROKER


def partitions(evidence: Evidence, found: Found) -> None:
    """Find what is wrong with partitions and does not follow from a sick broker."""
    clauses = ("none offline", "none under min ISR", "none under-replicated")
    if found.cut:
        found.clauses.update(clauses)
        return
    away = found.brokers(evidence.nodes)
    here = evidence.nodes.wanted_ids(BROKER)
    offline: list[Partition] = []
    short: list[str] = []
    lagging: dict[int, int] = {}
    for topic in evidence.world.topics.known or ():
        minimum = topic.min_in_sync
        for partition in topic.partitions:
            missing = set(partition.replicas) - set(partition.in_sync)
            if partition.without_leader:
                if not set(partition.in_sync or partition.replicas) & away:
                    offline.append(partition)
                continue
            for broker in missing - away:
                if broker in here:
                    lagging[broker] = lagging.get(broker, 0) + 1
            if minimum is not None and minimum > len(partition.replicas):
                short.append(
                    f"{partition} needs {minimum} in sync and has {len(partition.replicas)} replicas"
                )
            elif strange := missing - here - away:
                short.append(
                    f"{partition} has a replica on broker {min(strange)}, which is not in the cluster"
                )
    if offline:
        names = tuple(str(p) for p in offline)
        last = sorted({b for p in offline for b in p.in_sync})
        what = f"{len(offline)} partitions are offline though their brokers run: {', '.join(names[:3])}" + (
            f"; last in sync: broker {', '.join(map(str, last))}" if last else ""
        )
        found.add(Cause(Kind.OFFLINE, names, what, evidence.command("cold-startup")))
    if short:
        names = tuple(text.split()[0] for text in short)
        what = f"{len(short)} partitions cannot have their in-sync replicas: {short[0]}"
        found.add(Cause(Kind.UNDER_MIN_ISR, names, what, evidence.command("topic list")))
    for broker, count in sorted(lagging.items()):
        pod = evidence.nodes.node(broker)
        name = pod.name if pod else f"broker {broker}"
        what = f"{name} catches up: its replicas are out of sync on {count} partitions; do not restart it"
        found.add(Cause(Kind.CATCHING_UP, (name,), what, evidence.watch))
    found.clauses.update(clauses)
    found.clauses.update(("brokers registered",) if away else ())
    if away or found.has(
        Kind.CONTROLLER_BEHIND, Kind.POD_FROZEN, Kind.POD_DOWN, Kind.RESTARTING, Kind.HOST_DOWN
    ):
        found.clauses.add("voters caught up")
    if _no_writes(evidence):
        found.cut = "partitions offline or under min ISR"


def _no_writes(evidence: Evidence) -> bool:
    topics = evidence.world.topics.known or ()
    return any(topic.without_leader or topic.under_min_in_sync for topic in topics)


def groups(evidence: Evidence, found: Found) -> None:
    """Find groups of the service that are behind, and whether they stopped or are slow."""
    known = {group.id: group for group in evidence.world.groups.known or ()}
    for group_id, objective in evidence.world.lag_objectives.items():
        group = known.get(group_id)
        lag = group.lag_s if group is not None else None
        if group is None or lag is None or lag <= objective:
            continue
        if not group.members:
            found.add(_stopped(evidence, group, lag, objective))
        elif not found.cut and not _a_broker_is_away(evidence, found):
            what = (
                f"group {group_id} is slow: {len(group.members)} members read, and are {lag:.0f} s behind "
                f"(objective {objective:.0f} s)"
            )
            found.add(Cause(Kind.GROUP_SLOW, (group_id,), what, evidence.command("group list")))
        found.clauses.add("lag within objective")


def _a_broker_is_away(evidence: Evidence, found: Found) -> bool:
    """Return whether a broker is away: its partitions and its groups' coordinators are moving."""
    return bool(found.brokers(evidence.nodes)) or any(c.kind in WAITS for c in found.causes)


def _stopped(evidence: Evidence, group: Group, lag: float, objective: float) -> Cause:
    what = (
        f"group {group.id} has stopped: no member reads, and its oldest unread message is {lag:.0f} s old "
        f"(objective {objective:.0f} s); start the service that reads in it"
    )
    return Cause(Kind.GROUP_STOPPED, (group.id,), what, evidence.command("group list"))
