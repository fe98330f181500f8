"""A record as a person may see it: decoded, and with masks where the topic has some.

Filters on text and on fields look at this and never past it: a search that finds what a mask hides would
tell it, one guess at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from prompt_kafka.clients.kafka import Record
from prompt_kafka.messages.decode import Decoded, show


@dataclass(frozen=True, slots=True)
class Viewed:
    """A record and how it is shown.

    Parameters
    ----------
    hidden
        A mask changed something in it: the raw bytes are not to be shown.
    """

    record: Record
    key: Decoded
    value: Decoded
    headers: tuple[tuple[str, Decoded], ...]
    hidden: bool = False


class View(Protocol):
    """Makes what is shown from a record.

    Attributes
    ----------
    masks
        It may hide something: filters must look at what it returns instead of the stored bytes.
    """

    @property
    def masks(self) -> bool:
        """Say whether something may be hidden."""

    def __call__(self, record: Record) -> Viewed:
        """Return the record as it is shown."""


class Plain:
    """Shows everything."""

    masks = False

    def __call__(self, record: Record) -> Viewed:
        """Decode key, value and headers."""
        headers = tuple((name, show(value)) for name, value in record.headers)
        return Viewed(record, show(record.key), show(record.value), headers)


PLAIN = Plain()
