"""Durations as people write them, for settings that Kafka counts in milliseconds."""

from __future__ import annotations

import re

from prompt_kafka.core.errors import UsageError

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_NAMES = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
UNLIMITED = "unlimited"
MOST_MS = 2**63 - 1


def retention(text: str) -> tuple[int, str]:
    """Return a retention in milliseconds (-1 for ever), and in words.

    Raises
    ------
    UsageError
        Without a unit nobody can tell whether 14 are days or milliseconds.
    """
    if text == UNLIMITED:
        return -1, "for ever"
    found = re.fullmatch(r"(\d+)([smhdw])", text.strip())
    if not found:
        raise UsageError(
            f"a retention needs a unit: {text!r}", next=f"write 14d, 12h, 30m, 2w, 90s or {UNLIMITED}"
        )
    count, unit = int(found[1]), found[2]
    milliseconds = count * _UNITS[unit]
    if not 0 < milliseconds <= MOST_MS:
        raise UsageError(f"a retention of {text} is not possible", next=f"for ever is {UNLIMITED}")
    return milliseconds, f"{count} {_NAMES[unit]}{'' if count == 1 else 's'}"


def age(seconds: float) -> str:
    """Return a duration in the largest unit that says enough: ``4 s``, ``12 min``, ``3 h``, ``8 d``."""
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"
