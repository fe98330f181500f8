"""The only place that reads the time or waits.

Everything that needs "now" or must pause takes a :class:`Clock`, so tests turn time by hand and no other
module sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time: wall clock in UTC, a monotonic clock for waits."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Pause for at most `seconds`; return True when `wake` was set before the time was up."""
        if wake is None:
            time.sleep(max(0.0, seconds))
            return False
        return wake.wait(max(0.0, seconds))

    def wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float,
        *,
        interval: float = 0.05,
        wake: threading.Event | None = None,
    ) -> bool:
        """Ask `condition` until it is true or `timeout` seconds have passed; return its last answer.

        An event passed as `wake` shortens the pause between two questions (a watch sets it).
        """
        end = self.monotonic() + timeout
        while not condition():
            left = end - self.monotonic()
            if left <= 0:
                return condition()
            self.sleep(min(interval, left), wake)
            if wake is not None:
                wake.clear()
        return True


class ManualClock(Clock):
    """A clock that tests turn: sleeping moves it on and returns at once."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the time this clock was turned to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds this clock was turned by."""
        return self._elapsed

    def turn(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Move on by `seconds` without waiting."""
        self.turn(seconds)
        return wake is not None and wake.is_set()


SYSTEM = Clock()
