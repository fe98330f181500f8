"""What the console sees of the service, looked at once for everybody: status, what changed, runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta

from prompt_kafka.console.flow import Flow, Rates
from prompt_kafka.console.live import Channel
from prompt_kafka.console.shared import Shared
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.history import History
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.status import SEES, WITHIN_S, Report, report
from prompt_kafka.core.world import World
from prompt_kafka.factory import Session

Opens = Callable[[], AbstractContextManager[Session]]

EVERY_S = 2.0
"""Between two looks while somebody watches."""

HISTORY_S = 20.0
"""So old may be what is told of changes: Git is fetched for it."""

LATELY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Status:
    """A look at the service."""

    world: World
    report: Report
    flow: Flow


class Observatory:
    """Looks while somebody watches, and not at all when nobody does; a context.

    Parameters
    ----------
    opens
        Gives a session that reads.
    """

    def __init__(self, opens: Opens, clock: Clock = SYSTEM) -> None:
        self._opens, self._clock = opens, clock
        self._stack = ExitStack()
        self._session: Session | None = None
        self._rates = Rates()
        self.status = Shared(self._look, clock)
        self.history = Shared(self._changes, clock)
        self.runs = Shared(self._runs, clock)
        self.channel = Channel()
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(work,), name="console", daemon=True)
            for work in (self._status_and_runs, self._history)
        ]

    def __enter__(self) -> Observatory:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ends.set()
        self.channel.close()
        for thread in self._threads:
            thread.join(2 * WITHIN_S)
        self._stack.close()

    def _look(self) -> Status:
        if self._session is None:
            self._session = self._stack.enter_context(self._opens())
        world = self._session.look(SEES, within=WITHIN_S)
        return Status(world, report(world), self._rates.flow(world))

    def _changes(self) -> History:
        with self._opens() as session:
            return session.history(self._clock.now() - LATELY)

    def _runs(self) -> list[RunRecord]:
        with self._opens() as session:
            return session.runs().list()

    def _status_and_runs(self) -> None:
        self.status.get(EVERY_S / 2)
        self.runs.get(EVERY_S)

    def _history(self) -> None:
        self.history.get(HISTORY_S)

    def _watch(self, work: Callable[[], None]) -> None:
        while not self._ends.is_set():
            if self.channel.watched:
                work()
                self.channel.publish()
            self._clock.sleep(EVERY_S, self._ends)
