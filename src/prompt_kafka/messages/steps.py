"""Reading a few records, without threads: just enough of each partition, all leaders at once, step by step.

It stands where a `Scan` stands, for a page of newest records. What it fetches is cut to what the page can
need, because records are decoded here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Self, TypeVar

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kafka.codecs import Buffer
from prompt_kafka.clients.kafka.fetch import fetch_from_each
from prompt_kafka.messages.bounds import Asked
from prompt_kafka.messages.lane import Piece, lanes_of
from prompt_kafka.messages.scan import EMPTY_WAIT_S, Done, settle

Result = TypeVar("Result")

LEAST = 256 << 10
MOST = 1 << 20


class Steps(Generic[Result]):
    """Reads ranges of partitions a bit at a time; parameters as `Scan`.

    Parameters
    ----------
    wanted
        How many records are enough, of all partitions together.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        asked: Sequence[Asked],
        work: Callable[[Piece, Buffer], Result],
        wanted: int,
        *,
        forwards: bool = False,
        committed: bool = True,
        throttle: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.lanes = lanes_of(asked, forwards=forwards)
        share = 2 * max(1, wanted) // max(1, len(asked)) + 4
        for lane in self.lanes.values():
            lane.window = share if len(asked) > 1 else max(1, wanted)
            lane.stepping = True
        self.fetched_bytes = 0
        self._connection, self._topic, self._work = connection, topic, work
        self._committed, self._throttle = committed, throttle
        self._stop = stop or threading.Event()
        self._buffer = Buffer()
        self._ready: deque[Done[Result]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ready.clear()

    @property
    def finished(self) -> bool:
        """Nothing more will come."""
        return not self._ready and all(lane.exhausted for lane in self.lanes.values())

    def hold(self, partition: int, held: bool) -> None:
        """Do not read further in a partition for the time being, or do again."""
        self.lanes[partition].held = held

    def take(self, timeout: float) -> Done[Result] | None:
        """Return the next piece, fetching if need be."""
        if not self._ready:
            self._fetch()
        if not self._ready:
            return None
        done = self._ready.popleft()
        self.lanes[done.piece.partition].outstanding -= 1
        return done

    def _fetch(self) -> None:
        clock = self._connection.clock
        now = clock.monotonic()
        open_lanes = [lane for lane in self.lanes.values() if not lane.exhausted and not lane.held]
        lanes = [lane for lane in open_lanes if lane.retry_at <= now]
        if not lanes:
            if open_lanes:
                clock.sleep(min(0.1, min(lane.retry_at for lane in open_lanes) - now), self._stop)
            return
        by_leader: dict[int, dict[int, tuple[int, int]]] = {}
        for lane in sorted(lanes, key=lambda lane: -lane.empty):
            most = min(MOST, max(LEAST, int(lane.window * 500)))
            by_leader.setdefault(lane.leader, {})[lane.partition] = lane.request(most)
        empty = min(lane.empty for lane in lanes)
        answers = fetch_from_each(
            self._connection, self._topic, by_leader, committed=self._committed, wait=EMPTY_WAIT_S * empty
        )
        fetched, pieces = settle(self._connection, self._topic, lanes, answers)
        self.fetched_bytes += fetched
        for piece in pieces:
            self.lanes[piece.partition].outstanding += 1
            self._ready.append(Done(piece, self._work(piece, self._buffer)))
        if self._throttle is not None:
            clock.sleep(fetched / self._throttle, self._stop)
