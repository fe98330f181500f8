"""Retention is a number in the unit that its name says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.cluster import is_broker, pools_of
from prompt_kafka.checks.finding import About, Finding, SetScalar, Severity
from prompt_kafka.checks.locating import field
from prompt_kafka.checks.subject import CheckInput, Item, Path, at, mapping, number, sequence

ABOUT = About(
    "retention",
    Severity.ERROR,
    "Retention without a number, in the wrong unit, or that something else outdoes",
    "Kafka takes plain numbers: text with a unit is refused, and two weeks in seconds are twenty minutes in "
    "milliseconds: messages are gone before anybody has read them.",
    "Kafka topic configuration retention.ms, broker configuration log.retention.*",
    "write the number in the unit of the name (retention.ms: 1209600000 is 14 days)",
    fixes=True,
)

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_NAMES = {
    "retention.ms": 1, "delete.retention.ms": 1, "local.retention.ms": 1, "log.retention.ms": 1,
    "log.retention.minutes": 60_000, "log.retention.hours": 3_600_000,
    "offsets.retention.minutes": 60_000,
}  # fmt: skip
_WINS = ("log.retention.ms", "log.retention.minutes", "log.retention.hours")
_HOUR, _YEAR = 3_600_000, 365 * 86_400_000


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at the configuration of topics and clusters."""
    for topic in subject.of("KafkaTopic"):
        yield from _config(subject, topic, mapping(topic.spec.get("config")), ("spec", "config"))
    for kafka in subject.of("Kafka"):
        path = ("spec", "kafka", "config")
        config = mapping(mapping(kafka.spec.get("kafka")).get("config"))
        yield from _config(subject, kafka, config, path)
        yield from _outdone(subject, kafka, config)
        yield from _bytes(
            subject, kafka, config.get("log.retention.bytes"), (*path, "log.retention.bytes"), kafka.name
        )
    for topic in subject.of("KafkaTopic"):
        path = ("spec", "config", "retention.bytes")
        yield from _bytes(subject, topic, at(topic.manifest, *path), path, topic.cluster)


def _config(subject: CheckInput, item: Item, config: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for name, unit in _NAMES.items():
        value = config.get(name)
        if value is None:
            continue
        origin = field(subject, item, *path, name)
        amount = number(value)
        if amount is None:
            found = re.fullmatch(r"(\d+)\s*([a-z]+)", str(value).strip().lower())
            meant = found and found[2] in _UNITS and int(found[1]) * _UNITS[found[2]]
            fix = None
            if meant and meant % unit == 0 and origin.text.strip("\"'") == str(value):
                fix = SetScalar(
                    subject.path(origin.file), origin.path or (*path, name), origin.text, str(meant // unit)
                )
            yield ABOUT.found(
                f"{name} is {value!r}: Kafka takes a number only", origin.place, subject=str(item), fix=fix
            )
        elif 0 < amount * unit < _HOUR and _looks_like_seconds(amount, unit):
            yield ABOUT.found(
                f"{name} is {amount}: {_human(amount * unit)}. In seconds it would be "
                f"{_human(amount * 1000)}",
                origin.place,
                subject=str(item),
                severity=Severity.WARNING,
            )
        elif amount * unit > 100 * _YEAR and amount < 2**62:
            yield ABOUT.found(
                f"{name} is {amount}: {amount * unit // _YEAR} years; -1 says for ever",
                origin.place,
                subject=str(item),
                severity=Severity.WARNING,
            )


def _outdone(subject: CheckInput, kafka: Item, config: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the settings of which a finer one takes the place."""
    given = [name for name in _WINS if config.get(name) is not None]
    for name in given[1:]:
        first = number(config[given[0]])
        amount = number(config[name])
        if first is None or amount is None or first * _NAMES[given[0]] == amount * _NAMES[name]:
            continue
        yield ABOUT.found(
            f"{name} is {amount} and has no effect: {given[0]} is {first} and wins",
            field(subject, kafka, "spec", "kafka", "config", name).place,
            subject=str(kafka),
            severity=Severity.INFO,
            mend="take one of the two out; null in an environment's values takes a default away",
        )


def _bytes(subject: CheckInput, item: Item, value: Any, path: Path, cluster: str) -> Iterator[Finding]:
    """Compare what a partition may keep with the disks of the brokers."""
    limit = number(value)
    disks = [size for pool in pools_of(subject, cluster, subject.namespace_of(item)) if (size := _disk(pool))]
    if limit is None or not disks or limit < min(disks):
        return
    origin = field(subject, item, *path)
    yield ABOUT.found(
        f"{path[-1]} is {limit}: a partition may fill the disk, which has {min(disks)} bytes on a broker",
        origin.place,
        subject=str(item),
        severity=Severity.WARNING,
        mend="set it below the size of the disk, divided by the partitions that share it",
    )


def _disk(pool: Item) -> int:
    """Return the bytes of the disks of a broker; 0 where that cannot be told."""
    storage = mapping(pool.spec.get("storage"))
    volumes = sequence(storage.get("volumes")) if storage.get("type") == "jbod" else [storage]
    sizes = [quantity(mapping(each).get("size")) for each in volumes]
    return sum(each for each in sizes if each) if is_broker(pool) and sizes and all(sizes) else 0


def quantity(value: object) -> int:
    """Return the bytes of a quantity of Kubernetes; 0 for anything else."""
    found = re.fullmatch(r"(\d+)([KMGTPE]i?|k)?", str(value))
    if not found:
        return 0
    unit = found[2] or ""
    power = "kmgtpe".find(unit[:1].lower()) + 1 if unit else 0
    base: int = 1024 if unit.endswith("i") else 1000
    return int(found[1]) * int(base**power)


def _looks_like_seconds(amount: int, unit: int) -> bool:
    return unit == 1 and amount % 86_400 == 0


def _human(ms: int) -> str:
    for name, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if ms >= size:
            amount = ms / size
            said = f"{amount:.0f}" if amount == int(amount) else f"{amount:.1f}"
            return f"{said} {name}{'' if said == '1' else 's'}"
    return f"{ms} ms"
