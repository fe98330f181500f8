"""Searching a topic, and saying honestly what was searched.

It ends at the end of the range, at the matches that were wanted, at a budget, or when it is stopped; never
because nothing came for a while. The answer names the offsets that were read and those that were not, which
together are the range that was asked for, and can be continued from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from prompt_kafka.clients.kafka import KafkaConnection, Record
from prompt_kafka.clients.kafka.codecs import Buffer
from prompt_kafka.clients.kafka.reach import Reached, reach
from prompt_kafka.core.errors import UnreachableError, UsageError
from prompt_kafka.messages.asking import UNREACHED, UNREADABLE, Asking, Budget, Found, Progress
from prompt_kafka.messages.bounds import Asked, resolve
from prompt_kafka.messages.lane import Piece
from prompt_kafka.messages.matching import Matched, Matcher
from prompt_kafka.messages.merging import Merge, Part
from prompt_kafka.messages.page import Page, Span, Unread, merged, missing, outside, span_of, without
from prompt_kafka.messages.partitioner import partition_of
from prompt_kafka.messages.scan import Scan
from prompt_kafka.messages.steps import Steps
from prompt_kafka.messages.view import PLAIN, View

TELL_S = 0.2
FEW = 2000
LATE = "written too long after the upper bound to hold records dated before it, if clocks were right"


def search(
    connection: KafkaConnection,
    asking: Asking,
    *,
    view: View = PLAIN,
    budget: Budget | None = None,
    throttle: float | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[Progress], None] | None = None,
    sink: Callable[[Record], None] | None = None,
) -> Found:
    """Search a topic.

    Parameters
    ----------
    view
        How records are shown; where it hides something, the filter looks at what it shows.
    throttle
        Bytes per second.
    stop
        Ends the search; what was not read is said.
    progress
        Called at once and then about five times a second, on this thread.
    sink
        Takes each match as it is found, on this thread, instead of the result's `Page.records`: then memory
        does not grow with the matches.

    Raises
    ------
    UnknownTopicError, UsageError
        No such topic or partition, or the filter is not understood.
    """
    stop, budget = stop or threading.Event(), budget or Budget()
    matcher = Matcher(asking.filter, asking.span, view)
    reached = reach(connection, asking.topic, asking.partitions, asking.span.times)
    require_partitions(connection, reached, asking.partitions)
    key = asking.filter.exact_key
    own = None
    if key is not None and not asking.all_partitions and asking.partitions is None and asking.left is None:
        own = partition_of(key, len(reached.partitions))
        if own in reached.unseen:
            raise UnreachableError(
                f"partition {own}, where this key belongs, cannot be read: {reached.unseen[own]}",
                where=connection.where,
            )
    asked = [resolve(asking.span, each, committed=asking.committed) for each in reached.found.values()]
    if asking.left is not None:
        asked = _narrowed(asked, asking.left)
    if own is not None:
        asked = [each for each in asked if each.partition == own]
    if asking.span.lower.kind == "offset":
        require_offset(connection, asking.topic, asking.span.lower.at, asked)
    run = _Run(connection, asking, asked, matcher, budget, stop, progress, sink)
    ending = run.run(throttle)
    page = run.page(reached, ending)
    return Found(page, run.progress(), run.errors, run.example, own)


class _Run:
    """One search under way."""

    def __init__(
        self,
        connection: KafkaConnection,
        asking: Asking,
        asked: Sequence[Asked],
        matcher: Matcher,
        budget: Budget,
        stop: threading.Event,
        tell: Callable[[Progress], None] | None,
        sink: Callable[[Record], None] | None,
    ) -> None:
        self._connection, self._asking, self._asked = connection, asking, asked
        self._matcher, self._budget, self._stop, self._tell = matcher, budget, stop, tell
        self._merge = Merge(asking.forwards, asking.wanted, sink)
        self._places = {each.partition: each for each in asked}
        self._began = connection.clock.monotonic()
        self._told = -TELL_S
        self._records = 0
        self._offsets = 0
        self._fetched = 0
        self._failed: dict[int, str] = {}
        self._holes: list[Unread] = []
        self.errors = 0
        self.example: tuple[Record, str] | None = None

    def run(self, throttle: float | None) -> str:
        """Read until there is a reason to end; return it."""
        merge = self._merge
        for each in self._asked:
            merge.open(each.partition, finished=each.first >= each.until)
        self._say(force=True)
        with self._opened(throttle) as scan:
            while True:
                merge.emit()
                ending = self._ending(scan)
                if ending is not None:
                    self._failed = {p: lane.failed for p, lane in scan.lanes.items() if lane.failed}
                    self._say(force=True)
                    return ending
                done = scan.take(0.1)
                if done is not None:
                    piece, (part, matched) = done.piece, done.result
                    self._count(piece, part, matched)
                    merge.add(part, matched.records)
                for partition, lane in scan.lanes.items():
                    if lane.exhausted and not lane.outstanding:
                        merge.finish(partition)
                    scan.hold(partition, merge.full(partition))
                self._fetched = scan.fetched_bytes
                self._say()

    def _opened(self, throttle: float | None) -> Scan[tuple[Part, Matched]] | Steps[tuple[Part, Matched]]:
        """Return what reads: step by step for a page, else with threads."""
        asking = self._asking
        what = self._connection, asking.topic, self._asked, self._work
        if asking.wanted is not None and asking.wanted <= FEW and not asking.filter:
            return Steps(
                *what,
                asking.wanted,
                forwards=asking.forwards,
                committed=asking.committed,
                throttle=throttle,
                stop=self._stop,
            )
        return Scan(
            *what,
            forwards=asking.forwards,
            committed=asking.committed,
            throttle=throttle,
            stop=self._stop,
        )

    def _work(self, piece: Piece, buffer: Buffer) -> tuple[Part, Matched]:
        """Match a piece; runs on the scan's threads."""
        matched = Matched([])
        for answer in piece.fetched:
            for batch in answer.readable():
                if batch.last_offset >= piece.first and batch.base_offset < piece.end:
                    self._matcher.match(batch, piece.first, piece.end, buffer, matched)
        asked, forwards = self._places[piece.partition], self._asking.forwards
        place = (self._asking.topic, piece.partition)
        span = span_of(piece.fetched, piece.first, piece.end, asked.start, asked.limit, place)
        edge = _edge(piece, matched, forwards, whole=not self._asking.filter)
        # What a match holds on to is only kept where it may have to be counted again.
        return Part(span, edge, piece.fetched if matched.records else ()), matched

    def _count(self, piece: Piece, part: Part, matched: Matched) -> None:
        self._records += part.span.records
        self._offsets += piece.end - piece.first
        self.errors += matched.errors
        self.example = self.example or matched.example
        for first, end, why in matched.damaged or ():
            self._holes.append(Unread(piece.partition, first, end, why))
        if piece.gone and piece.gone[1] > piece.gone[0]:
            self._holes.append(Unread(piece.partition, *piece.gone, "deleted while it was searched"))

    def _ending(self, scan: Scan[tuple[Part, Matched]] | Steps[tuple[Part, Matched]]) -> str | None:
        if self._merge.enough:
            return f"the {self._asking.wanted} messages that were wanted are found"
        if scan.finished:
            failed = any(lane.failed for lane in scan.lanes.values())
            return UNREADABLE if failed else "end of the range"
        if self._stop.is_set():
            return "stopped"
        seconds = self._connection.clock.monotonic() - self._began
        return self._budget.spent(seconds, scan.fetched_bytes, self._records)

    def _say(self, *, force: bool = False) -> None:
        elapsed = self._connection.clock.monotonic() - self._began
        if self._tell is not None and (force or elapsed - self._told >= TELL_S):
            self._told = elapsed
            self._tell(self.progress())

    def progress(self) -> Progress:
        """Return how far it is."""
        whole = sum(each.until - each.first for each in self._asked)
        seconds = self._connection.clock.monotonic() - self._began
        return Progress(
            self._offsets, whole, self._records, self._fetched, self._merge.count, seconds, self.errors
        )

    def page(self, reached: Reached, ending: str) -> Page:
        """Put together what was read and what was not."""
        spans = merged(without(self._merge.read(), self._holes))
        unread = list(self._holes)
        for each in self._asked:
            failure = self._failed.get(each.partition)
            why = f"{UNREACHED}: {failure}" if failure else UNREACHED
            rest = missing((each.partition, each.first, each.until), spans, why)
            unread += [own for own in rest for own in outside(own, self._holes)]
            if each.end > each.until:
                unread.append(Unread(each.partition, each.until, each.end, LATE))
        unread.sort(key=lambda own: (own.partition, own.first))
        empty = [Span(self._asking.topic, a.partition, a.first, a.first, start=a.start, stable=a.limit)
                 for a in self._asked if not any(s.partition == a.partition for s in spans)]  # fmt: skip
        return Page(
            topic=self._asking.topic,
            records=self._merge.ordered(),
            spans=tuple(sorted((*spans, *empty), key=lambda span: (span.partition, span.first))),
            forwards=self._asking.forwards,
            more=any(own.why.startswith(UNREACHED) for own in unread),
            unread=tuple(unread),
            unseen=dict(reached.unseen),
            ending=ending,
            topic_id=reached.topic_id,
        )


def require_partitions(
    connection: KafkaConnection, reached: Reached, partitions: Sequence[int] | None
) -> None:
    """Refuse partitions that a topic does not have."""
    for wanted in partitions or ():
        if wanted not in reached.partitions:
            raise UsageError(
                f"topic {reached.topic} has no partition {wanted}",
                where=connection.where,
                next=f"partitions are {', '.join(map(str, reached.partitions))}",
            )


def require_offset(connection: KafkaConnection, topic: str, offset: int, asked: Sequence[Asked]) -> None:
    """Refuse an offset that lies outside of every partition that was chosen."""
    if not asked or any(each.start <= offset <= each.limit for each in asked):
        return
    connection.fetch(topic, asked[0].partition, offset)  # raises with the valid range


def _narrowed(asked: Sequence[Asked], left: Sequence[tuple[int, int, int]]) -> list[Asked]:
    known = {each.partition: each for each in asked}
    found = []
    for partition, first, end in left:
        each = known.get(partition)
        if each is not None:
            first, end = max(first, each.start), min(end, each.limit)
            found.append(replace(each, first=min(first, end), end=max(first, end), until=max(first, end)))
    return found


def _edge(piece: Piece, matched: Matched, forwards: bool, *, whole: bool) -> int | None:
    """Return the time of the last record in the direction of reading, or one that is safely before it.

    Parameters
    ----------
    whole
        All records are matches.
    """
    if whole and matched.records:
        return (matched.records[-1] if forwards else matched.records[0]).time_ms
    batches = [
        batch
        for answer in piece.fetched
        for batch in answer.batches
        if not batch.control and batch.last_offset >= piece.first and batch.base_offset < piece.end
    ]
    if not batches:
        return None
    batch = batches[-1] if forwards else batches[0]
    inside = batch.last_offset < piece.end if forwards else batch.base_offset >= piece.first
    late = batch.append_time or forwards == inside
    return batch.max_time_ms if late else batch.first_time_ms
