"""Waiting for what a watch will tell, instead of asking again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.strimzi.model.errors import OperatorGone

LOOK_AGAIN = 0.5
"""Seconds after which a condition is looked at although nothing was told: for what no watch tells."""


class News:
    """Counts what informers tell, and wakes those who wait for more."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.count = 0

    def notify(self, *_: object) -> None:
        """Wake everybody: a listener for informers."""
        with self.condition:
            self.count += 1
            self.condition.notify_all()


class Waiting:
    """Waits of one run, which end when the operator is gone.

    Parameters
    ----------
    news
        What wakes it.
    alive
        Asked again and again; when it says no, the wait ends with `OperatorGone`.
    """

    def __init__(self, news: News, alive: Callable[[], bool], clock: Clock = SYSTEM) -> None:
        self._news, self._alive, self._clock = news, alive, clock

    def check(self) -> None:
        """End the run when the operator is gone.

        Raises
        ------
        OperatorGone
            It is.
        """
        if not self._alive():
            raise OperatorGone

    def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until `condition` holds; return whether it did within `timeout` seconds."""
        end = self._clock.monotonic() + timeout
        while True:
            seen = self._news.count
            self.check()
            if condition():
                return True
            left = end - self._clock.monotonic()
            if left <= 0:
                return False
            with self._news.condition:
                if self._news.count == seen:
                    self._news.condition.wait(min(left, LOOK_AGAIN))

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`, heeding the end of the operator."""
        self.until(lambda: False, seconds)
