"""Retention is a number in the unit that its name says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.finding import About, Finding, SetScalar, Severity
from prompt_kafka.checks.locating import field
from prompt_kafka.checks.subject import CheckInput, Item, Path, mapping, number

ABOUT = About(
    "retention",
    Severity.ERROR,
    "Retention without a number, or in the wrong unit",
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
_HOUR, _YEAR = 3_600_000, 365 * 86_400_000


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at the configuration of topics and clusters."""
    for topic in subject.of("KafkaTopic"):
        yield from _config(subject, topic, mapping(topic.spec.get("config")), ("spec", "config"))
    for kafka in subject.of("Kafka"):
        path = ("spec", "kafka", "config")
        yield from _config(subject, kafka, mapping(mapping(kafka.spec.get("kafka")).get("config")), path)


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


def _looks_like_seconds(amount: int, unit: int) -> bool:
    return unit == 1 and amount % 86_400 == 0


def _human(ms: int) -> str:
    for name, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if ms >= size:
            amount = ms / size
            said = f"{amount:.0f}" if amount == int(amount) else f"{amount:.1f}"
            return f"{said} {name}{'' if said == '1' else 's'}"
    return f"{ms} ms"
