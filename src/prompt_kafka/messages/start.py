"""Where reading begins, as a person says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UsageError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Start:
    """A place in a topic.

    Parameters
    ----------
    kind
        ``newest`` (backwards from the end), ``earliest``, ``offset`` or ``time`` (forwards from there).
    at
        The offset, or milliseconds since the epoch.
    """

    kind: Literal["newest", "earliest", "offset", "time"] = "newest"
    at: int = 0

    @property
    def forwards(self) -> bool:
        """Oldest first."""
        return self.kind != "newest"


NEWEST = Start()
EARLIEST = Start("earliest")


def parse(text: str, clock: Clock = SYSTEM) -> Start:
    """Understand ``newest``, ``earliest``, an offset, a time or a duration.

    Times are RFC 3339, a date, or ``@`` and milliseconds since the epoch; without a zone they are UTC. A
    duration (``15m``) means that long ago.

    Raises
    ------
    UsageError
        If it is none of them.
    """
    word = text.strip()
    if word in ("newest", "latest", "end"):
        return NEWEST
    if word in ("earliest", "oldest", "beginning"):
        return EARLIEST
    if word.isascii() and word.isdigit():
        return Start("offset", int(word))
    if re.fullmatch(r"@\d+", word):
        return Start("time", int(word[1:]))
    if ago := re.fullmatch(r"(\d+)([smhdw])", word):
        moment = clock.now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        return Start("time", int(moment.timestamp() * 1000))
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise UsageError(
            f"{text!r} is no place in a topic",
            next="say newest, earliest, an offset, a time such as 2026-05-01T22:00Z, or 15m (ago)",
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Start("time", int(moment.timestamp() * 1000))
