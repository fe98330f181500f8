"""Which Kafka runs under which operator, and which metadata level goes with it, as values.

The runbook plans upgrades by this table and the lab's operator obeys it, so both read the same one. Source:
``kafka-versions.yaml`` of each Strimzi tag, and Kafka's ``MetadataVersion`` for the levels.

Two comparisons exist and must not be mixed: Kafka and operator versions compare part by part (4.1.10 is newer
than 4.1.9), metadata versions compare by *major.minor* only, as the operator does (``4.2-IV0`` equals
``4.2-IV1``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from prompt_kafka.core.errors import PromptKafkaError, UsageError


class UnknownOperatorVersion(UsageError):
    """The operator version is not in the table."""

    code = "unknown-operator-version"


class UnsupportedKafkaVersion(PromptKafkaError):
    """The operator does not run this Kafka version."""

    code = "unsupported-kafka-version"


class InvalidMetadataVersion(UsageError):
    """Not a metadata version, or one too old to be used."""

    code = "invalid-metadata-version"


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the operator.

    Parameters
    ----------
    version
        Strimzi's version.
    kafka
        Kafka versions it runs, oldest first.
    default
        Kafka version used when the resource names none.
    kubernetes
        Oldest Kubernetes it runs on.
    served, stored
        API versions its CRDs serve, and the one they store.
    released
        Date of its tag: it knows no Kafka that came later.
    """

    version: str
    kafka: tuple[str, ...]
    default: str
    kubernetes: str
    served: tuple[str, ...]
    stored: str
    released: str


def _release(version: str, kafka: str, kubernetes: str, released: str) -> Release:
    versions = tuple(kafka.split())
    served: tuple[str, ...] = ("v1",)
    stored = "v1"
    if key(version) < (0, 49):
        served, stored = ("v1beta2",), "v1beta2"
    elif key(version) < (1,):
        served, stored = ("v1", "v1beta2"), "v1beta2"
    return Release(version, versions, versions[-1], kubernetes, served, stored, released)


@cache
def key(version: str) -> tuple[int, ...]:
    """Return what a Kafka or operator version sorts by.

    Raises
    ------
    UsageError
        The text is not a version.
    """
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)(?:[-+].*)?", version.strip())
    if match is None:
        raise UsageError(f"{version!r} is not a version", next="write it as major.minor.patch")
    return tuple(int(part) for part in match[1].split("."))


RELEASES: tuple[Release, ...] = (
    _release("0.45.0", "3.8.0 3.8.1 3.9.0", "1.25", "2024-12-12"),
    _release("0.45.2", "3.8.0 3.8.1 3.9.0 3.9.1 3.9.2", "1.25", "2026-03-06"),
    _release("0.46.0", "3.9.0 4.0.0", "1.25", "2025-04-30"),
    _release("0.46.1", "3.9.0 4.0.0", "1.25", "2025-06-19"),
    _release("0.47.0", "3.9.0 3.9.1 4.0.0", "1.25", "2025-07-11"),
    _release("0.48.0", "4.0.0 4.1.0", "1.27", "2025-09-24"),
    _release("0.49.0", "4.0.0 4.0.1 4.1.0 4.1.1", "1.27", "2025-11-13"),
    _release("0.49.1", "4.0.0 4.0.1 4.1.0 4.1.1", "1.27", "2025-12-03"),
    _release("0.50.0", "4.0.0 4.0.1 4.1.0 4.1.1", "1.27", "2026-01-14"),
    _release("0.50.1", "4.0.0 4.0.1 4.1.0 4.1.1", "1.27", "2026-02-17"),
    _release("0.51.0", "4.1.0 4.1.1 4.2.0", "1.30", "2026-02-28"),
    _release("1.0.0", "4.1.0 4.1.1 4.1.2 4.2.0", "1.30", "2026-04-23"),
    _release("1.0.1", "4.1.0 4.1.1 4.1.2 4.2.0", "1.30", "2026-06-17"),
    _release("1.1.0", "4.2.0 4.2.1 4.3.0", "1.30", "2026-06-21"),
    _release("1.2.0", "4.2.0 4.2.1 4.3.0 4.3.1", "1.30", "2026-08-18"),
)

_BY_VERSION = {release.version: release for release in RELEASES}

SCHEMAS = ("0.47.0", "0.48.0", "0.49.0", "0.49.1", "0.50.0", "0.50.1", "0.51.0", "1.2.0")
"""Operator versions whose API jars are published, oldest first: only their schemas are at hand."""


def release(operator: str) -> Release:
    """Return the operator release called `operator`.

    Raises
    ------
    UnknownOperatorVersion
        It is not in the table.
    """
    found = _BY_VERSION.get(operator)
    if found is None:
        known = ", ".join(_BY_VERSION)
        raise UnknownOperatorVersion(
            f"operator version {operator} is not in the compatibility table", next=f"use one of {known}"
        )
    return found


def supported(operator: str) -> tuple[str, ...]:
    """Return the Kafka versions that `operator` runs, oldest first."""
    return release(operator).kafka


@cache
def knows(operator: str, kafka: str) -> bool:
    """Return whether `operator` has heard of a Kafka version: it need not run it to upgrade from it.

    Its own table lists the versions that it has dropped, too; one that came later is not in it. Since 1.0.0
    nothing hangs on it: an operator then also upgrades from what it does not know.
    """
    own = release(operator)
    older = (each for each in RELEASES if each.released <= own.released)
    return any(kafka in each.kafka for each in older)


def default_kafka(operator: str) -> str:
    """Return the Kafka version that `operator` runs when none is asked for."""
    return release(operator).default


def check_kafka(operator: str, kafka: str) -> str:
    """Return `kafka` when `operator` runs it.

    Raises
    ------
    UnsupportedKafkaVersion
        It does not; the text is the operator's own.
    """
    versions = supported(operator)
    if kafka not in versions:
        raise UnsupportedKafkaVersion(
            f"Unsupported Kafka.spec.kafka.version: {kafka}. Supported versions are: [{', '.join(versions)}]"
        )
    return kafka


def compare(one: str, other: str) -> int:
    """Return -1, 0 or 1 as version `one` is older than, equal to or newer than `other`."""
    a, b = key(one), key(other)
    width = max(len(a), len(b))
    a, b = a + (0,) * (width - len(a)), b + (0,) * (width - len(b))
    return (a > b) - (a < b)


@cache
def line(version: str) -> str:
    """Return the *major.minor* of a Kafka or metadata version."""
    parts = key(version.split("-")[0])
    return f"{parts[0]}.{parts[1] if len(parts) > 1 else 0}"


def shared(one: str, other: str) -> tuple[str, ...]:
    """Return the Kafka versions that both operators run: the ones to stand on while the operator moves."""
    return tuple(version for version in supported(one) if version in supported(other))


# Metadata versions: level, name, and whether the records' format changed (then there is no safe way back).
_LEVELS = """
7 3.3-IV3 changed   8 3.4-IV0 changed   9 3.5-IV0   10 3.5-IV1   11 3.5-IV2 changed   12 3.6-IV0
13 3.6-IV1 changed   14 3.6-IV2 changed   15 3.7-IV0 changed   16 3.7-IV1   17 3.7-IV2 changed   18 3.7-IV3
19 3.7-IV4   20 3.8-IV0   21 3.9-IV0   22 4.0-IV0   23 4.0-IV1 changed   24 4.0-IV2   25 4.0-IV3
26 4.1-IV0   27 4.1-IV1   28 4.2-IV0   29 4.2-IV1   30 4.3-IV0 changed
"""
_PARSED: list[tuple[str, str, str]] = re.findall(r"(\d+) (\d\.\d-IV\d)( changed)?", _LEVELS)
_LEVEL_OF = {name: int(level) for level, name, _ in _PARSED}
_NAME_OF = {level: name for name, level in _LEVEL_OF.items()}
_CHANGED = frozenset(int(level) for level, _, changed in _PARSED if changed)


def full_metadata(version: str) -> str:
    """Return a metadata version in full: ``4.1`` is ``4.1-IV1``, the last of its line.

    Raises
    ------
    InvalidMetadataVersion
        There is no such metadata version, or it is older than 3.3-IV3.
    """
    text = str(version).strip()
    if text in _LEVEL_OF:
        return text
    line_ = [name for name in _LEVEL_OF if name.startswith(f"{text}-")]
    if not line_:
        parts = text.split(".")
        line_ = [name for name in _LEVEL_OF if len(parts) == 3 and name.startswith(f"{parts[0]}.{parts[1]}-")]
    if not line_:
        raise InvalidMetadataVersion(
            f"{text!r} is not a metadata version that can be used",
            next=f"the newest known is {max(_LEVEL_OF, key=_LEVEL_OF.__getitem__)}; quote it in YAML",
        )
    return line_[-1]


def metadata_level(version: str) -> int:
    """Return the level of the feature ``metadata.version`` that a metadata version stands for."""
    return _LEVEL_OF[full_metadata(version)]


def metadata_name(level: int) -> str:
    """Return the metadata version of a level; one that is not known is called ``level N``."""
    return _NAME_OF.get(level, f"level {level}")


def metadata_of(kafka: str) -> str:
    """Return the metadata version that belongs to a Kafka version, in full."""
    return full_metadata(line(kafka))


def compare_metadata(one: str, other: str) -> int:
    """Return -1, 0 or 1 by *major.minor*, the only part that the operator compares."""
    a, b = key(line(one)), key(line(other))
    return (a > b) - (a < b)


def can_lower_metadata(current: str, target: str) -> bool:
    """Return whether Kafka lowers the metadata version safely: nothing in between changed the records."""
    low, high = metadata_level(target), metadata_level(current)
    return low <= high and not any(low < level <= high for level in _CHANGED)
