"""Who read which messages: what is kept of a reading, never what the messages hold.

Kept are the topic, the ranges, the filters as they were asked, and what came of it. The text of a filter says
what somebody looked for, which is what an account of readings is for. Where it must not be kept (it may be a
name, or a secret that leaked into a topic), ``journal_filters: false`` in ``service.yaml`` its kind only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

FILTER_TEXT = 500
"""Characters of a filter that are kept."""


class Act(Enum):
    """What is done with the messages: a page is shown, a range is searched, or they are written to a file."""

    VIEW = "view"
    SEARCH = "search"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Offsets of one partition: from `first` up to, but not with, `end`."""

    partition: int
    first: int
    end: int

    def __str__(self) -> str:
        return f"{self.partition}: {self.first}–{self.end - 1}" if self.end > self.first else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One filter of a reading.

    Attributes
    ----------
    how
        What is compared, and how: ``key =``, ``value contains``, ``header x matches``, ``where`` …
    text
        With what; None where it is not kept.
    """

    how: str
    text: str | None = None

    def __str__(self) -> str:
        return f"{self.how} (text not kept)" if self.text is None else f"{self.how} {self.text!r}"


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody begins to read messages.

    Attributes
    ----------
    topic, topic_id
        What is read; the id is empty where it is not known.
    ranges
        What was asked for, once it is known in offsets.
    filters
        What is looked for; none is everything.
    into
        Where an export goes: a file's name, or what the browser was given.
    """

    act: Act
    topic: str
    topic_id: str = ""
    ranges: tuple[Range, ...] = ()
    filters: tuple[Asked, ...] = ()
    into: str = ""

    def kept(self, *, filters: bool) -> Reading:
        """Return what is written down: the text of filters cut, or left out."""
        cut = (Asked(each.how, _cut(each.text) if filters else None) for each in self.filters)
        return replace(self, filters=tuple(cut))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a reading ended.

    Attributes
    ----------
    how
        ``end of range``, ``count``, ``budget``, ``stopped``, ``failed: …``
    read
        The ranges that were really read.
    records, bytes
        What was looked at.
    found
        Messages that were shown or written out.
    """

    how: str
    read: tuple[Range, ...] = ()
    records: int = 0
    bytes: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """A reading as the journal has it.

    Attributes
    ----------
    number
        Its place in the journal.
    who
        Who asked: ``user@host``, or the user of the console.
    kafka_user
        As whom the brokers were asked.
    ended
        None where no end was noted: it goes on, or its process died.
    """

    number: int
    at: datetime
    who: str
    environment: str
    reading: Reading
    kafka_user: str = ""
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings since a time, the newest first.

    Attributes
    ----------
    broken
        Why the journal is not the one that was written, where it is not; else empty.
    """

    since: datetime
    noted: tuple[Noted, ...] = ()
    broken: str = ""


def ranges(spans: Iterable[tuple[int, int, int]]) -> tuple[Range, ...]:
    """Return ``(partition, first, end)`` as ranges: in order, joined where they touch, without empty ones."""
    joined: list[Range] = []
    for span in sorted(Range(*each) for each in spans if each[2] > each[1]):
        last = joined[-1] if joined else None
        if last and last.partition == span.partition and span.first <= last.end:
            joined[-1] = Range(last.partition, last.first, max(last.end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= FILTER_TEXT else f"{text[:FILTER_TEXT]}…"
