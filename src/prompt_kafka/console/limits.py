"""How often somebody may ask: a bucket for each, that fills again with time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import RefusedError

MOST_KEYS = 2000


class Rate:
    """Lets `burst` requests through at once, and `per_second` in the long run, for each key.

    Parameters
    ----------
    per_second, burst
        How often.
    """

    def __init__(self, per_second: float, burst: float, clock: Clock = SYSTEM) -> None:
        self._rate, self._burst, self._clock = per_second, burst, clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Take one; return 0 when it was there, else in how many seconds it is."""
        now = self._clock.monotonic()
        with self._lock:
            left, at = self._left.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._rate)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            while len(self._left) > MOST_KEYS:
                self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


class Places:
    """So many at once: streams that stay open."""

    def __init__(self, each: int, together: int) -> None:
        self._each, self._together = each, together
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    def take(self, key: str) -> bool:
        """Take a place; False when there is none."""
        with self._lock:
            mine = self._taken.get(key, 0)
            if mine >= self._each or sum(self._taken.values()) >= self._together:
                return False
            self._taken[key] = mine + 1
            return True

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold a place.

        Raises
        ------
        RefusedError
            There is none (``too-many-at-once``).
        """
        if not self.take(key):
            raise RefusedError("too-many-at-once", "others are at it already", next="try again in a moment")
        try:
            yield
        finally:
            self.give_back(key)

    def give_back(self, key: str) -> None:
        """Give a place back."""
        with self._lock:
            left = self._taken.get(key, 0) - 1
            if left > 0:
                self._taken[key] = left
            else:
                self._taken.pop(key, None)
