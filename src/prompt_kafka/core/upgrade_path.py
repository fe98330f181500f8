"""The legal way from one pair of operator and Kafka to another, hop by hop; computed from the table alone.

A hop is one thing that changes: Kafka, its metadata level, the operator, what the operator's definitions
store, Kubernetes. Each has its own rule, and a way is a chain of hops of which every one is legal where it is
taken. Source of the rules: :mod:`prompt_kafka.core.versions` and Strimzi's own checks.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import count

from prompt_kafka.core.versions import (
    RELEASES,
    can_lower_metadata,
    compare,
    compare_metadata,
    full_metadata,
    key,
    knows,
    line,
    metadata_level,
    metadata_of,
    release,
    supported,
)

CONVERSION = "bin/v1-api-conversion.sh"
"""Strimzi's own tool, shipped with 0.49 to 1.0: converts resources and what the definitions store."""


class HopKind(StrEnum):
    """What a hop changes."""

    KAFKA = "kafka"
    METADATA = "metadata"
    OPERATOR = "strimzi"
    DEFINITIONS = "definitions"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a cluster stands.

    Attributes
    ----------
    metadata
        The finalized metadata version, in full.
    stored
        API versions that the operator's definitions have stored (``status.storedVersions``).
    kubernetes
        Version of Kubernetes; empty where it was not seen, and then it forbids nothing.
    """

    operator: str
    kafka: str
    metadata: str
    stored: frozenset[str] = frozenset({"v1beta2"})
    kubernetes: str = ""

    @property
    def runs(self) -> bool:
        """The operator runs this Kafka; it does nothing for one that it does not."""
        return self.kafka in supported(self.operator)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a way."""

    kind: HopKind
    source: str
    target: str

    @property
    def rolls(self) -> bool:
        """Every Kafka pod restarts."""
        return self.kind in (HopKind.KAFKA, HopKind.OPERATOR)

    @property
    def irreversible(self) -> bool:
        """There is no way back: a higher metadata level, or definitions that store another version."""
        if self.kind is HopKind.METADATA:
            return metadata_level(self.target) > metadata_level(self.source)
        if self.kind is HopKind.OPERATOR:
            return release(self.target).stored != release(self.source).stored
        return self.kind is HopKind.DEFINITIONS

    @property
    def command(self) -> str:
        """What carries it out."""
        if self.kind is HopKind.DEFINITIONS:
            return f"{CONVERSION} convert-resource --all-namespaces, then {CONVERSION} crd-upgrade"
        if self.kind is HopKind.KUBERNETES:
            return f"the site's: Kubernetes {self.target} or newer"
        return f"prompt-kafka upgrade {self.kind} {self.target}"

    def __str__(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"


def refusal(at: Standing, hop: Hop) -> str:
    """Return why a hop is not legal there; empty when it is."""
    match hop.kind:
        case HopKind.KAFKA:
            return _kafka_refused(at, hop.target)
        case HopKind.METADATA:
            return _metadata_refused(at, hop.target)
        case HopKind.OPERATOR:
            return operator_refused(at, hop.target)
        case HopKind.DEFINITIONS:
            both = len(release(at.operator).served) > 1
            return "" if both else f"operator {at.operator} does not serve v1 and v1beta2 side by side"
        case HopKind.KUBERNETES:
            older = at.kubernetes and compare(hop.target, at.kubernetes) > 0
            return "" if older else f"Kubernetes is {at.kubernetes or 'not known'} already"


def _kafka_refused(at: Standing, target: str) -> str:
    versions = supported(at.operator)
    if target not in versions:
        return f"operator {at.operator} does not run Kafka {target}: it runs {', '.join(versions)}"
    rising = compare(at.kafka, target) < 0
    between = skipped(at.operator, at.kafka, target)
    if between:
        return f"Kafka {line(between)} lies between and operator {at.operator} runs it: take {between} first"
    if rising and not knows(at.operator, at.kafka) and key(at.operator) < (1,):
        return f"operator {at.operator} does not know Kafka {at.kafka}: upgrading from it works since 1.0.0"
    limit = at.kafka if rising else target
    if compare_metadata(at.metadata, metadata_of(limit)) > 0:
        return f"the metadata level is {at.metadata}, and Kafka {limit} reads none above {metadata_of(limit)}"
    return ""


def skipped(operator: str, source: str, target: str) -> str:
    """Return the version of a line between two Kafka versions that the operator runs; empty when none."""
    low, high = sorted((key(line(source)), key(line(target))))
    between = [each for each in supported(operator) if low < key(line(each)) < high]
    if not between:
        return ""
    rising = compare(source, target) < 0
    lines = [line(each) for each in between]
    nearest = lines[0] if rising else lines[-1]
    return [each for each in between if line(each) == nearest][-1]


def _metadata_refused(at: Standing, target: str) -> str:
    if compare_metadata(target, metadata_of(at.kafka)) > 0:
        return f"Kafka {at.kafka} has no metadata level above {metadata_of(at.kafka)}"
    if metadata_level(target) < metadata_level(at.metadata) and not can_lower_metadata(at.metadata, target):
        return (
            f"between {target} and {at.metadata} the form of the metadata records changed: "
            "Kafka cannot lower the level without losing metadata"
        )
    return ""


def operator_refused(at: Standing, target: str) -> str:
    """Return why the operator may not become `target` there; empty when it may."""
    new = release(target)
    if at.kafka not in new.kafka:
        return f"operator {target} would reject Kafka {at.kafka}: it runs {', '.join(new.kafka)}"
    if at.kubernetes and compare(at.kubernetes, new.kubernetes) < 0:
        return f"operator {target} needs Kubernetes {new.kubernetes} or newer, and this is {at.kubernetes}"
    lost = sorted(at.stored - set(new.served))
    if lost:
        return (
            f"the definitions have stored {', '.join(lost)}, which operator {target} does not serve: "
            "the API server would refuse its definitions"
        )
    return ""


def taken(at: Standing, hop: Hop) -> Standing:
    """Return where a cluster stands after a hop."""
    match hop.kind:
        case HopKind.KAFKA:
            return replace(at, kafka=hop.target)
        case HopKind.METADATA:
            return replace(at, metadata=full_metadata(hop.target))
        case HopKind.OPERATOR:
            # Its definitions are applied with it, and what they store is added to what was stored before.
            return replace(at, operator=hop.target, stored=at.stored | {release(hop.target).stored})
        case HopKind.DEFINITIONS:
            return replace(at, stored=frozenset({"v1"}))
        case HopKind.KUBERNETES:
            return replace(at, kubernetes=hop.target)


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a cluster is to get; what is empty may be anything."""

    operator: str = ""
    kafka: str = ""
    metadata: str = ""

    def met(self, at: Standing) -> bool:
        """Return whether a cluster is there."""
        return (
            self.operator in ("", at.operator)
            and self.kafka in ("", at.kafka)
            and (not self.metadata or full_metadata(self.metadata) == at.metadata)
            and at.runs
        )


def way(start: Standing, goal: Goal) -> tuple[Hop, ...] | None:
    """Return the shortest legal way to a goal, None when there is none.

    Fewer restarts come first, then the newest patch of each line; nothing goes back that need not.
    """
    return ways(start, (goal,))[goal]


def ways(start: Standing, goals: Iterable[Goal]) -> dict[Goal, tuple[Hop, ...] | None]:
    """Return the shortest legal way to each of several goals, found in one search."""
    found: dict[Goal, tuple[Hop, ...] | None] = dict.fromkeys(goals)
    left = list(found)
    levels = _levels(start, left)
    tie = count()
    queue: list[tuple[int, int, Standing, tuple[Hop, ...]]] = [(0, next(tie), start, ())]
    done: set[Standing] = set()
    while queue and left:
        cost, _, at, hops = heapq.heappop(queue)
        if at in done:
            continue
        done.add(at)
        for goal in [each for each in left if each.met(at)]:
            found[goal] = _late(hops)
            left.remove(goal)
        for hop in _hops(at, levels):
            if not refusal(at, hop) and (after := taken(at, hop)) not in done:
                heapq.heappush(queue, (cost + _cost(hop), next(tie), after, (*hops, hop)))
    return found


def _levels(start: Standing, goals: Iterable[Goal]) -> frozenset[str]:
    """Return the metadata levels that a way may go to: those asked for, and those that a way back needs."""
    wanted = set()
    for goal in goals:
        if goal.metadata:
            wanted.add(full_metadata(goal.metadata))
        if goal.kafka and compare_metadata(start.metadata, metadata_of(goal.kafka)) > 0:
            wanted.add(metadata_of(goal.kafka))
    return frozenset(wanted)


def _late(hops: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """Return the way with what only prepares an operator put right before that operator.

    What the definitions store comes last before it: whoever syncs the old operator again undoes that.
    """
    found: list[Hop] = []
    waiting: list[Hop] = []
    for hop in hops:
        if hop.kind in (HopKind.DEFINITIONS, HopKind.KUBERNETES):
            waiting.append(hop)
        else:
            if hop.kind is HopKind.OPERATOR:
                found += waiting
                waiting = []
            found.append(hop)
    return (*found, *waiting)


def _hops(at: Standing, levels: frozenset[str]) -> Iterator[Hop]:
    for version in supported(at.operator):
        if version != at.kafka:
            yield Hop(HopKind.KAFKA, at.kafka, version)
    for each in reversed(RELEASES):
        if each.version != at.operator:
            yield Hop(HopKind.OPERATOR, at.operator, each.version)
    if len(release(at.operator).served) > 1 and at.stored != {"v1"}:
        yield Hop(HopKind.DEFINITIONS, "+".join(sorted(at.stored)), "v1")
    if at.kubernetes:
        for minimum in sorted({each.kubernetes for each in RELEASES}, key=key):
            if compare(minimum, at.kubernetes) > 0:
                yield Hop(HopKind.KUBERNETES, at.kubernetes, minimum)
    for level in sorted(levels - {at.metadata}):
        yield Hop(HopKind.METADATA, at.metadata, level)


_WEIGHTS = {
    HopKind.KAFKA: 10,
    HopKind.METADATA: 5,
    HopKind.OPERATOR: 12,
    HopKind.DEFINITIONS: 5,
    HopKind.KUBERNETES: 30,
}
_BACK = 40
"""What going back costs besides: nobody goes back who need not."""


@cache
def _cost(hop: Hop) -> int:
    weight = _WEIGHTS[hop.kind]
    if hop.kind is HopKind.KAFKA:
        back = compare(hop.target, hop.source) < 0
        behind = _newer_in_line(hop.target, {each for r in RELEASES for each in r.kafka})
    elif hop.kind is HopKind.OPERATOR:
        back = compare(hop.target, hop.source) < 0
        behind = _newer_in_line(hop.target, {each.version for each in RELEASES})
        behind += sum(compare(hop.target, r.version) < 0 < compare(hop.source, r.version) for r in RELEASES)
    elif hop.kind is HopKind.METADATA:
        back, behind = metadata_level(hop.target) < metadata_level(hop.source), 0
    else:
        back, behind = False, 0
    return 100 * (weight + _BACK * back) + behind


def _newer_in_line(version: str, versions: set[str]) -> int:
    return sum(line(each) == line(version) and compare(each, version) > 0 for each in versions)


def onward(at: Standing) -> tuple[tuple[str, tuple[Hop, ...] | None], ...]:
    """Return the Kafka versions from here on with the way to each: what ``upgrade kafka`` shows.

    The newest of each line, and the newest of each line that the present operator runs; where it runs not
    even the present one, that one too.
    """
    every = sorted({each for r in RELEASES for each in r.kafka}, key=key)
    own = supported(at.operator)
    newest = {*{line(each): each for each in every}.values(), *{line(each): each for each in own}.values()}
    goals = [Goal(kafka=v) for v in sorted(newest, key=key) if compare(v, at.kafka) > 0]
    return tuple((goal.kafka, hops) for goal, hops in ways(at, goals).items())
