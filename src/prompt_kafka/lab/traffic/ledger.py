"""The books of a run: every message by its sequence number, from *sent* to *published*.

Threads of the data flow write here; the report is what the books say at the end.
"""

from __future__ import annotations

import threading
import uuid
from array import array
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run stands, for a progress line.

    Parameters
    ----------
    notices
        What happened since the last one: a broker lost, a transaction aborted.
    """

    elapsed_s: float
    sent: int
    acknowledged: int
    failed: int
    consumed: int
    published: int
    notices: tuple[str, ...] = ()


class Ledger:
    """Thread-safe books.

    Attributes
    ----------
    acknowledged
        Sequence numbers that the brokers acknowledged (``acks=all``).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent = 0
        self._failed: Counter[str] = Counter()
        self.acknowledged: set[int] = set()
        self._latencies = array("f")
        self._last_acknowledged: float | None = None
        self._longest_pause = 0.0
        self._batches: dict[uuid.UUID, tuple[int, ...]] = {}
        self._committed: set[uuid.UUID] = set()
        self._published: set[uuid.UUID] = set()
        self._published_sequences: set[int] = set()
        self._consumed: Counter[int] = Counter()
        self.aborted = 0
        self._notices: deque[str] = deque(maxlen=1000)

    # -- the producer ---------------------------------------------------------------------------------------

    def sent(self) -> None:
        """Enter a message handed to the client."""
        with self._lock:
            self._sent += 1

    def acknowledge(self, sequence: int, sent_at: float, now: float) -> None:
        """Enter the brokers' acknowledgement; times in seconds of a monotonic clock."""
        with self._lock:
            self.acknowledged.add(sequence)
            self._latencies.append((now - sent_at) * 1000)
            if self._last_acknowledged is not None:
                self._longest_pause = max(self._longest_pause, now - self._last_acknowledged)
            self._last_acknowledged = now

    def fail(self, reason: str) -> None:
        """Enter a message that the client gave up."""
        with self._lock:
            self._failed[reason] += 1

    # -- the consumers --------------------------------------------------------------------------------------

    def open_batch(self, batch: uuid.UUID, sequences: Iterable[int]) -> None:
        """Enter what a transaction is about, before it is committed."""
        with self._lock:
            self._batches[batch] = tuple(sequences)

    def commit(self, batch: uuid.UUID) -> None:
        """Enter that the transaction of a batch was committed."""
        with self._lock:
            self._count(batch, self._committed)

    def publish(self, batch: uuid.UUID) -> None:
        """Enter that the event of a batch was read; it proves the commit, whatever the writer was told."""
        with self._lock:
            if batch in self._batches:
                self._count(batch, self._published)
                self._published_sequences.update(self._batches[batch])

    def _count(self, batch: uuid.UUID, seen: set[uuid.UUID]) -> None:
        if batch not in self._committed | self._published:
            self._consumed.update(self._batches.get(batch, ()))
        seen.add(batch)

    def abort(self) -> None:
        """Enter a transaction that was not committed."""
        with self._lock:
            self.aborted += 1

    def note(self, text: str) -> None:
        """Enter something worth telling; the same thing twice in a row is told once."""
        with self._lock:
            if not self._notices or self._notices[-1] != text:
                self._notices.append(text)

    # -- what the books say ---------------------------------------------------------------------------------

    def progress(self, elapsed_s: float) -> Progress:
        """Return how the run stands, with the notices since the last call."""
        with self._lock:
            notices = tuple(self._notices)
            self._notices.clear()
            return Progress(
                elapsed_s,
                self._sent,
                len(self.acknowledged),
                sum(self._failed.values()),
                len(self._consumed),
                len(self._published_sequences),
                notices,
            )

    def unresolved(self) -> int:
        """Return how many messages are neither acknowledged nor failed."""
        with self._lock:
            return self._sent - len(self.acknowledged) - sum(self._failed.values())

    def unread(self) -> int:
        """Return how many acknowledged messages have not gone all the way to a published event."""
        with self._lock:
            return len(self.acknowledged - self._published_sequences)

    def consumed(self) -> Counter[int]:
        """Return how often each message was in a committed batch."""
        with self._lock:
            return self._consumed.copy()

    def failures(self) -> dict[str, int]:
        """Return how many messages failed, by reason."""
        with self._lock:
            return dict(self._failed)

    def latencies(self) -> list[float]:
        """Return the times from sending to acknowledgement, in milliseconds, ascending."""
        with self._lock:
            return sorted(self._latencies)

    def longest_pause_s(self) -> float:
        """Return the longest time between two acknowledgements."""
        with self._lock:
            return self._longest_pause

    def transactions(self) -> tuple[int, int]:
        """Return how many transactions were committed and aborted."""
        with self._lock:
            return len(self._committed | self._published), self.aborted
