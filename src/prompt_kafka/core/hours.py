"""Production hours as intervals in UTC: is it production, until when, and when is the next window?

A window is what lies between the intervals *within the time that they were computed for*. Whatever was not
computed counts as production: what nobody knows opens no window.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

_EVER = datetime.max.replace(tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """From `begin` until just before `end`, UTC.

    Attributes
    ----------
    because
        What is in it, for people.
    """

    begin: datetime
    end: datetime
    because: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin

    @property
    def endless(self) -> bool:
        """No end of it is known."""
        return self.end == _EVER


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union of intervals, ascending, none touching another; empty ones are left out."""
    found: list[Interval] = []
    for each in sorted((i for i in intervals if i.begin < i.end), key=lambda i: (i.begin, i.end)):
        if found and each.begin <= found[-1].end:
            last = found[-1]
            found[-1] = Interval(last.begin, max(last.end, each.end), _both(last.because, each.because))
        else:
            found.append(each)
    return tuple(found)


def _both(one: str, other: str) -> str:
    if not one or other in one:
        return one or other
    return f"{one} and {other}"


@dataclass(frozen=True, slots=True)
class Hours:
    """The production hours of an environment over some days.

    Attributes
    ----------
    rule
        The rule that they follow, for people.
    zone
        IANA name of the site's time zone, to show times in.
    intervals
        When it is in production.
    covers_from, covers_until
        The time for which `intervals` is complete.
    """

    rule: str
    zone: str
    intervals: tuple[Interval, ...]
    covers_from: datetime
    covers_until: datetime

    @property
    def production(self) -> tuple[Interval, ...]:
        """When it is in production or nobody knows, from the first day to the last."""
        return merged(
            (
                Interval(_NEVER, self.covers_from),
                *self.intervals,
                Interval(self.covers_until, _EVER),
            )
        )

    def production_at(self, at: datetime) -> Interval | None:
        """Return the production interval that contains a time, None in a window."""
        return self.touches(at, timedelta(0))

    def touches(self, at: datetime, duration: timedelta) -> Interval | None:
        """Return the first production interval that a stretch of time from `at` touches."""
        end = at + duration
        return next((i for i in self.production if i.begin <= end and at < i.end), None)

    def changes_at(self, at: datetime) -> datetime | None:
        """Return when the present state ends: production or window; None when no end is known."""
        inside = self.production_at(at)
        if inside is not None:
            return None if inside.endless else inside.end
        following = next(i for i in self.production if i.begin > at)
        return None if following.begin >= self.covers_until else following.begin

    def windows(self, after: datetime) -> tuple[Interval, ...]:
        """Return the windows that end after a time; the present one from its begin."""
        production = self.production
        gaps = (Interval(a.end, b.begin) for a, b in pairwise(production))
        return tuple(gap for gap in gaps if gap.end > after)

    def next_window(self, after: datetime, at_least: timedelta = timedelta(0)) -> Interval | None:
        """Return the first window of which so much lies after a time; None when none is known."""
        return next((w for w in self.windows(after) if w.end - max(w.begin, after) >= at_least), None)

    def closed_too(self, more: Iterable[Interval]) -> Hours:
        """Return the hours with more intervals closed; nothing can open a window."""
        return replace(self, intervals=merged((*self.intervals, *more)))
