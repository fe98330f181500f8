"""From a World to causes: what is wrong, what it explains, and the command that mends it.

Layer by layer from the ground up. A layer that finds a cause notes what follows from it, and the layers above
are silent about that: a frozen broker explains its under-replicated partitions, a machine without power
everything on it. What no cause explains is said as it was seen, and what could not be seen is said too.
"""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.diagnosis import data, delivery, machines, operators, pods, upkeep
from prompt_kafka.core.diagnosis.evidence import Evidence, Found, evidence_of
from prompt_kafka.core.finished import Clause
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import Part, World

__all__ = ["Cause", "Kind", "diagnose"]

_LAYERS = (
    machines.machines,
    operators.cluster_operator,
    pods.pods,
    operators.rolls,
    operators.entity_operator,
    data.partitions,
    upkeep.volumes,
    upkeep.certificates,
    data.groups,
    delivery.resources,
    delivery.applications,
)

_DATA = (Part.CLUSTER, Part.TOPICS, Part.GROUPS)


def diagnose(world: World, clauses: Iterable[Clause]) -> tuple[Cause, ...]:
    """Return the causes, the most urgent first.

    Parameters
    ----------
    world
        What was seen.
    clauses
        The clauses of "really finished", judged on it.
    """
    if world.unreachable:
        return (machines.unreachable(world),)
    judged = tuple(clauses)
    found = Found()
    if world.target.is_another_cluster:
        found.add(machines.another_cluster(world))
    nodes = world.nodes.known
    evidence = None
    if nodes is not None:
        evidence = evidence_of(world, nodes)
        if (purpose := machines.shut_down(evidence)) is not None:
            return (purpose,)
        for layer in _LAYERS:
            layer(evidence, found)
    found.causes = _together(found.causes)
    _unexplained(world, judged, found)
    _not_seen(world, judged, evidence, found)
    return tuple(sorted(found.causes, key=lambda cause: cause.kind.rank))


def _together(causes: list[Cause]) -> list[Cause]:
    """Make one cause of pods that restart by themselves: whoever reads it waits for all of them."""
    several = [cause for cause in causes if cause.kind is Kind.RESTARTING]
    if len(several) < 2:
        return causes
    names = tuple(name for cause in several for name in cause.objects)
    _, _, why = several[0].what.partition(": ")
    what = f"{', '.join(names)}: {len(names)} pods are on their way back ({names[0]} {why})"
    follows = tuple(dict.fromkeys(text for cause in several for text in cause.follows))
    one = Cause(Kind.RESTARTING, names, what, several[0].mend, follows)
    return [*(cause for cause in causes if cause not in several), one]


_KIND_OF = {
    "quorum led": Kind.QUORUM_WEDGED,
    "voters caught up": Kind.CONTROLLER_BEHIND,
    "brokers registered": Kind.BROKER_FENCED,
    "none offline": Kind.OFFLINE,
    "none under min ISR": Kind.UNDER_MIN_ISR,
    "none under-replicated": Kind.CATCHING_UP,
    "lag within objective": Kind.GROUP_SLOW,
    "pods Ready": Kind.POD_DOWN,
    "pods on revision": Kind.ROLL_UNDER_WAY,
}


def _unexplained(world: World, clauses: tuple[Clause, ...], found: Found) -> None:
    """Say each clause that does not hold and that no cause explains; silence would be a false green."""
    for clause in clauses:
        if clause.verdict.answer is Answer.NO and clause.name not in found.clauses:
            found.add(
                Cause(
                    _KIND_OF.get(clause.name, Kind.OPERATOR_BEHIND),
                    (clause.name,),
                    f"{clause.name}: {clause.verdict.because}",
                    f"prompt-kafka status -w -e {world.target.environment}",
                )
            )


def _not_seen(world: World, clauses: tuple[Clause, ...], evidence: Evidence | None, found: Found) -> None:
    """Say what could not be seen, once for each reason, unless a cause says why nobody answers."""
    reasons: dict[str, list[str]] = {}
    silent = bool(found.cut) or (evidence is not None and bool(found.brokers(evidence.nodes)))
    for clause in clauses:
        if clause.verdict.answer is not Answer.UNKNOWN:
            continue
        if (clause.part in _DATA and silent) or (clause.part is Part.QUORUM and found.cut):
            continue
        reasons.setdefault(clause.verdict.because.removeprefix("unknown, because "), []).append(clause.name)
    for because, names in reasons.items():
        what = f"cannot tell ({', '.join(names)}): {because}"
        mend = f"prompt-kafka doctor -e {world.target.environment}"
        found.add(Cause(Kind.NOT_SEEN, tuple(names), what, mend))
