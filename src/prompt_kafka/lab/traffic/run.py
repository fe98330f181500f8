"""A run of traffic: begin, watch, end in order, and account for every message."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.traffic.ledger import Ledger, Progress
from prompt_kafka.lab.traffic.producer import Workers
from prompt_kafka.lab.traffic.publication import Publication
from prompt_kafka.lab.traffic.report import TrafficReport, make_report
from prompt_kafka.lab.traffic.settings import EVENTS, PRODUCER, READER, RESULTS, WRITER, TrafficSettings
from prompt_kafka.lab.traffic.verify import ends, stored
from prompt_kafka.lab.traffic.writer import ButlerWriter

TICK_S = 0.5
JOIN_S = 30.0


def run(
    settings: TrafficSettings,
    progress: Callable[[Progress], None] = lambda _: None,
    *,
    stop: threading.Event | None = None,
    clock: Clock = SYSTEM,
) -> TrafficReport:
    """Run the service's data flow and return its account.

    Sending ends after the duration, when `stop` is set, or with Ctrl-C; then what is under way is waited for,
    the consumers catch up, the topic is read by an independent reader, and the books are closed. A second
    Ctrl-C stops waiting; the account is still given.

    Raises
    ------
    NotAuthorizedError, UnknownTopicError, UnreachableError
        Before anything is sent: if a user cannot log in or a topic is not there.
    """
    return _Run(settings, progress, stop or threading.Event(), clock).run()


class _Run:
    def __init__(
        self,
        settings: TrafficSettings,
        progress: Callable[[Progress], None],
        stop: threading.Event,
        clock: Clock,
    ) -> None:
        self._settings, self._progress, self._stop, self._clock = settings, progress, stop, clock
        self._id = uuid.uuid4().hex
        self._ledger = Ledger()
        self._hurry = threading.Event()
        self._done = threading.Event()
        self._began = clock.monotonic()

    def run(self) -> TrafficReport:
        begin = self._check()
        consumers: list[threading.Thread] = [
            ButlerWriter(self._settings, self._id, self._ledger, self._clock, self._done),
            Publication(self._settings, self._ledger, self._clock, self._done),
        ]
        workers = Workers(self._settings, self._id, self._ledger, self._clock, self._stop, self._hurry)
        for thread in (*consumers, workers):
            thread.start()
        try:
            self._patiently(lambda: not workers.is_alive(), self._stop)
            sending_s = self._clock.monotonic() - self._began
            self._patiently(self._caught_up(), self._hurry)
            waited = not self._hurry.is_set()
        finally:
            self._stop.set()
            self._hurry.set()
            self._done.set()
            for thread in (workers, *consumers):
                thread.join(JOIN_S)
        found = self._witness(begin)
        self._tell()
        return make_report(self._id, sending_s, self._ledger, found, waited=waited)

    def _check(self) -> dict[int, int]:
        """See that every user can log in and do its part; return where the run begins."""
        for user, topic in ((PRODUCER, RESULTS), (READER, EVENTS)):
            with self._settings.connection(user) as connection:
                connection.leader(topic, 0)
        with self._settings.connection(WRITER) as connection:
            connection.leader(EVENTS, 0)
            return ends(connection)

    def _patiently(self, over: Callable[[], bool], on_interrupt: threading.Event) -> None:
        """Wait until `over`, telling how it goes; Ctrl-C sets `on_interrupt`, the next one `hurry`."""
        while not over():
            try:
                self._clock.sleep(TICK_S)
                self._tell()
            except KeyboardInterrupt:
                if on_interrupt.is_set():
                    self._hurry.set()
                on_interrupt.set()

    def _caught_up(self) -> Callable[[], bool]:
        last = (self._ledger.unread(), self._clock.monotonic())

        def over() -> bool:
            nonlocal last
            unread, now = self._ledger.unread(), self._clock.monotonic()
            if unread < last[0]:
                last = (unread, now)
            return unread == 0 or self._hurry.is_set() or now - last[1] > self._settings.drain_timeout

        return over

    def _witness(self, begin: dict[int, int]) -> set[int] | None:
        try:
            with self._settings.connection(WRITER) as connection:
                return stored(connection, self._id, begin)
        except KeyboardInterrupt:
            self._ledger.note("the topic was not read to the end: interrupted")
        except PromptKafkaError as error:
            self._ledger.note(f"the topic was not read to the end: {error.what}")
        return None

    def _tell(self) -> None:
        self._progress(self._ledger.progress(self._clock.monotonic() - self._began))
