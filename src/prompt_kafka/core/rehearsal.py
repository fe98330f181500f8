"""A procedure carried out for trial in a lab made of an environment's charts: what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prompt_kafka.core.run import RunRecord

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The record of one rehearsal.

    Attributes
    ----------
    environment
        Whose charts the lab was made of.
    deployed, head
        The commit that the lab started from, and the one that its branch had when the procedure was planned.
    topics
        How many topics were made in the lab because the environment has them and its charts do not.
    steps
        Title of each step and the seconds it took, as far as it came.
    because
        Why it did not come to its end; empty when it is done and proved.
    """

    environment: str
    deployed: str
    head: str
    topics: int
    at: datetime
    seconds: float
    steps: tuple[tuple[str, float], ...] = ()
    because: str = ""
    schema: int = SCHEMA

    @property
    def proved(self) -> bool:
        """It came to its end."""
        return not self.because

    @property
    def line(self) -> str:
        """What a plan says of it."""
        outcome = "done and proved" if self.proved else f"it failed: {self.because}"
        took = f"{len(self.steps)} steps in {self.seconds:.0f} s" if self.steps else f"{self.seconds:.0f} s"
        return f"rehearsed {self.at:%Y-%m-%d %H:%M} UTC at {self.head[:12]}: {outcome}, {took}"

    def note(self, head: str) -> str:
        """Return what a plan says of it when the branch is at `head`."""
        return self.line + ("; the branch has moved since" if head and head != self.head else "")


def steps_of(record: RunRecord) -> tuple[tuple[str, float], ...]:
    """Return title and seconds of each step of a run that has an end."""
    found, before = [], record.started
    for step, done in zip(record.plan.steps, record.steps, strict=True):
        if done.at is None:
            break
        found.append((step.title, (done.at - before).total_seconds()))
        before = done.at
    return tuple(found)
