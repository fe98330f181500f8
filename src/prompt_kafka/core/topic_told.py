"""Topics in words and as data, the same for the command and for pages. The keys of the data stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from prompt_kafka.core.amounts import bound, rate_text, size_text
from prompt_kafka.core.codec import Json
from prompt_kafka.core.durations import age
from prompt_kafka.core.kafka import Partition
from prompt_kafka.core.topic_look import Amount, PartitionLook, TopicLook, TopicsLook
from prompt_kafka.core.upkeep import Volume

COLUMNS = ("TOPIC", "PARTITIONS", "COPIES", "SIZE", "MSG/S", "BYTES/S", "LAST WRITE", "KEPT", "STATE")

SORTS: Mapping[str, Callable[[TopicLook, float], float]] = {
    "name": lambda topic, seconds: 0.0,
    "size": lambda topic, seconds: -_value(topic.size),
    "records": lambda topic, seconds: -_value(topic.records),
    "rate": lambda topic, seconds: -_value(topic.rate(seconds)),
    "bytes": lambda topic, seconds: -_value(topic.byte_rate(seconds)),
    "last": lambda topic, seconds: -(topic.last_ms or 0),
    "partitions": lambda topic, seconds: -len(topic.partitions),
}
"""How topics can be sorted; the biggest, quickest, newest come first."""


def _value(amount: Amount | None) -> float:
    return -1.0 if amount is None else amount.value


def in_order(look: TopicsLook, by: str) -> list[TopicLook]:
    """Return the topics of a look, sorted."""
    return sorted(look.topics, key=lambda topic: (SORTS[by](topic, look.seconds), topic.name))


def row(topic: TopicLook, look: TopicsLook, now: datetime) -> tuple[str, ...]:
    """Return a topic's cells under `COLUMNS`, without the last: see `state`."""
    size, rate, flow = topic.size, topic.rate(look.seconds), topic.byte_rate(look.seconds)
    wanted = topic.state.min_in_sync
    return (
        topic.name,
        str(len(topic.partitions)),
        f"{topic.state.replication_factor} (min {'?' if wanted is None else wanted})",
        bound(size, size_text(size.value if size else 0)),
        bound(rate, rate_text(rate.value if rate else 0)),
        "" if flow is None and rate is not None else bound(flow, size_text(flow.value if flow else 0)),
        last_write(topic, now),
        kept(topic.state.settings),
    )


def state(topic: TopicLook) -> tuple[str, str]:
    """Return in what state a topic is, and how good that is: ``good``, ``bad`` or ``unsure``."""
    if topic.problems:
        return "; ".join(topic.problems), "bad"
    if topic.unknown:
        return f"in sync; unknown: {'; '.join(topic.unknown)}", "unsure"
    return "in sync", "good"


def last_write(topic: TopicLook, now: datetime) -> str:
    """Return how long ago the newest record is, by its own time."""
    if topic.last_ms is not None:
        return age(max(0.0, now.timestamp() - topic.last_ms / 1000))
    return "never" if topic.records and not topic.records.value and not topic.records.missing else "?"


def kept(settings: Mapping[str, str]) -> str:
    """Return how long a topic keeps its records, or that it compacts."""
    policy = settings.get("cleanup.policy")
    if policy is None:
        return "?"
    if policy == "compact":
        return "compacted"
    milliseconds = int(settings.get("retention.ms", "-1"))
    limit = int(settings.get("retention.bytes", "-1"))
    text = "for ever" if milliseconds < 0 else _duration(milliseconds)
    text += f", {size_text(limit)} a partition" if limit >= 0 else ""
    return f"compacted, {text}" if "compact" in policy else text


def _duration(milliseconds: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds >= size:
            return f"{milliseconds / size:g} {unit}"
    return f"{milliseconds} ms"


def volume_line(volume: Volume) -> str:
    """Return how full a broker's volume is, and in how many days it will be."""
    if volume.free is None or not volume.total or volume.usable is None:
        held = size_text(volume.logs)
        return f"broker {volume.broker}: {held} of logs; it does not tell how big its volume is"
    filled = f"{1 - volume.free:.0%} of {size_text(volume.total)} used, {size_text(volume.logs)} of it logs"
    if volume.days_left is not None:
        return f"broker {volume.broker}: {filled}; full in {volume.days_left:.0f} days at the present growth"
    if volume.growth is None:
        return f"broker {volume.broker}: {filled}; no log is old and big enough to tell when it is full"
    return f"broker {volume.broker}: {filled}; retention ends its growth before it is full"


def look_json(look: TopicsLook, topics: Sequence[TopicLook]) -> Json:
    """Return a look as what JSON can hold."""
    return {
        "topics": [topic_json(topic, look.seconds) for topic in topics],
        "volumes": [volume_json(volume) for volume in look.volumes],
        "rates_over_s": look.seconds,
        "user": look.user or None,
        "unknown": list(look.unknown),
    }


def topic_json(topic: TopicLook, seconds: float) -> Json:
    """Return one topic; ``incomplete`` names the numbers that are lower bounds, null are those not seen."""
    amounts = {
        "bytes": topic.size,
        "bytes_all_copies": topic.disk,
        "records": topic.records,
        "records_per_s": topic.rate(seconds),
        "bytes_per_s": topic.byte_rate(seconds),
    }
    return {
        "name": topic.name,
        "id": topic.state.topic_id,
        "internal": topic.state.internal,
        "replication_factor": topic.state.replication_factor,
        "min_in_sync": topic.state.min_in_sync,
        **{name: _number(amount) for name, amount in amounts.items()},
        "incomplete": [name for name, amount in amounts.items() if amount is not None and amount.missing],
        "last_write": None if topic.last_ms is None else _time(topic.last_ms),
        "problems": list(topic.problems),
        "unknown": list(topic.unknown),
        "settings": {
            name: topic.state.settings[name]
            for name in sorted(topic.state.overrides)
            if name in topic.state.settings
        },
        "partitions": [
            _partition_json(each, look)
            for each, look in zip(topic.state.partitions, topic.partitions, strict=True)
        ],
    }


def _partition_json(state: Partition, look: PartitionLook) -> Json:
    return {
        "partition": state.index,
        "leader": state.leader,
        "replicas": list(state.replicas),
        "in_sync": list(state.in_sync),
        "offline": list(state.offline),
        "start": look.start,
        "end": look.end,
        "bytes": look.size,
        "last_write": None if look.last_ms is None else _time(look.last_ms),
        "unknown": look.unknown or None,
    }


def volume_json(volume: Volume) -> Json:
    """Return one broker's volume."""
    return {
        "broker": volume.broker,
        "total": volume.total,
        "usable": volume.usable,
        "logs": volume.logs,
        "growth_per_s": volume.growth,
        "days_left": volume.days_left,
    }


def _number(amount: Amount | None) -> float | int | None:
    if amount is None:
        return None
    return int(amount.value) if float(amount.value).is_integer() else round(amount.value, 3)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
