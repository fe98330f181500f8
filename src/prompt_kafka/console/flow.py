"""The flow strip: who produces how much into which topic, and how far behind its readers are.

Rates are differences of end offsets between two looks: they count transaction markers too, and cost nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from prompt_kafka.core.kafka import Group
from prompt_kafka.core.world import World

OVER = timedelta(seconds=30)
"""A rate is the mean over so long, or since the console began to look."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A group that reads a topic.

    Attributes
    ----------
    lag_s
        Seconds behind; None when unknown.
    objective_s
        Seconds that it may be behind; None where nobody has said.
    """

    group: str
    state: str
    lag_s: float | None
    records: int
    objective_s: float | None

    @property
    def late(self) -> bool:
        """It is further behind than it may be."""
        return self.objective_s is not None and (self.lag_s is None or self.lag_s > self.objective_s)


@dataclass(frozen=True, slots=True)
class Lane:
    """A topic that is read.

    Attributes
    ----------
    rate
        Records per second that come in; None until two looks saw it.
    readers
        None of them while the topic's leader does not answer.
    """

    topic: str
    rate: float | None
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """All lanes, the service's own groups first.

    Attributes
    ----------
    because
        Why nothing is known; empty when it is.
    """

    lanes: tuple[Lane, ...] = ()
    because: str = ""


class Rates:
    """Remembers end offsets, and makes rates of them."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, dict[str, int]]] = deque()

    def flow(self, world: World) -> Flow:
        """Return the flow as one look shows it."""
        groups, at = world.groups.known, world.groups.at or world.at
        if groups is None:
            return Flow(because=world.groups.because)
        ends = _ends(groups)
        self._seen.append((at, ends))
        while self._seen[0][0] < at - OVER and len(self._seen) > 2:
            self._seen.popleft()
        began, before = self._seen[0]
        seconds = (at - began).total_seconds()
        rates = {
            topic: max(0, end - before[topic]) / seconds
            for topic, end in ends.items()
            if topic in before and seconds > 0
        }
        own = list(world.lag_objectives)
        lanes = [
            Lane(topic, rates.get(topic), _readers(topic, groups, world))
            for topic in ends.keys() | before.keys()
            if not topic.startswith("__")
        ]
        return Flow(tuple(sorted(lanes, key=lambda lane: (_rank(lane, own), lane.topic))))


def _rank(lane: Lane, own: list[str]) -> int:
    ranks = [own.index(reader.group) for reader in lane.readers if reader.group in own]
    return min(ranks, default=len(own))


def _ends(groups: tuple[Group, ...]) -> dict[str, int]:
    ends: dict[tuple[str, int], int] = {}
    for group in groups:
        for lag in group.lags:
            key = lag.topic, lag.partition
            ends[key] = max(ends.get(key, 0), lag.end)
    topics: dict[str, int] = {}
    for (topic, _), end in ends.items():
        topics[topic] = topics.get(topic, 0) + end
    return topics


def _readers(topic: str, groups: tuple[Group, ...], world: World) -> tuple[Reader, ...]:
    found = []
    for group in groups:
        lags = [lag for lag in group.lags if lag.topic == topic]
        if not lags:
            continue
        ages = [lag.age_s for lag in lags]
        known = [age for age in ages if age is not None]
        found.append(
            Reader(
                group.id,
                group.state.lower(),
                max(known, default=0.0) if len(known) == len(ages) else None,
                sum(lag.records for lag in lags),
                world.lag_objectives.get(group.id),
            )
        )
    return tuple(sorted(found, key=lambda reader: (reader.objective_s is None, reader.group)))
