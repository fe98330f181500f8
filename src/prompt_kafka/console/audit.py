"""Who did what in the console: lines in this machine's journal, beside those of the runs."""

from __future__ import annotations

import sys
from pathlib import Path

from prompt_kafka.adapters.journal import Entry, Journal
from prompt_kafka.console.limits import Rate
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError

RUN = "console"
"""Under this name the entries are found: ``prompt-kafka run show console`` finds no run, the journal does."""


class Audit:
    """Writes down who signed in, what was refused, approved and run.

    Parameters
    ----------
    path
        The journal; the usual one when not given.
    """

    def __init__(self, path: Path | None = None, clock: Clock = SYSTEM) -> None:
        self._path, self._clock = path, clock
        self._refusals = Rate(1.0, 30.0, clock)

    def note(self, kind: str, who: str, what: str) -> None:
        """Write a line; what cannot be written is said on standard error, and stops nobody from looking."""
        try:
            with Journal(self._path, self._clock) as journal:
                journal.note(RUN, 0, kind, f"{who}: {what}"[:1000])
        except PromptKafkaError as error:
            sys.stderr.write(f"console: {error.what}\n")

    def refused(self, who: str, what: str) -> None:
        """Write a refusal; a flood of them is cut."""
        if not self._refusals.wait_s("refused"):
            self.note("refused", who, what)

    def lines(self) -> list[Entry]:
        """Return what was written, the oldest first."""
        with Journal(self._path, self._clock) as journal:
            return journal.entries(RUN)
