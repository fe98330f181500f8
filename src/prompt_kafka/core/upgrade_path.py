"""The legal way from one pair of operator and Kafka to another, hop by hop; computed from the table alone.

A way is a chain of hops; each is legal where it is taken (:mod:`prompt_kafka.core.upgrade_hops`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count

from prompt_kafka.core.upgrade_hops import Hop, HopKind, Standing, refusal, taken
from prompt_kafka.core.versions import (
    RELEASES,
    compare,
    compare_metadata,
    full_metadata,
    key,
    line,
    metadata_level,
    metadata_of,
    release,
    supported,
)


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
