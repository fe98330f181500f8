"""What a reading of messages asks for, read from an address by the reading command itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from prompt_kafka.console.forms import Field, Values
from prompt_kafka.messages import Asking, Budget


@dataclass(frozen=True, slots=True)
class ToRead:
    """A reading.

    Attributes
    ----------
    throttle
        Bytes per second; None for as fast as it goes.
    topic_id
        That of the search that it goes on with; empty when it begins.
    line
        The command line that reads the same.
    """

    asking: Asking
    budget: Budget
    throttle: float | None
    topic_id: str
    line: str


class Reads(Protocol):
    """The words of a reading."""

    def fields(self) -> tuple[Field, ...]:
        """Return what can be asked for."""

    def asked(self, topic: str, values: Values) -> ToRead:
        """Read what is asked for.

        Raises
        ------
        UsageError
            It cannot be read, in the words of the command line.
        """
