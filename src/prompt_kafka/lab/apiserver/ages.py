"""How long ago something was, in the two units that ``kubectl get`` prints."""

from __future__ import annotations

from datetime import UTC, datetime


def age(stamp: str | None) -> str:
    """Return how long ago a time was, as ``kubectl get`` shows it."""
    if not stamp:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return "<invalid>"
    return human((datetime.now(UTC) - then).total_seconds())


def human(elapsed: float) -> str:
    """Return a duration in at most two units."""
    seconds = int(elapsed)
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    minutes, hours, days, years = seconds // 60, seconds // 3600, seconds // 86400, seconds // (86400 * 365)

    def two(first: int, unit: str, rest: int, below: str) -> str:
        return f"{first}{unit}{rest}{below}" if rest else f"{first}{unit}"

    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if years < 8:
        return two(years, "y", days % 365, "d")
    return f"{years}y"
