"""Sessions for reading messages: kept open between pages, one for each reader at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from prompt_kafka.console.observatory import Opens
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.factory import Session

IDLE = 4
OLD_S = 60.0
"""A session that nobody used for so long is not used again."""

_Open = tuple[Session, AbstractContextManager[Session]]


class Pool:
    """Gives sessions that read, and keeps a few of them.

    Parameters
    ----------
    opens
        Gives a new one.
    """

    def __init__(self, opens: Opens, clock: Clock = SYSTEM) -> None:
        self._opens, self._clock = opens, clock
        self._lock = threading.Lock()
        self._idle: list[tuple[float, _Open]] = []

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session to one reader; one in which something failed is closed, not kept."""
        opened = self._take()
        try:
            yield opened[0]
        except UsageError:
            self._keep(opened)
            raise
        except BaseException:
            opened[1].__exit__(None, None, None)
            raise
        self._keep(opened)

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, (_, manager) in idle:
            manager.__exit__(None, None, None)

    def _take(self) -> _Open:
        now = self._clock.monotonic()
        while True:
            with self._lock:
                if not self._idle:
                    break
                at, opened = self._idle.pop()
            if now - at <= OLD_S:
                return opened
            opened[1].__exit__(None, None, None)
        manager = self._opens()
        return manager.__enter__(), manager

    def _keep(self, opened: _Open) -> None:
        with self._lock:
            if len(self._idle) < IDLE:
                self._idle.append((self._clock.monotonic(), opened))
                return
        opened[1].__exit__(None, None, None)
