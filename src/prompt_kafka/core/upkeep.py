"""What wears out by itself: certificates that end, volumes that fill; and the dates they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prompt_kafka.core.kafka import TopicState

RENEWAL_DAYS = 30
"""So long before its end Strimzi renews a certificate, unless the Kafka resource says otherwise."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that Strimzi renews, which restarts the nodes.

    Attributes
    ----------
    name
        What it is, for people: ``cluster CA``, ``clients CA``, or a node's name.
    ends
        Its last moment.
    renewal_days
        So long before that moment the operator renews it.
    unmanaged
        It is the user's own: nothing renews it.
    """

    name: str
    ends: datetime
    renewal_days: int = RENEWAL_DAYS
    unmanaged: bool = False

    @property
    def renewed(self) -> datetime:
        """The moment from which on the operator renews it, at its next reconciliation."""
        return self.ends - timedelta(days=self.renewal_days)


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume of one broker, as the broker reports it.

    Attributes
    ----------
    total, usable
        Bytes; None where the broker does not tell.
    logs
        Bytes of all its replicas.
    growth
        Bytes a second by which the logs grow now; None when that was not seen.
    at_retention
        Bytes of the logs once every topic has kept messages for as long as it may; None when unknown, or
        when a topic keeps them for ever.
    """

    broker: int
    total: int | None
    usable: int | None
    logs: int
    growth: float | None = None
    at_retention: int | None = None

    @property
    def free(self) -> float | None:
        """The share that is free, None when unknown."""
        return None if not self.total or self.usable is None else self.usable / self.total

    @property
    def days_left(self) -> float | None:
        """Days until it is full at the present growth; None when unknown, or when retention ends it before.

        What is full is a volume without a usable byte. The logs stop growing at `at_retention`: where that
        fits, the volume never fills.
        """
        if self.usable is None or self.growth is None or self.growth <= 0:
            return None
        if self.at_retention is not None and self.at_retention - self.logs <= self.usable:
            return None
        return self.usable / self.growth / 86400


@dataclass(frozen=True, slots=True)
class Disk:
    """What a broker tells of its volume.

    Attributes
    ----------
    total, usable
        Bytes; None where it does not tell.
    sizes
        Bytes of each of its replicas, by topic and partition.
    """

    total: int | None
    usable: int | None
    sizes: Mapping[tuple[str, int], int]


YOUNG_S = 3600.0
"""From a younger log no rate is taken: a burst of minutes says nothing about days."""
STEADY = 0.95
"""A log whose oldest record has reached this share of its retention time has stopped growing."""


def forecast(
    disks: Mapping[int, Disk], ages: Mapping[tuple[str, int], float], topics: Sequence[TopicState]
) -> tuple[Volume, ...]:
    """Return each broker's volume with its growth, by the age and the retention of its logs.

    A log that deletes by age grows by its size over its age until its oldest record is as old as its
    retention time, and then stays: so it ends at its size times retention over age. A limit by bytes ends it
    before. A compacted log is taken for steady, and so is one whose age was not read (the small ones). Where
    a growing log is kept for ever, there is no end.

    Parameters
    ----------
    disks
        By broker.
    ages
        Age in seconds of the oldest record, by topic and partition, of the logs for which it was read.
    topics
        With their settings.
    """
    settings = {topic.name: topic.settings for topic in topics}
    return tuple(_volume(broker, disk, ages, settings) for broker, disk in sorted(disks.items()))


def _volume(
    broker: int,
    disk: Disk,
    ages: Mapping[tuple[str, int], float],
    settings: Mapping[str, Mapping[str, str]],
) -> Volume:
    logs = sum(disk.sizes.values())
    growth, end, known = 0.0, 0.0, False
    for place, size in disk.sizes.items():
        age, topic = ages.get(place, 0.0), settings.get(place[0], {})
        if age < YOUNG_S or topic.get("cleanup.policy", "delete") != "delete":
            end += size
            continue
        known = True
        retention = float(topic.get("retention.ms", -1)) / 1000
        limit = float(topic.get("retention.bytes", -1))
        final = size * max(1.0, retention / age) if retention > 0 else float("inf")
        final = min(final, max(limit, size)) if limit > 0 else final
        if final > size / STEADY:
            growth += size / age
        end += final
    if not known:
        return Volume(broker, disk.total, disk.usable, logs)
    return Volume(broker, disk.total, disk.usable, logs, growth, None if end == float("inf") else int(end))
