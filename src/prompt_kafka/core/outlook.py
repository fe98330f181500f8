"""What production hours look like from now on: the answer of ``maintenance windows`` as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from prompt_kafka.core.hours import Hours, Interval


@dataclass(frozen=True, slots=True)
class Outlook:
    """The windows of an environment from a time on.

    Attributes
    ----------
    binding
        Disruptive steps are refused in production hours; else they are for information.
    production
        The production interval that it is in now; None in a window.
    until
        When that ends; None when no end is known.
    at_least
        So much must be left of a window.
    windows
        Those that begin within the time asked for, the present one too.
    """

    environment: str
    binding: bool
    hours: Hours
    at: datetime
    production: Interval | None
    until: datetime | None
    at_least: timedelta
    windows: tuple[Interval, ...]

    @property
    def now(self) -> str:
        """One line: production or window, and until when."""
        state = "window" if self.production is None else f"production ({self.production.because})"
        if self.until is None:
            return f"{state}, no end of it is known"
        verb = "closes" if self.production is None else "ends"
        return f"{state}, {verb} in {length(self.until - self.at)}, at {self.until:%Y-%m-%d %H:%M} UTC"


def outlook(
    environment: str,
    hours: Hours,
    at: datetime,
    *,
    binding: bool,
    ahead: timedelta,
    at_least: timedelta = timedelta(0),
) -> Outlook:
    """Return the windows that begin within some time, and of which so much is left."""
    windows = tuple(
        w for w in hours.windows(at) if w.begin < at + ahead and w.end - max(w.begin, at) >= at_least
    )
    now = hours.production_at(at)
    return Outlook(environment, binding, hours, at, now, hours.changes_at(at), at_least, windows)


def length(duration: timedelta) -> str:
    """Return a duration for people: ``45 min``, ``11.7 h``, ``3.0 d``."""
    minutes = duration / timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 72 * 60 else f"{minutes / 1440:.1f} d"
