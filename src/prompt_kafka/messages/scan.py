"""The engine that reads much: whole batches of many partitions, leaders and partitions in parallel.

Threads fetch, one request at a time per leader and the next before the last is looked at; threads work on
what came. The consumer takes results in the order of each partition. What is under way is bounded, so memory
does not grow with the topic. A partition that cannot be read says why and holds up no other.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from prompt_kafka.clients.kafka import Fetched, KafkaConnection, OffsetOutOfRangeError
from prompt_kafka.clients.kafka.codecs import Buffer
from prompt_kafka.clients.kafka.errors import LeaderMovedError
from prompt_kafka.clients.kafka.reach import reach
from prompt_kafka.clients.kafka.stream import Stream
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.messages.bounds import Asked
from prompt_kafka.messages.lane import Lane, Piece, lanes_of

AHEAD = 3  # pieces of a partition that nobody has taken yet
IN_FLIGHT = 40 << 20  # bytes of all of them
RESPONSE = 16 << 20
PER_PARTITION = 4 << 20
FAILURES = 3
RETRY_S = 0.3
EMPTY_WAIT_S = 0.2
SMOOTH_S = 0.25  # a throttled fetch asks for what this time allows
FETCHERS = 8
WORKERS = max(2, min(4, os.cpu_count() or 2))

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """A piece, and what became of it."""

    piece: Piece
    result: Result


class Scan(Generic[Result]):
    """Reads ranges of a topic's partitions; a context manager, for one consumer.

    Parameters
    ----------
    work
        Called on threads with each piece and a buffer of that thread's own.
    throttle
        Bytes per second that may be fetched.
    stop
        Ends it early.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        asked: Sequence[Asked],
        work: Callable[[Piece, Buffer], Result],
        *,
        forwards: bool = False,
        committed: bool = True,
        throttle: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.lanes = lanes_of(asked, forwards=forwards)
        self.fetched_bytes = 0
        self._connection, self._topic, self._work = connection, topic, work
        self._committed, self._throttle = committed, throttle
        self._stop = stop or threading.Event()
        self._closed = threading.Event()
        self._turn = threading.Condition()
        self._busy: set[int] = set()
        self._streams: dict[int, Stream] = {}
        self._pieces: deque[Piece] = deque()
        self._waiting: dict[tuple[int, int], Done[Result]] = {}
        self._in_flight = 0
        self._error: BaseException | None = None
        self._began = connection.clock.monotonic()
        leaders = len({lane.leader for lane in self.lanes.values() if not lane.exhausted})
        self._threads = [
            threading.Thread(target=self._guard, args=(loop,), name=f"scan {topic}", daemon=True)
            for loop in [self._fetching] * min(leaders, FETCHERS)
            + [self._working] * (WORKERS if leaders else 0)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; what was not taken counts as not read."""
        self._closed.set()
        with self._turn:
            self._turn.notify_all()
        for stream in self._streams.values():
            stream.close()
        for thread in self._threads:
            thread.join(1.0)

    def take(self, timeout: float) -> Done[Result] | None:
        """Return the next piece of a partition, in that partition's order; ``None`` if there is none yet."""
        with self._turn:
            found = self._next()
            if found is None and not self.finished:
                self._turn.wait(timeout)
                found = self._next()
            if self._error is not None:
                raise self._error
            return found

    @property
    def finished(self) -> bool:
        """Nothing more will come."""
        return all(lane.exhausted and not lane.outstanding for lane in self.lanes.values())

    def hold(self, partition: int, held: bool) -> None:
        """Do not read further in a partition for the time being, or do again."""
        lane = self.lanes[partition]
        if lane.held != held:
            with self._turn:
                lane.held = held
                self._turn.notify_all()

    def _next(self) -> Done[Result] | None:
        for place, lane in self.lanes.items():
            done = self._waiting.pop((place, lane.delivered), None)
            if done is not None:
                lane.delivered += 1
                lane.outstanding -= 1
                self._in_flight -= done.piece.size
                self._turn.notify_all()
                return done
        return None

    def _guard(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:
            with self._turn:
                self._error = self._error or error
                self._turn.notify_all()

    # -- fetching -------------------------------------------------------------------------------------------

    def _fetching(self) -> None:
        clock = self._connection.clock
        while not self._closed.is_set():
            with self._turn:
                job = self._job(clock.monotonic())
                if job is None:
                    if all(lane.exhausted for lane in self.lanes.values()):
                        return
                    self._turn.wait(0.05)
                    continue
            leader, lanes, positions, empty = job
            answers = self._streams[leader].fetch(
                self._topic, positions, committed=self._committed, wait=EMPTY_WAIT_S * empty
            )
            settled = settle(self._connection, self._topic, lanes, answers)
            with self._turn:
                self._busy.discard(leader)
                self.fetched_bytes += settled[0]
                for piece in settled[1]:
                    self.lanes[piece.partition].outstanding += 1
                    self._in_flight += piece.size
                    self._pieces.append(piece)
                for lane in lanes:
                    lane.fetching = False
                self._turn.notify_all()
            self._pause()

    def _job(self, now: float) -> tuple[int, list[Lane], dict[int, tuple[int, int]], int] | None:
        """Choose a leader that is not asked already, and what to fetch from it."""
        if self._stop.is_set() or self._in_flight >= IN_FLIGHT:
            return None
        ready: dict[int, list[Lane]] = {}
        for lane in self.lanes.values():
            if lane.exhausted or lane.fetching or lane.held or lane.outstanding >= AHEAD:
                continue
            if lane.retry_at <= now and lane.leader not in self._busy:
                ready.setdefault(lane.leader, []).append(lane)
        if not ready:
            return None
        leader, lanes = max(ready.items(), key=lambda entry: len(entry[1]))
        most = min(PER_PARTITION, max(RESPONSE // len(lanes), 256 << 10))
        if self._throttle is not None:
            most = max(1, min(most, int(self._throttle * SMOOTH_S / len(lanes))))
        lanes.sort(key=lambda lane: -lane.empty)  # the first is given a batch, however large it is
        positions = {lane.partition: lane.request(most) for lane in lanes}
        self._busy.add(leader)
        if leader not in self._streams:
            self._streams[leader] = Stream(self._connection, leader)
        for lane in lanes:
            lane.fetching = True
        return leader, lanes, positions, min(lane.empty for lane in lanes)

    def _pause(self) -> None:
        """Keep to the bytes per second."""
        if self._throttle is None:
            return
        clock = self._connection.clock
        due = self._began + self.fetched_bytes / self._throttle
        while not (self._closed.is_set() or self._stop.is_set()):
            left = due - clock.monotonic()
            if left <= 0:
                return
            clock.sleep(min(left, 0.2), self._closed)

    # -- working --------------------------------------------------------------------------------------------

    def _working(self) -> None:
        buffer = Buffer()
        while not self._closed.is_set():
            with self._turn:
                if not self._pieces:
                    if all(lane.exhausted for lane in self.lanes.values()):
                        return
                    self._turn.wait(0.1)
                    continue
                piece = self._pieces.popleft()
            result = self._work(piece, buffer)
            with self._turn:
                self._waiting[piece.partition, piece.number] = Done(piece, result)
                self._turn.notify_all()


def settle(
    connection: KafkaConnection,
    topic: str,
    lanes: Sequence[Lane],
    answers: Mapping[int, Fetched | PromptKafkaError],
) -> tuple[int, list[Piece]]:
    """Move lanes on by what was fetched for them; return the bytes, and the pieces that are complete.

    Leaders and first offsets are looked up anew for what failed; a lane that goes on failing is given up.
    """
    now = connection.clock.monotonic()
    size, pieces = 0, []
    failed = [lane.partition for lane in lanes if not isinstance(answers.get(lane.partition), Fetched)]
    moved = _moved(connection, topic, failed) if failed else {}
    for lane in lanes:
        answer = answers.get(lane.partition)
        if isinstance(answer, Fetched):
            size += sum(len(batch.raw) for batch in answer.batches)
            piece = lane.answered(answer)
            if piece is not None:
                pieces.append(piece)
            continue
        lane.failures += 1
        lane.retry_at = now + RETRY_S * lane.failures
        known = moved.get(lane.partition)
        temporary = answer is None or isinstance(
            answer, (UnreachableError, LeaderMovedError, OffsetOutOfRangeError)
        )
        if not temporary or lane.failures > FAILURES:
            lane.failed = f"broker {lane.leader}: {answer.what}" if answer is not None else "no answer"
        elif known is not None:
            lane.leader = known[0]
            if isinstance(answer, OffsetOutOfRangeError):
                lane.retry_at = now
                lane.moved(known[1])
    return size, pieces


def _moved(connection: KafkaConnection, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
    try:
        known = reach(connection, topic, partitions)
    except PromptKafkaError:
        return {}
    return {partition: (each.leader, each.start) for partition, each in known.found.items()}
