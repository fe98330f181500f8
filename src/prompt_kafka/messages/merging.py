"""Matches of several partitions in the order of their times, none skipped and none twice.

A match may go out when no other partition can still have one before it. Within a partition the order is that
of the offsets, whatever the times say: so what was given out is a range of offsets, and the next page begins
where this one ends.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prompt_kafka.clients.kafka import Fetched, Record
from prompt_kafka.messages.page import Span, span_of


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a partition that was read.

    Parameters
    ----------
    edge
        Time of its last record in the direction of reading; ``None`` if it holds none.
    fetched
        To count again, if only a part of it is given out.
    """

    span: Span
    edge: int | None
    fetched: Sequence[Fetched] = ()


@dataclass(slots=True)
class _Queue:
    waiting: deque[tuple[Record, Part]] = field(default_factory=deque)
    parts: list[Part] = field(default_factory=list)
    edge: int | None = None
    finished: bool = False


class Merge:
    """Takes matches by partition, gives them out by time.

    Parameters
    ----------
    wanted
        How many; ``None`` gives all, in the order in which they are found.
    """

    def __init__(self, forwards: bool, wanted: int | None, sink: Callable[[Record], None] | None) -> None:
        self._forwards, self._wanted, self._sink = forwards, wanted, sink
        self._queues: dict[int, _Queue] = {}
        self.records: list[Record] = []
        self.count = 0

    @property
    def enough(self) -> bool:
        """As many as were wanted are given out."""
        return self._wanted is not None and self.count >= self._wanted

    def open(self, partition: int, *, finished: bool = False) -> None:
        """Expect matches of a partition."""
        self._queues[partition] = _Queue(finished=finished)

    def finish(self, partition: int) -> None:
        """Expect no more of a partition."""
        self._queues[partition].finished = True

    def full(self, partition: int) -> bool:
        """Say whether more matches of this partition are of no use now."""
        return self._wanted is not None and len(self._queues[partition].waiting) >= self._wanted - self.count

    def add(self, part: Part, records: Sequence[Record]) -> None:
        """Take what a part held, in the order of offsets."""
        queue = self._queues[part.span.partition]
        queue.edge = part.edge if part.edge is not None else queue.edge
        last = queue.parts[-1] if queue.parts else None
        if not records and last is not None and not last.fetched and not part.fetched:
            queue.parts[-1] = Part(_joined(last.span, part.span), queue.edge)
        else:
            queue.parts.append(part)
        queue.waiting.extend((record, part) for record in (records if self._forwards else reversed(records)))

    def emit(self) -> None:
        """Give out what can be given out."""
        while not self.enough and (partition := self._first()) is not None:
            queue = self._queues[partition]
            record, part = queue.waiting.popleft()
            self.count += 1
            if self._sink is not None:
                self._sink(record)
            else:
                self.records.append(record)
            if not queue.waiting or queue.waiting[0][1] is not part:
                self._settle(queue)

    def ordered(self) -> tuple[Record, ...]:
        """Return what was given out, merged by time."""
        if self._wanted is not None:
            return tuple(self.records)
        own: dict[int, list[Record]] = {}
        for record in self.records:
            own.setdefault(record.partition, []).append(record)
        return tuple(heapq.merge(*own.values(), key=_order, reverse=not self._forwards))

    def _settle(self, queue: _Queue) -> None:
        """Let go of what was fetched for parts whose matches are all given out."""
        held = {id(part) for _, part in queue.waiting}
        parts: list[Part] = []
        for part in queue.parts:
            if id(part) in held:
                parts.append(part)
            elif parts and not parts[-1].fetched:
                parts[-1] = Part(_joined(parts[-1].span, part.span), part.edge)
            else:
                parts.append(Part(part.span, part.edge))
        queue.parts = parts

    def _first(self) -> int | None:
        """Return the partition whose match is next; ``None`` while that is not known."""
        best: int | None = None
        for partition, queue in self._queues.items():
            if queue.waiting and (best is None or self._before(queue, self._queues[best])):
                best = partition
        if best is None or self._wanted is None:
            return best
        time = self._queues[best].waiting[0][0].time_ms
        for queue in self._queues.values():
            if queue.waiting or queue.finished:
                continue
            if queue.edge is None or (queue.edge < time if self._forwards else queue.edge > time):
                return None
        return best

    def _before(self, one: _Queue, other: _Queue) -> bool:
        first, second = _order(one.waiting[0][0]), _order(other.waiting[0][0])
        return first < second if self._forwards else first > second

    def read(self) -> list[Span]:
        """Return what was read, up to the first match that was not given out."""
        found: list[Span] = []
        for queue in self._queues.values():
            cut = queue.waiting[0] if queue.waiting else None
            for part in queue.parts:
                if cut is not None and part is cut[1]:
                    found += _cut(part, cut[0].offset, self._forwards)
                    break
                found.append(part.span)
        return found


def _cut(part: Part, offset: int, forwards: bool) -> list[Span]:
    span = part.span
    first, end = (span.first, offset) if forwards else (offset + 1, span.end)
    if first >= end:
        return []
    place = (span.topic, span.partition)
    return [span_of(part.fetched, first, end, span.start, span.stable, place)]


def _joined(one: Span, other: Span) -> Span:
    low, high = (one, other) if one.first <= other.first else (other, one)
    return Span(
        low.topic,
        low.partition,
        low.first,
        high.end,
        low.records + high.records,
        low.markers + high.markers,
        low.aborted + high.aborted,
        low.start,
        low.stable,
    )


def _order(record: Record) -> tuple[int, int, int]:
    return record.time_ms, record.partition, record.offset
