"""What a look at topics shows: sizes, rates, settings with their origin, and what could not be seen.

A number of which a part could not be seen is a lower bound (`Amount.missing`); one of which nothing could be
seen is None. Neither is ever shown as zero.

Rates are taken from offsets by time: each leader says at which offset the last minutes began, so one
question tells records per second without waiting. It counts offsets, so markers of transactions and aborted
records count too, and it trusts the records' times. Bytes per second are that rate times the mean size of an
offset in the partition's log, compressed as it lies on the disk: a mean over all that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.upkeep import Volume

ORIGINS: Mapping[int, str] = {
    1: "topic",
    2: "broker",
    3: "all brokers",
    4: "broker file",
    5: "default",
    6: "broker logger",
    7: "client metrics",
    8: "group",
}
"""Where a setting comes from, by Kafka's number of its source."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over partitions.

    Attributes
    ----------
    value
        Of the partitions that were seen.
    missing
        How many were not: the true value is not below `value`.
    """

    value: float
    missing: int = 0


@dataclass(frozen=True, slots=True)
class PartitionLook:
    """One partition.

    Attributes
    ----------
    start, end
        First offset, and the one after the last; None where the leader did not tell.
    size
        Bytes of the biggest copy that was seen; None where none was.
    disk
        Bytes of all copies that were seen.
    since
        First offset of the time over which the rate is taken; `end` where nothing was written in it.
    last_ms
        The newest time of a record; None where there is no record, or it was not told.
    unknown
        Why offsets are missing.
    """

    index: int
    start: int | None = None
    end: int | None = None
    size: int | None = None
    disk: int = 0
    since: int | None = None
    last_ms: int | None = None
    unknown: str = ""

    @property
    def records(self) -> int | None:
        """Offsets that it holds."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def written(self) -> int | None:
        """Offsets that were written in the time over which the rate is taken."""
        if self.end is None or self.since is None or self.start is None:
            return None
        return max(0, self.end - max(self.since, self.start))

    @property
    def written_bytes(self) -> float | None:
        """Bytes that those are, by the mean size of an offset."""
        if self.written == 0:
            return 0.0
        if self.written is None or self.size is None or not self.records:
            return None
        return self.written * self.size / self.records


@dataclass(frozen=True, slots=True)
class TopicLook:
    """One topic.

    Attributes
    ----------
    origins
        Where each of its settings comes from.
    settings_unknown
        Why its settings could not be read.
    """

    state: TopicState
    partitions: tuple[PartitionLook, ...]
    origins: Mapping[str, str] = field(default_factory=dict, hash=False)
    settings_unknown: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.state.name

    @property
    def size(self) -> Amount | None:
        """Bytes of one copy of each partition."""
        return _sum([each.size for each in self.partitions])

    @property
    def disk(self) -> Amount | None:
        """Bytes of all copies, on all brokers."""
        whole = _sum([each.size for each in self.partitions])
        return None if whole is None else Amount(sum(each.disk for each in self.partitions), whole.missing)

    @property
    def records(self) -> Amount | None:
        """Offsets that it holds."""
        return _sum([each.records for each in self.partitions])

    @property
    def last_ms(self) -> int | None:
        """The newest time of a record, as far as was seen; None where there is none."""
        return max((each.last_ms for each in self.partitions if each.last_ms is not None), default=None)

    def rate(self, seconds: float) -> Amount | None:
        """Return records per second over the time of the look."""
        return _per(_sum([each.written for each in self.partitions]), seconds)

    def byte_rate(self, seconds: float) -> Amount | None:
        """Return bytes per second, one copy of each; None where compaction makes the mean size say little."""
        if "compact" in self.state.settings.get("cleanup.policy", ""):
            return None
        return _per(_sum([each.written_bytes for each in self.partitions]), seconds)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with its partitions."""
        return problems(self.state)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be seen of it, each once."""
        offsets = {each.unknown for each in self.partitions if each.unknown}
        settings = {f"settings: {self.settings_unknown}"} if self.settings_unknown else set()
        return tuple(sorted(offsets | settings))


@dataclass(frozen=True, slots=True)
class TopicsLook:
    """The topics of a cluster, those that were asked for.

    Attributes
    ----------
    seconds
        The time over which rates are taken.
    volumes
        The disks of the brokers that told.
    user
        As whom was looked; empty where the listener asks for none.
    unknown
        What could not be seen, in sentences.
    """

    topics: tuple[TopicLook, ...]
    seconds: float
    volumes: tuple[Volume, ...] = ()
    user: str = ""
    unknown: tuple[str, ...] = ()


def problems(topic: TopicState) -> tuple[str, ...]:
    """Say what is wrong with a topic's partitions."""
    found = (
        (topic.without_leader, "without leader"),
        (topic.under_min_in_sync, "refusing writes (under min in sync)"),
        (topic.under_replicated, "under-replicated"),
    )
    return tuple(f"{len(partitions)} {text}" for partitions, text in found if partitions)


def _sum(values: Sequence[float | None]) -> Amount | None:
    known = [value for value in values if value is not None]
    return Amount(sum(known), len(values) - len(known)) if known or not values else None


def _per(amount: Amount | None, seconds: float) -> Amount | None:
    return None if amount is None else Amount(amount.value / seconds, amount.missing)
