"""One partition on its way through a scan: what to ask for next, forwards or in windows backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from prompt_kafka.clients.kafka import Batch, Fetched
from prompt_kafka.messages.bounds import Asked

FIRST_WINDOW = 1000  # offsets
GROWTH = 8
SLACK = 1.25
LEAST = 64 << 10  # bytes of one fetch
EMPTY_TRIES = 6
MUCH = 3
LITTLE = 0.01
HUGE = 128 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Offsets of a partition that were fetched, in one go.

    Parameters
    ----------
    number
        Counts the pieces of a partition in the order of reading.
    gone
        Offsets right before (forwards) that were deleted meanwhile.
    """

    partition: int
    number: int
    first: int
    end: int
    fetched: tuple[Fetched, ...]
    size: int
    gone: tuple[int, int] | None = None


@dataclass(slots=True)
class Lane:
    """Where a scan stands in a partition.

    Parameters
    ----------
    low, high
        Offsets that have not been asked for yet.
    failed
        Why it is not read further.
    window
        Offsets of the next piece, backwards or when `stepping`: then pieces are cut to it.
    """

    asked: Asked
    forwards: bool
    leader: int
    low: int = 0
    high: int = 0
    fetching: bool = False
    held: bool = False
    outstanding: int = 0
    number: int = 0
    delivered: int = 0
    failures: int = 0
    empty: int = 0
    retry_at: float = 0.0
    failed: str | None = None
    gone: tuple[int, int] | None = None
    stepping: bool = False
    window: int = FIRST_WINDOW
    density: float = 0.0
    parts: list[Fetched] = field(default_factory=list)
    part_first: int = 0
    most: int = 0
    largest: int = 0
    cursor: int = 0

    @property
    def partition(self) -> int:
        """Number of the partition."""
        return self.asked.partition

    @property
    def exhausted(self) -> bool:
        """There is nothing left to fetch."""
        return self.failed is not None or (self.low >= self.high and not self.parts)

    def request(self, most: int) -> tuple[int, int]:
        """Return the offset to fetch from, and how many bytes."""
        self.most = most
        if self.forwards:
            return self.low, self._limit(most)
        if not self.parts:
            if self.density:
                fits, grown = int(most / SLACK / self.density), self.window * GROWTH
                self.window = max(1, min(fits * MUCH, self.window) if self.stepping else min(fits, grown))
            self.part_first = max(self.low, self.high - self.window)
            self.cursor = self.part_first
        expected = (self.high - self.cursor) * self.density * SLACK
        return self.cursor, self._limit(int(min(most, expected)) if self.density else most)

    def _limit(self, size: int) -> int:
        """Return a limit that one more batch fits in: of all but the first partition, brokers cut none."""
        wanted = max(LEAST, size) + self.largest
        for _ in range(self.empty):
            wanted *= GROWTH
        return min(HUGE, wanted)

    def answered(self, answer: Fetched) -> Piece | None:
        """Take what was fetched; return a piece when one is complete."""
        position = self.low if self.forwards else self.cursor
        reached = answer.next_offset
        if reached <= position:
            self.empty += 1
            if self.empty > EMPTY_TRIES:
                self.failed = f"the broker gives nothing at offset {position}"
            return None
        self.empty = self.failures = 0
        self.largest = max(self.largest, *(len(batch.raw) for batch in answer.batches))
        size = sum(len(batch.raw) for batch in answer.batches)
        if self.forwards:
            end = min(reached, self.high)
            if self.stepping:
                end = min(end, self.low + self.window)
                self.window *= GROWTH
            piece = self._piece(self.low, end, (answer,), size)
            self.low = piece.end
            return piece
        self.parts.append(answer)
        self.cursor = reached
        if reached < self.high:
            self._narrow()
            return None
        inside = [b for each in self.parts for b in each.batches if b.base_offset < self.high]
        size = sum(len(batch.raw) for batch in inside)
        self.density = _density(inside)
        piece = self._piece(self.part_first, self.high, tuple(self.parts), size)
        self.high, self.parts = self.part_first, []
        if self.stepping:
            self.window *= GROWTH
        return piece

    def _narrow(self) -> None:
        """Begin again with a smaller window where this one turns out to be much more than it should."""
        density = _density([batch for part in self.parts for batch in part.batches])
        window = max(1, int(self.most / SLACK / density))
        whole = self.high - self.part_first
        if density * whole > MUCH * self.most and window < whole:
            self.parts, self.density, self.window = [], density, window

    def moved(self, start: int) -> None:
        """Go on behind what was deleted: the partition begins at `start` now."""
        if self.forwards:
            before = self.gone[0] if self.gone else self.low
            self.gone = before, min(max(start, self.low), self.high)
            self.low = self.gone[1]
        else:
            self.parts = []
            start = min(start, self.high)
            if start > self.low:
                self.gone = self.low, start
            self.low = start

    def _piece(self, first: int, end: int, fetched: tuple[Fetched, ...], size: int) -> Piece:
        gone = self.gone if self.forwards else None
        if self.forwards:
            self.gone = None
        self.number += 1
        return Piece(self.partition, self.number - 1, first, end, fetched, size, gone)


def lanes_of(asked: Sequence[Asked], *, forwards: bool) -> dict[int, Lane]:
    """Return a lane for each range, by partition."""
    return {
        each.partition: Lane(each, forwards, each.leader, low=each.first, high=each.until) for each in asked
    }


def _density(batches: Sequence[Batch]) -> float:
    """Return the bytes for each offset that whole batches cover; more than none."""
    if not batches:
        return LITTLE
    covered = batches[-1].last_offset + 1 - batches[0].base_offset
    return max(LITTLE, sum(len(batch.raw) for batch in batches) / max(1, covered))
