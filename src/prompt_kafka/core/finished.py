"""*Really finished*: the one condition by which every procedure that touches Kafka is proved.

Argo CD's "Healthy" and a pod's "Ready" are not in here as proof: both stay green while a quorum is wedged.
Each clause stands alone, says what it saw, and answers "cannot tell" when it saw nothing; a state is
finished only when every clause says yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.objects import BROKER, CONTROLLER, Nodes
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.verdict import Answer, Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import Part, World

QUORUM_CAUGHT_UP_S = 2.0
"""A voter that was not caught up within this is behind: ``controller.quorum.fetch.timeout.ms``."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the condition and its verdict on a World."""

    name: str
    part: Part
    verdict: Verdict


def _observed(nodes: Nodes) -> Verdict:
    late = [
        f"{kind} {name}: generation {generation}, the operator has seen {observed}"
        for kind, name, generation, observed in (
            ("Kafka", nodes.kafka.name, nodes.kafka.generation, nodes.kafka.observed_generation),
            *(("pool", p.name, p.generation, p.observed_generation) for p in nodes.pools),
        )
        if observed < generation
    ]
    return judge(late, "the operator has seen the present generation")


def _ready(nodes: Nodes) -> Verdict:
    kafka = nodes.kafka
    if kafka.ready:
        return yes("Kafka resource Ready")
    reason = next((c for c in kafka.conditions if c.type == "NotReady"), None)
    return no(
        f"Kafka resource not Ready: {reason.reason}: {reason.message}"
        if reason
        else "Kafka resource not Ready"
    )


def _not_paused(nodes: Nodes) -> Verdict:
    return no("reconciliation is paused") if nodes.kafka.paused else yes("not paused")


def _pods(nodes: Nodes) -> Verdict:
    wanted = {name for pod_set in nodes.pod_sets for name, _, _ in pod_set.pods}
    expected = sum(pool.replicas for pool in nodes.pools)
    wrong = [f"{name} is missing" for name in sorted(wanted - {pod.name for pod in nodes.pods})]
    if len(wanted) < expected:
        wrong.append(f"{expected} nodes wanted, {len(wanted)} in the pod sets")
    for pod in nodes.pods:
        if pod.deleting:
            wrong.append(f"{pod.name} is stopping")
        elif not pod.ready:
            wrong.append(f"{pod.name} is not Ready{': ' + pod.why_not_ready if pod.why_not_ready else ''}")
    return judge(wrong, f"{len(nodes.pods)} of {expected} pods Ready")


def _revisions(nodes: Nodes) -> Verdict:
    wrong = []
    for pod_set in nodes.pod_sets:
        if pod_set.rolling:
            wrong.append(f"pod set {pod_set.name} still asks for a rolling update")
        for name, revision, version in pod_set.pods:
            pod = nodes.pod(name)
            if pod is None:
                continue
            if pod.rolling:
                wrong.append(f"{name} still asks to be restarted")
            if pod.revision != revision:
                wrong.append(f"{name} runs revision {pod.revision or '?'}, wanted {revision}")
            elif version and pod.kafka_version != version:
                wrong.append(f"{name} runs Kafka {pod.kafka_version}, wanted {version}")
    return judge(wrong, "every pod on its wanted revision")


def _version(nodes: Nodes) -> Verdict:
    kafka = nodes.kafka
    if kafka.wanted_version and kafka.version != kafka.wanted_version:
        return no(f"Kafka {kafka.version or '?'} in the status, {kafka.wanted_version} wanted")
    return yes(f"Kafka {kafka.version}")


def _led(world: World) -> Verdict:
    if world.quorum.known is None:
        return unknown(world.quorum)
    answers = world.quorum.known
    quorum = quorum_of(answers)
    silent = [f"{a.address}: {a.unreachable}" for a in answers if a.unreachable]
    if quorum is None:
        if answers and len(silent) == len(answers):
            return unknown(f"no controller answers ({silent[0]})")
        return no("no controller leads the quorum")
    followed = {a.leader_id for a in answers if not a.unreachable and a.leader_id is not None}
    if followed - {quorum.leader_id}:
        return no(f"controllers follow different leaders: {sorted(followed)}")
    return yes(f"controller {quorum.leader_id} leads, epoch {quorum.epoch}")


def _caught_up(world: World) -> Verdict:
    if world.quorum.known is None:
        return unknown(world.quorum)
    quorum = quorum_of(world.quorum.known)
    if quorum is None:
        return no("no controller leads the quorum")
    wrong = [
        f"controller {a.address} does not answer: {a.unreachable}"
        for a in world.quorum.known
        if a.unreachable
    ]
    wrong += [f"controller {i} is behind" for i in quorum.behind(within_s=QUORUM_CAUGHT_UP_S)]
    nodes = world.nodes.known
    if nodes is not None:
        missing = nodes.wanted_ids(CONTROLLER) - {voter.node_id for voter in quorum.voters}
        wrong += [f"controller {i} is not a voter" for i in sorted(missing)]
    return judge(wrong, f"{len(quorum.voters)} voters caught up")


def _registered(world: World) -> Verdict:
    cluster, nodes = world.cluster.known, world.nodes.known
    if cluster is None:
        return unknown(world.cluster)
    present = {broker.id: broker for broker in cluster.nodes}
    wanted = nodes.wanted_ids(BROKER) if nodes is not None else frozenset(present)
    wrong = [f"broker {i} is not registered" for i in sorted(wanted - present.keys())]
    wrong += [f"broker {b.id} is fenced" for b in cluster.nodes if b.fenced]
    return judge(wrong, f"{len(present)} brokers registered and unfenced")


def _partitions(world: World, name: str, wrong_of: Callable[[TopicState], tuple[object, ...]]) -> Verdict:
    topics = world.topics.known
    if topics is None:
        return unknown(world.topics)
    wrong = [str(partition) for topic in topics for partition in wrong_of(topic)]
    if wrong:
        return no(f"{len(wrong)} partitions {name}: {', '.join(wrong[:3])}{' …' if len(wrong) > 3 else ''}")
    return yes(f"0 of {sum(len(topic.partitions) for topic in topics)} partitions {name}")


def _lag(world: World, without: frozenset[str], idle: bool) -> Verdict:
    groups = world.groups.known
    if groups is None:
        return unknown(world.groups)
    by_id = {group.id: group for group in groups}
    wrong, within, unread = [], [], []
    for group_id, objective in world.lag_objectives.items():
        group = by_id.get(group_id)
        if group is None or group_id in without:
            continue
        if idle and not group.members:
            unread.append(group_id)
            continue
        if group.lag_s is None:
            return unknown(
                f"the lag of group {group_id} was not seen{': ' + group.unknown if group.unknown else ''}"
            )
        if group.lag_s > objective:
            wrong.append(f"group {group_id} is {group.lag_s:.0f} s behind, objective {objective:.0f} s")
        else:
            within.append(f"{group_id} {group.lag_s:.0f} s")
    if unread and not within:
        return judge(wrong, f"nobody reads in {', '.join(unread)}: lag left out")
    if within or not without:
        return judge(wrong, f"lag {', '.join(within)}" if within else "no group of the service has read yet")
    return judge(wrong, f"lag left out: {', '.join(sorted(without))}")


def _canary(world: World) -> Verdict:
    canary = world.canary.known
    if canary is None:
        return unknown(world.canary)
    if canary.failed:
        return no(f"canary: {canary.failed}")
    return yes(f"canary back in {canary.round_trip_ms:.0f} ms")


_OF_THE_OPERATOR = frozenset({"generation observed", "Kafka Ready", "not paused", "version"})
"""Clauses that only a running, unpaused operator can make true."""

_NODE_CLAUSES: tuple[tuple[str, Callable[[Nodes], Verdict]], ...] = (
    ("generation observed", _observed),
    ("Kafka Ready", _ready),
    ("not paused", _not_paused),
    ("pods Ready", _pods),
    ("pods on revision", _revisions),
    ("version", _version),
)


def clauses(
    world: World,
    *,
    canary: bool,
    without_groups: frozenset[str] = frozenset(),
    without_operator: bool = False,
    without_idle: bool = False,
) -> tuple[Clause, ...]:
    """Judge every clause of *really finished*.

    Parameters
    ----------
    world
        What was seen.
    canary
        Whether a canary message is part of it: a proof has one where the charts do, a look never writes.
    without_groups
        Groups whose lag is left out, because they were behind before the procedure began.
    without_operator
        Leave out what only a running, unpaused operator can make true.
    without_idle
        Leave out the lag of groups in which nobody reads.
    """
    nodes = world.nodes.known
    found = [
        Clause(name, Part.NODES, unknown(world.nodes) if nodes is None else judged(nodes))
        for name, judged in _NODE_CLAUSES
        if not (without_operator and name in _OF_THE_OPERATOR)
    ]
    found += [
        Clause("quorum led", Part.QUORUM, _led(world)),
        Clause("voters caught up", Part.QUORUM, _caught_up(world)),
        Clause("brokers registered", Part.CLUSTER, _registered(world)),
        Clause("none offline", Part.TOPICS, _partitions(world, "offline", lambda t: t.without_leader)),
        Clause(
            "none under min ISR",
            Part.TOPICS,
            _partitions(world, "under min ISR", lambda t: t.under_min_in_sync),
        ),
        Clause(
            "none under-replicated",
            Part.TOPICS,
            _partitions(world, "under-replicated", lambda t: t.under_replicated),
        ),
        Clause("lag within objective", Part.GROUPS, _lag(world, without_groups, without_idle)),
    ]
    if canary:
        found.append(Clause("canary", Part.CANARY, _canary(world)))
    return tuple(found)


def finished(
    world: World,
    *,
    canary: bool,
    without_groups: frozenset[str] = frozenset(),
    without_operator: bool = False,
    without_idle: bool = False,
) -> Verdict:
    """Return whether a service is really finished, with the clauses that are not met as the reason."""
    found = clauses(
        world,
        canary=canary,
        without_groups=without_groups,
        without_operator=without_operator,
        without_idle=without_idle,
    )
    unmet = [clause for clause in found if not clause.verdict.holds]
    if not unmet:
        return yes("; ".join(clause.verdict.because for clause in found))
    worst = next((clause for clause in unmet if clause.verdict.answer is Answer.NO), unmet[0])
    more = f" (and {len(unmet) - 1} more)" if len(unmet) > 1 else ""
    return Verdict(worst.verdict.answer, worst.verdict.because + more)
