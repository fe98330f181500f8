"""What a reading or a search is asked for, what it may cost, how far it is, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field

from prompt_kafka.clients.kafka import Record
from prompt_kafka.messages.bounds import Range
from prompt_kafka.messages.filters import Filter
from prompt_kafka.messages.page import Page

UNREADABLE = "the rest could not be read"
UNREACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may cost at most; ``None``: no limit."""

    seconds: float | None = None
    bytes: int | None = None
    records: int | None = None

    def spent(self, seconds: float, fetched: int, records: int) -> str | None:
        """Say which limit is reached."""
        if self.seconds is not None and seconds >= self.seconds:
            return f"the budget of {self.seconds:g} s is used up"
        if self.bytes is not None and fetched >= self.bytes:
            return f"the budget of {self.bytes} bytes is used up"
        if self.records is not None and records >= self.records:
            return f"the budget of {self.records} records is used up"
        return None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is.

    Parameters
    ----------
    offsets, of
        Offsets read, and those that were asked for.
    fetched
        Bytes as they came from the brokers.
    """

    offsets: int
    of: int
    records: int
    fetched: int
    matches: int
    seconds: float
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """What is searched: where, in which order, for what, and how much of it.

    Parameters
    ----------
    partitions
        Only these; ``None`` for all.
    wanted
        So many matches are enough; ``None`` for all there are.
    all_partitions
        Look for an exact key in every partition, not only where Kafka's partitioner puts it.
    left
        Only these offsets, ``{partition: (first, end)}``: a search that goes on.
    """

    topic: str
    filter: Filter = field(default_factory=Filter)
    span: Range = field(default_factory=Range)
    partitions: tuple[int, ...] | None = None
    wanted: int | None = 20
    forwards: bool = False
    committed: bool = True
    all_partitions: bool = False
    left: tuple[tuple[int, int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Parameters
    ----------
    page
        Matches, and what was read and not read.
    errors, example
        Records that the filter could not judge: how many, and one of them with the reason.
    key_partition
        The only partition that was searched for an exact key.
    """

    page: Page
    progress: Progress
    errors: int = 0
    example: tuple[Record, str] | None = None
    key_partition: int | None = None

    @property
    def failed(self) -> bool:
        """Something that was asked for could not be read."""
        page = self.page
        return bool(page.unseen) or page.ending == UNREADABLE
