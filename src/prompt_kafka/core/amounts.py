"""Sizes, counts and rates as people read them."""

from __future__ import annotations

from prompt_kafka.core.topic_look import Amount

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def size_text(size: float) -> str:
    """Return bytes in the largest unit that says enough, by thousands: ``0 B``, ``1.2 GB``."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if 0 < size < 9.95 and unit else f"{size:.0f} {_UNITS[unit]}"


def rate_text(rate: float) -> str:
    """Return a rate: ``0``, ``0.03``, ``12``, ``1,200``."""
    if rate == 0:
        return "0"
    return f"{rate:.2g}" if rate < 10 else f"{rate:,.0f}"


def bound(amount: Amount | None, text: str) -> str:
    """Return the text of an amount: ``?`` where nothing was seen, ``≥`` before it where a part was not."""
    if amount is None:
        return "?"
    return f"≥ {text}" if amount.missing else text
