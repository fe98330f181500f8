"""Durations as Go writes them: ``5s``, ``1h30m``."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float | None:
    """Return the seconds of a duration; plain numbers are seconds; None for what cannot be read."""
    plain = text.strip()
    parts = _PART.findall(plain)
    if parts and "".join(number + unit for number, unit in parts) == plain:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    try:
        return float(plain)
    except ValueError:
        return None
