"""What the journal of readings keeps of a search and of one record, for command and console alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from prompt_kafka.core.reading import Act, Asked, Ended, Range, Reading
from prompt_kafka.messages.asking import Asking, Found
from prompt_kafka.messages.permalink import Looked, Permalink


class Note(Protocol):
    """A reading that was noted as begun."""

    def ended(self, ended: Ended) -> str:
        """Note how it ended."""


def search(asking: Asking, into: str = "") -> Reading:
    """Return a search that begins.

    Parameters
    ----------
    into
        The file of an export.
    """
    act = Act.EXPORT if into else Act.SEARCH if asking.filter else Act.VIEW
    filters = tuple(Asked(how, text) for how, text in asking.filter.asked)
    return Reading(act, asking.topic, filters=filters, into=into)


def searched(found: Found) -> Ended:
    """Return how a search ended: what was read, and nothing of what was not."""
    spans = tuple(Range(s.partition, s.first, s.end) for s in found.page.spans if s.end > s.first)
    progress = found.progress
    return Ended(found.page.ending, spans, progress.records, progress.fetched, progress.matches)


def record(place: Permalink) -> Reading:
    """Return a look at one record that begins."""
    return Reading(Act.VIEW, place.topic, place.topic_id, (_only(place),))


def looked(place: Permalink, found: Looked) -> Ended:
    """Return how a look at one record ended."""
    there = found.record is not None
    return Ended(found.answer.value, (_only(place),) if there else (), int(there), 0, int(there))


@contextmanager
def until_ended(note: Note) -> Iterator[Callable[[Ended], None]]:
    """Give what takes the end of a reading; one that breaks off is noted as failed."""

    def ended(how: Ended) -> None:
        note.ended(how)

    try:
        yield ended
    except BaseException as error:
        note.ended(Ended(f"failed: {type(error).__name__}"))
        raise


def _only(place: Permalink) -> Range:
    return Range(place.partition, place.offset, place.offset + 1)
