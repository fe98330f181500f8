"""Reading a topic: newest first, from a place onwards, or live.

No group, no commit, no consumer: raw fetches. So a look never changes what anybody else reads, and the answer
can say which offsets it covers. An empty fetch is not taken for the end; the end is the last stable offset.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prompt_kafka.clients.kafka import Fetched, KafkaConnection, KafkaError, OffsetOutOfRangeError, Record
from prompt_kafka.core.errors import UnreachableError, UsageError
from prompt_kafka.core.kafka import Offsets
from prompt_kafka.messages.page import Notice, Page, Span, span_of
from prompt_kafka.messages.start import NEWEST, Start

WINDOW = 4
POLL_S = 0.5
EMPTY_TRIES = 4


@dataclass(slots=True)
class _Part:
    """What has been read of one partition so far."""

    offsets: Offsets
    first: int
    end: int
    records: list[Record] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    forwards: bool = False

    @property
    def place(self) -> tuple[str, int]:
        return self.offsets.topic, self.offsets.partition

    def cut(self, dropped: set[int]) -> None:
        """Take back records that are not shown: what is said to be read ends before them."""
        if not dropped:
            return
        if self.forwards:
            self.end = min(dropped)
        else:
            self.first = max(dropped) + 1
        self.records = [record for record in self.records if record.offset not in dropped]

    def span(self) -> Span:
        """Say what was read."""
        offsets = self.offsets
        return span_of(self.fetched, self.first, self.end, offsets.start, offsets.stable, self.place)


def read(
    connection: KafkaConnection,
    topic: str,
    partitions: Sequence[int] | None = None,
    start: Start = NEWEST,
    limit: int = 100,
    *,
    committed: bool = True,
) -> Page:
    """Read up to `limit` records, merged over partitions by time.

    Parameters
    ----------
    partitions
        Only these; ``None`` for all.
    start
        Where to begin. ``NEWEST`` walks backwards from the end and gives the newest record first; every other
        start reads forwards, oldest first.
    committed
        Leave out aborted transactions, and what an open transaction holds back.

    Raises
    ------
    UnknownTopicError
        With the names near it.
    OffsetOutOfRangeError
        With the valid range.
    UsageError
        If a partition does not exist.
    """
    chosen = _chosen(connection, topic, partitions)
    if start.forwards:
        times = connection.offsets_at(topic, start.at) if start.kind == "time" else {}
        parts = [_forwards(connection, offsets, start, times, limit, committed) for offsets in chosen]
    else:
        parts = [_backwards(connection, offsets, limit, committed) for offsets in chosen]
    merged = sorted(
        (record for part in parts for record in part.records), key=_order, reverse=not start.forwards
    )
    for part in parts:
        part.cut({record.offset for record in merged[limit:] if record.partition == part.offsets.partition})
    if start.forwards:
        more = any(part.end < _end(part.offsets, committed) for part in parts)
    else:
        more = any(part.first > part.offsets.start for part in parts)
    return Page(topic, tuple(merged[:limit]), tuple(part.span() for part in parts), start.forwards, more)


def follow(
    connection: KafkaConnection,
    topic: str,
    partitions: Sequence[int] | None = None,
    after: Page | None = None,
    *,
    committed: bool = True,
    stop: threading.Event | None = None,
) -> Iterator[Record | Notice]:
    """Give records as they are written, from now on or from where `after` ended, until `stop` is set.

    A broker that goes away is waited for; a `Notice` says so, and which records were deleted before they
    could be read.
    """
    stop = stop or threading.Event()
    chosen = _chosen(connection, topic, partitions)
    positions = {(topic, offsets.partition): _end(offsets, committed) for offsets in chosen}
    for span in after.spans if after else ():
        if after and (after.forwards or span.end >= span.stable) and (topic, span.partition) in positions:
            positions[topic, span.partition] = span.end
    return _follow(connection, topic, positions, committed, stop)


def _follow(
    connection: KafkaConnection,
    topic: str,
    positions: dict[tuple[str, int], int],
    committed: bool,
    stop: threading.Event,
) -> Iterator[Record | Notice]:
    silent = False
    while not stop.is_set():
        try:
            answers = connection.fetch_each(positions, committed=committed, wait=POLL_S)
        except UnreachableError as error:
            if not silent:
                yield Notice(f"waiting: {error.what}")
            silent = True
            connection.clock.sleep(POLL_S, stop)
            continue
        except OffsetOutOfRangeError:
            yield from _gone(connection, topic, positions)
            continue
        if silent:
            silent = False
            yield Notice("reading again")
        fresh = [record for answer in answers.values() for record in answer.records()]
        yield from sorted(fresh, key=_order)
        for place, answer in answers.items():
            positions[place] = answer.next_offset


def _gone(connection: KafkaConnection, topic: str, positions: dict[tuple[str, int], int]) -> Iterator[Notice]:
    try:
        known = connection.offsets(topic)
    except UnreachableError:
        return  # the next fetch says so
    for offsets in known:
        place = (topic, offsets.partition)
        if place in positions and not offsets.start <= positions[place] <= offsets.end:
            yield Notice(
                f"partition {offsets.partition}: offset {positions[place]} is not there any more,"
                f" going on at {offsets.start}"
            )
            positions[place] = offsets.start


def _chosen(connection: KafkaConnection, topic: str, partitions: Sequence[int] | None) -> list[Offsets]:
    known = connection.offsets(topic)
    if partitions is None:
        return list(known)
    numbers = {offsets.partition for offsets in known}
    for wanted in partitions:
        if wanted not in numbers:
            raise UsageError(
                f"topic {topic} has no partition {wanted} that can be read",
                where=connection.where,
                next=f"partitions are {', '.join(map(str, sorted(numbers)))}",
            )
    return [offsets for offsets in known if offsets.partition in set(partitions)]


def _order(record: Record) -> tuple[int, int, int]:
    return record.time_ms, record.partition, record.offset


def _end(offsets: Offsets, committed: bool) -> int:
    return offsets.stable if committed else offsets.end


def _backwards(connection: KafkaConnection, offsets: Offsets, limit: int, committed: bool) -> _Part:
    """Read windows backwards from the end until there are `limit` records or nothing is before them."""
    end = _end(offsets, committed)
    part = _Part(offsets, end, end)
    window = limit
    while part.first > offsets.start and len(part.records) < limit:
        first = max(offsets.start, part.first - window)
        older = _range(connection, offsets, first, part.first, committed)
        part.records[:0] = [
            record for answer in older for record in answer.records() if record.offset < part.first
        ]
        part.fetched[:0] = older
        part.first = first
        window *= WINDOW
    if len(part.records) > limit:
        surplus = len(part.records) - limit
        part.first = part.records[surplus - 1].offset + 1
        del part.records[:surplus]
    return part


def _forwards(
    connection: KafkaConnection,
    offsets: Offsets,
    start: Start,
    times: Mapping[int, int | None],
    limit: int,
    committed: bool,
) -> _Part:
    """Read from a place towards the end until there are `limit` records."""
    end = _end(offsets, committed)
    first = start.at if start.kind == "offset" else offsets.start
    if start.kind == "time":
        found = times.get(offsets.partition)
        first = end if found is None else found
    if not offsets.start <= first <= offsets.end:
        connection.fetch(offsets.topic, offsets.partition, first)  # raises with the valid range
    answers = _range(connection, offsets, first, end, committed, limit)
    records = [record for answer in answers for record in answer.records() if record.offset < end]
    reached = answers[-1].next_offset if answers else (first if limit == 0 else end)
    part = _Part(offsets, first, max(first, min(reached, end)), records, answers, forwards=True)
    part.cut({record.offset for record in records[limit:]})
    return part


def _range(
    connection: KafkaConnection,
    offsets: Offsets,
    first: int,
    end: int,
    committed: bool,
    limit: int | None = None,
) -> list[Fetched]:
    """Fetch the offsets from `first` to `end`; stop early once `limit` records are there.

    A broker may answer with nothing although there is more (it just became the leader): it is asked again.
    """
    found: list[Fetched] = []
    position, records, empty = first, 0, 0
    while position < end and (limit is None or records < limit):
        answer = connection.fetch(
            offsets.topic, offsets.partition, position, committed=committed, wait=POLL_S * empty
        )
        if answer.next_offset <= position:
            empty += 1
            if empty > EMPTY_TRIES:
                raise KafkaError(
                    f"the broker gives nothing at offset {position}, but the partition ends at {end}",
                    where=f"{offsets.topic}-{offsets.partition} at {connection.where}",
                )
            continue
        found.append(answer)
        position, empty = answer.next_offset, 0
        if limit is not None:
            records += sum(1 for _ in answer.records())
    return found
