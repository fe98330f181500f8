"""Who tells people that are not at the terminal how a run goes; nobody, unless a channel is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from prompt_kafka.core.run import RunRecord

Keep = Callable[[RunRecord], object]


class Notifier(Protocol):
    """Tells. What it changes of the record it keeps first."""

    def started(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell that the run begins, or goes on; raise StoppedError when it must not begin untold."""

    def stepped(self, record: RunRecord, index: int, seconds: float, keep: Keep) -> RunRecord:
        """Tell that a step is proved."""

    def ending(self, record: RunRecord) -> RunRecord:
        """Return the record with what is to be told of its end, to be kept with it."""

    def ended(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell that the run is done, or stopped."""


class Nobody:
    """Tells nobody."""

    def started(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell nothing."""
        return record

    def stepped(self, record: RunRecord, index: int, seconds: float, keep: Keep) -> RunRecord:
        """Tell nothing."""
        return record

    def ending(self, record: RunRecord) -> RunRecord:
        """Add nothing."""
        return record

    def ended(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell nothing."""
        return record
