"""Posts what waits in a thread, in its order, each once: across a lost answer, kill -9 and another machine.

The intent is kept before each post. What may have been posted is looked up by its mark; where that cannot be
read it stays in doubt, and is never posted again without a person. A post runs beside the caller, so a
recovery starts it and goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from prompt_kafka.core.clock import Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.notices import (
    DoubtfulPostError,
    HistoryUnreadableError,
    Notice,
    NoticeState,
    NotPostedError,
    Posted,
    Thread,
)

SETTLE_S = 1.0
"""After a lost answer, before the post is looked for: Slack may still be writing it."""

BOUND_S = 60.0
"""So long one notice may take, with all its tries; then the caller goes on without it."""


class Poster(Protocol):
    """The way to a channel."""

    def post(self, channel: str, text: str, mark: tuple[str, str], root: str = "") -> Posted:
        """Post once; raise NotPostedError or DoubtfulPostError."""

    def find(self, channel: str, mark: tuple[str, str], root: str, since: datetime) -> Posted | None:
        """Return the post of a mark; raise HistoryUnreadableError."""


@dataclass
class _Flight:
    """A post that is under way."""

    key: str
    landed: threading.Event = field(default_factory=threading.Event)
    posted: Posted | None = None
    state: NoticeState = NoticeState.INTENDED
    problem: PromptKafkaError | None = None


class Announcer:
    """Posts the notices of one thread.

    Parameters
    ----------
    poster
        The way to the channel.
    thread_id
        First part of every mark: the run's id.
    since
        When the thread began: what is older is not looked through.
    """

    def __init__(self, poster: Poster, thread_id: str, since: datetime, clock: Clock) -> None:
        self._poster = poster
        self._id = thread_id
        self._since = since
        self._clock = clock
        self._flight: _Flight | None = None
        self.problem: PromptKafkaError | None = None

    def send(
        self,
        thread: Thread,
        keep: Callable[[Thread], None],
        *,
        wait_s: float = BOUND_S,
        allowed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Thread:
        """Post what waits, until something does not go or the time is up; return the thread as it then is.

        Parameters
        ----------
        keep
            Keeps the thread, and returns only when it is safe.
        wait_s
            0 only takes note of what has landed, and starts the next post.
        allowed
            Around waits that a person may interrupt.
        """
        end = self._clock.monotonic() + wait_s
        tried: set[str] = set()
        while True:
            if self._flight is None:
                notice = _next(thread, tried)
                if notice is None or (self.problem is not None and not wait_s):
                    return thread
                thread = self._start(thread, notice, keep)
                tried.add(notice.key)
            flight = self._flight
            assert flight is not None
            if not flight.landed.is_set():
                with allowed():
                    self._clock.sleep(end - self._clock.monotonic(), flight.landed)
            if not flight.landed.is_set():
                return thread
            thread = self._land(thread, flight, keep)
            if flight.state is NoticeState.QUEUED:
                return thread

    def _start(self, thread: Thread, notice: Notice, keep: Callable[[Thread], None]) -> Thread:
        doubt = notice.state is NoticeState.INTENDED
        if not doubt:
            thread = thread.mark(notice.key, NoticeState.INTENDED)
            keep(thread)
        self._flight = _Flight(notice.key)
        threading.Thread(
            target=self._fly, args=(self._flight, thread, notice.text, doubt), name="notice", daemon=True
        ).start()
        return thread

    def _land(self, thread: Thread, flight: _Flight, keep: Callable[[Thread], None]) -> Thread:
        self._flight, self.problem = None, None if flight.posted else flight.problem
        if flight.posted is not None:
            thread = thread.sent(flight.key, flight.posted)
        elif flight.state is NoticeState.QUEUED:
            thread = thread.mark(flight.key, NoticeState.QUEUED)
        else:
            return thread
        keep(thread)
        return thread

    def _fly(self, flight: _Flight, thread: Thread, text: str, doubt: bool) -> None:
        """Post, or find out whether it is posted; runs in a thread of its own."""
        channel, mark = thread.channel_id or thread.channel, (self._id, flight.key)
        try:
            for _ in range(2):
                if doubt:
                    flight.posted = self._poster.find(channel, mark, thread.root, self._since)
                    if flight.posted is not None:
                        return
                try:
                    flight.posted = self._poster.post(channel, text, mark, thread.root)
                    return
                except DoubtfulPostError as error:
                    flight.problem, doubt = error, True
                    self._clock.sleep(SETTLE_S)
            flight.posted = self._poster.find(channel, mark, thread.root, self._since)
            flight.state = NoticeState.QUEUED
        except NotPostedError as error:
            flight.problem, flight.state = error, NoticeState.QUEUED
        except HistoryUnreadableError as error:
            flight.problem = error
        except Exception as error:  # a run must not end because its notice failed in an unforeseen way
            flight.problem = DoubtfulPostError(f"the notice failed: {type(error).__name__}")
        finally:
            flight.landed.set()


def _next(thread: Thread, tried: set[str]) -> Notice | None:
    """Return the notice to post now: the first that waits, and none before the thread has its root."""
    for notice in thread.waiting:
        if notice.key not in tried:
            return notice
        if not thread.root:
            return None
    return None
