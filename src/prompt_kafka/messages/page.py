"""What reading returned: records, and exactly which offsets were looked at."""

from __future__ import annotations

from dataclasses import dataclass

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
class Page:
    """Records of one reading, in the order asked for.

    Parameters
    ----------
    spans
        Per partition, what was read; ``more`` says whether there is something beyond the records.
    """

    topic: str
    records: tuple[Record, ...]
    spans: tuple[Span, ...]
    forwards: bool
    more: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a reader of a live tail should know, such as records that are gone."""

    text: str


def span_of(
    fetched: list[Fetched], first: int, end: int, start: int, stable: int, place: tuple[str, int]
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
            else:
                records += sum(first <= record.offset < end for record in batch.records())
    return Span(*place, first, end, records, markers, aborted, start, stable)
