"""A run of a plan as a value: how far it is, who owns it, what was proved.

The record lives with the cluster, so that a colleague can take a run up on another machine. What was
intended is written before it is done; whoever resumes looks at the proof first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from prompt_kafka.core.notices import Thread
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import USUAL_TERMS, Request, Terms

SCHEMA = 1


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    ABORTED = "aborted"


class StepState(StrEnum):
    """How a step of a run stands, in the order in which it goes through them."""

    PENDING = "pending"
    INTENDED = "intended"
    ACTED = "acted"
    PROVED = "proved"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What became of a step.

    Attributes
    ----------
    acted
        False where its proof held before anything was done.
    evidence
        What was seen that proves it.
    """

    state: StepState = StepState.PENDING
    acted: bool = False
    evidence: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run.

    Attributes
    ----------
    id
        Sorts by time: ``20261124-160000-restart-1f3a``.
    owner
        ``user@host`` of who carries it out now.
    because
        Why it stopped.
    request, terms
        What was asked for: from it the rest is planned where a person's decision, such as the merge of a
        pull request, lies between two plans.
    continues
        The run whose rest this one is.
    thread
        What is told about it; None where nobody is told.
    """

    id: str
    plan: Plan
    owner: str
    state: RunState
    steps: tuple[StepRecord, ...]
    started: datetime
    updated: datetime
    because: str = ""
    request: Request | None = None
    terms: Terms = USUAL_TERMS
    continues: str = ""
    thread: Thread | None = None
    schema: int = SCHEMA

    @classmethod
    def begin(
        cls,
        id: str,
        plan: Plan,
        owner: str,
        at: datetime,
        request: Request | None = None,
        terms: Terms | None = None,
        continues: str = "",
    ) -> Self:
        """Return the record of a run that begins."""
        steps = tuple(StepRecord() for _ in plan.steps)
        return cls(
            id,
            plan,
            owner,
            RunState.RUNNING,
            steps,
            at,
            at,
            request=request,
            terms=terms or USUAL_TERMS,
            continues=continues,
        )

    def step(self, index: int, record: StepRecord, at: datetime) -> RunRecord:
        """Return the record with one step replaced."""
        steps = (*self.steps[:index], replace(record, at=at), *self.steps[index + 1 :])
        return replace(self, steps=steps, updated=at)

    def ended(self, state: RunState, at: datetime, because: str = "") -> RunRecord:
        """Return the record in another state."""
        return replace(self, state=state, updated=at, because=because)

    @property
    def open(self) -> bool:
        """It can be resumed or aborted."""
        return self.state in (RunState.RUNNING, RunState.STOPPED)

    @property
    def proved(self) -> int:
        """How many steps are proved."""
        return sum(step.state is StepState.PROVED for step in self.steps)
