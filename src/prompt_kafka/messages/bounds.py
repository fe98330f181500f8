"""Where a reading begins and ends, as a person says it, and what that is in each partition.

Both bounds hold for every record: from the first on, up to but without the second. Kafka finds the first
offset that is not older than a time, so nothing before it is meant by a lower bound. Behind the one of an
upper bound there may be records that are dated earlier, where producers set the time: see `LATE_MS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from prompt_kafka.clients.kafka.reach import Reach
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UsageError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
WORDS = {"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "day": "d", "week": "w"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Records dated before an upper bound are looked for in what was written up to this long after it, and in
# the rest too where that is little. What is left out is said to be not read.
LATE_MS = 3_600_000
LITTLE = 100_000


@dataclass(frozen=True, slots=True)
class Bound:
    """A place in a topic: its beginning, its end, an offset, or milliseconds since the epoch."""

    kind: Literal["earliest", "end", "offset", "time"]
    at: int = 0


EARLIEST, END = Bound("earliest"), Bound("end")


@dataclass(frozen=True, slots=True)
class Range:
    """From `lower` on, up to but without `upper`.

    Parameters
    ----------
    offsets
        Lower bounds of single partitions, which win over `lower`.
    late_ms
        How long after an upper bound of time its records may have been written; ``None`` for ever.
    """

    lower: Bound = EARLIEST
    upper: Bound = END
    offsets: Mapping[int, int] = field(default_factory=dict)
    late_ms: int | None = LATE_MS

    @property
    def after_ms(self) -> int | None:
        """Oldest time that a record may have."""
        return self.lower.at if self.lower.kind == "time" else None

    @property
    def before_ms(self) -> int | None:
        """A record's time is less than this."""
        return self.upper.at if self.upper.kind == "time" else None

    @property
    def times(self) -> tuple[int, ...]:
        """Times to look up in every partition."""
        wanted = [bound.at for bound in (self.lower, self.upper) if bound.kind == "time"]
        if self.before_ms is not None and self.late_ms is not None:
            wanted.append(self.before_ms + self.late_ms)
        return tuple(dict.fromkeys(wanted))

    def holds(self, time_ms: int) -> bool:
        """Say whether a record of this time is meant."""
        after, before = self.after_ms, self.before_ms
        return (after is None or time_ms >= after) and (before is None or time_ms < before)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a range is in one partition: offsets from `first` up to but without `end`.

    Parameters
    ----------
    until
        Offsets from here to `end` are not read: they were written too long after an upper bound of time.
    start, limit
        First offset of the partition, and where reading ends now.
    """

    partition: int
    leader: int
    first: int
    end: int
    until: int
    start: int
    limit: int


def resolve(wanted: Range, reach: Reach, *, committed: bool = True) -> Asked:
    """Return what `wanted` is in a partition; an offset outside of it is moved to its edge."""
    limit = reach.stable if committed else reach.end
    limit = max(limit, reach.start)
    first = _place(wanted.lower, reach, limit)
    if (own := wanted.offsets.get(reach.partition)) is not None:
        first = own
    first = min(max(first, reach.start), limit)
    end = until = limit
    if wanted.upper.kind == "offset":
        end = until = min(max(wanted.upper.at, first), limit)
    elif wanted.before_ms is not None and wanted.late_ms is not None:
        late = reach.at[wanted.before_ms + wanted.late_ms]
        if late is not None and limit - late > LITTLE:
            until = min(max(late, first), limit)
    return Asked(reach.partition, reach.leader, first, end, until, reach.start, limit)


def _place(bound: Bound, reach: Reach, limit: int) -> int:
    if bound.kind == "offset":
        return bound.at
    if bound.kind == "end":
        return limit
    if bound.kind == "time":
        found = reach.at[bound.at]
        return limit if found is None else found
    return reach.start


def parse(text: str, clock: Clock = SYSTEM) -> Bound:
    """Understand ``earliest``, ``end``, an offset, a time, or how long ago.

    Times are RFC 3339, a date, or milliseconds since the epoch (13 digits, or after ``@``); without a zone
    they are UTC. ``15m``, ``-15m``, ``15m ago`` and ``2 hours ago`` mean that long ago.

    Raises
    ------
    UsageError
        If it is none of them.
    """
    word = text.strip()
    if word in ("newest", "latest", "end", "now"):
        return END
    if word in ("earliest", "oldest", "beginning"):
        return EARLIEST
    if re.fullmatch(r"@[0-9]{1,15}|[0-9]{13}", word):
        return Bound("time", int(word.removeprefix("@")))
    if re.fullmatch(r"[0-9]{1,19}", word):
        return Bound("offset", int(word))
    try:
        moment = _ago(word, clock) or datetime.fromisoformat(word)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # A time between two milliseconds: the record of the next one is the first that is not before it.
        milliseconds = -((EPOCH - moment) // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no place in a topic",
            next="say earliest, end, an offset, a time such as 2026-05-01T22:00Z, a date, or 15m (ago)",
        ) from None
    return Bound("time", max(0, milliseconds))


def between(lower: str | None, upper: str | None, clock: Clock = SYSTEM) -> Range:
    """Return the range between two bounds as `parse` understands them.

    Raises
    ------
    UsageError
        If one is not understood, or the first lies behind the second.
    """
    first = parse(lower, clock) if lower is not None else EARLIEST
    last = parse(upper, clock) if upper is not None else END
    if first.kind == last.kind and first.kind in ("offset", "time") and first.at > last.at:
        raise UsageError(f"the range begins at {lower} and ends before that, at {upper}", next="swap them")
    if last.kind == "earliest":
        last = Bound("offset", 0)
    return Range(first, last)


def _ago(word: str, clock: Clock) -> datetime | None:
    text = word.removeprefix("-").removesuffix("ago").strip()
    found = re.fullmatch(r"(?:[0-9]+ ?[a-z]+,? ?)+", text)
    if not found:
        return None
    whole = timedelta()
    for count, unit in re.findall(r"([0-9]+) ?([a-z]+)", text):
        name = unit if unit in UNITS else WORDS.get(unit.removesuffix("s"))
        if name is None:
            return None
        whole += timedelta(**{UNITS[name]: int(count)})
    return clock.now() - whole
