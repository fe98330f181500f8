"""What reading returned: records, and exactly which offsets were looked at and which were not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prompt_kafka.clients.kafka import Fetched, Record


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of one partition that were read, and what they held.

    Parameters
    ----------
    first, end
        Offsets from `first` up to but without `end` were read.
    records
        Records among them.
    markers, aborted
        Offsets of transaction markers, and of records whose transaction was aborted: neither is missing.
    start, stable
        First offset of the partition, and where committed data ends now.
    """

    topic: str
    partition: int
    first: int
    end: int
    records: int = 0
    markers: int = 0
    aborted: int = 0
    start: int = 0
    stable: int = 0

    @property
    def compacted(self) -> int:
        """Offsets without anything: removed by compaction."""
        return max(0, self.end - self.first - self.records - self.markers - self.aborted)

    @property
    def complete(self) -> bool:
        """Everything that the partition holds was read."""
        return self.first <= self.start and self.end >= self.stable


@dataclass(frozen=True, slots=True)
class Unread:
    """Offsets that were asked for and not read, and why."""

    partition: int
    first: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one reading, in the order asked for.

    Parameters
    ----------
    spans
        What was read. Together with `unread` it is what was asked for, and no offset is in both.
    unread
        What was not, because there was enough, or for the reason it says.
    unseen
        Partitions that could not be asked at all, and why.
    more
        There is something beyond the records that this reading could go on to.
    ending
        Why it ended.
    """

    topic: str
    records: tuple[Record, ...]
    spans: tuple[Span, ...]
    forwards: bool
    more: bool
    unread: tuple[Unread, ...] = ()
    unseen: Mapping[int, str] = field(default_factory=dict)
    ending: str = ""
    topic_id: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a reader of a live tail should know, such as records that are gone."""

    text: str


def span_of(
    fetched: Sequence[Fetched], first: int, end: int, start: int, stable: int, place: tuple[str, int]
) -> Span:
    """Count what the offsets from `first` to `end` of one partition held."""
    records = markers = aborted = 0
    for answer in fetched:
        readable = {batch.base_offset for batch in answer.readable()}
        for batch in answer.batches:
            inside = min(batch.last_offset + 1, end) - max(batch.base_offset, first)
            if inside <= 0:
                continue
            if batch.control:
                markers += inside
            elif batch.base_offset not in readable:
                aborted += inside
            elif inside == batch.last_offset + 1 - batch.base_offset:
                records += batch.count
            elif batch.dense:
                records += inside
            else:
                records += sum(first <= record.offset < end for record in batch.records())
    return Span(*place, first, end, records, markers, aborted, start, stable)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in order, with those that touch made one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.partition, span.first)):
        last = found[-1] if found else None
        if last is None or last.partition != span.partition or last.end != span.first:
            found.append(span)
            continue
        found[-1] = replace(
            last,
            end=span.end,
            records=last.records + span.records,
            markers=last.markers + span.markers,
            aborted=last.aborted + span.aborted,
        )
    return tuple(found)


def missing(asked: tuple[int, int, int], spans: Iterable[Span], why: str) -> list[Unread]:
    """Return what of ``(partition, first, end)`` lies in no span."""
    partition, at, end = asked
    found: list[Unread] = []
    for span in sorted((s for s in spans if s.partition == partition), key=lambda span: span.first):
        if span.first > at:
            found.append(Unread(partition, at, min(span.first, end), why))
        at = max(at, span.end)
    if at < end:
        found.append(Unread(partition, at, end, why))
    return found


def without(spans: Sequence[Span], holes: Sequence[Unread]) -> list[Span]:
    """Return spans with holes cut out of them; the counts stay with the first part."""
    found = list(spans)
    for hole in holes:
        parts: list[Span] = []
        for span in found:
            if span.partition != hole.partition or hole.end <= span.first or hole.first >= span.end:
                parts.append(span)
                continue
            if span.first < hole.first:
                parts.append(
                    replace(span, end=hole.first, records=min(span.records, hole.first - span.first))
                )
            if hole.end < span.end:
                kept = span if span.first >= hole.first else replace(span, records=0, markers=0, aborted=0)
                parts.append(replace(kept, first=hole.end, records=min(kept.records, span.end - hole.end)))
        found = parts
    return found


def outside(own: Unread, holes: Sequence[Unread]) -> list[Unread]:
    """Return the parts of `own` that lie in no hole."""
    spans = [Span("", hole.partition, hole.first, hole.end) for hole in holes]
    return missing((own.partition, own.first, own.end), spans, own.why)
