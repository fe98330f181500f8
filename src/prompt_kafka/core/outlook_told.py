"""The coming windows as words and as data: the terminal and the console show the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prompt_kafka.core.outlook import Outlook, length


def head(found: Outlook) -> list[str]:
    """Return the rule and what is now, in a line each."""
    binds = "" if found.binding else "  (for information: hours bind only in production)"
    return [f"{found.environment}: {found.hours.rule}{binds}", f"now: {found.now}"]


def none(found: Outlook) -> str:
    """Say that there is no window."""
    room = f" with {length(found.at_least)} left" if found.at_least else ""
    return f"no window{room} in these days" + ("; --override-hours is the only way" if found.binding else "")


def as_json(found: Outlook) -> dict[str, Any]:
    """Return the windows as what JSON can hold."""
    zone = ZoneInfo(found.hours.zone)
    return {
        "schema": 1,
        "environment": found.environment,
        "binding": found.binding,
        "rule": found.hours.rule,
        "site_zone": found.hours.zone,
        "at": _text(found.at),
        "now": {
            "production": found.production is not None,
            "because": found.production.because if found.production else "",
            "until": _text(found.until) if found.until else None,
        },
        "windows": [
            {
                "begin": _text(window.begin),
                "end": _text(window.end),
                "seconds": int(window.length.total_seconds()),
                "site": [_text(window.begin.astimezone(zone)), _text(window.end.astimezone(zone))],
                "local": [_text(window.begin.astimezone()), _text(window.end.astimezone())],
            }
            for window in found.windows
        ],
    }


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
