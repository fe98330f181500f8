"""A plan: the steps, or nothing to do with the reason; a refusal is an error with its rule's name.

A plan is a value. It prints the same everywhere, has a digest over what it would do, and every step brings
the condition that it needs and the one that proves it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prompt_kafka.core.actions import Action, Observe
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.codec import Json, encode
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.service import Target

SCHEMA = 1

OF_A_RUN = ("mark", "override")
"""Fields that a digest leaves out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan.

    Attributes
    ----------
    title, why
        What it does and for what, for people.
    action
        What is done.
    needs
        What must hold before; else the world has moved and the plan is stale.
    proof
        What must hold after; when it holds before, the step is done already.
    marks
        Any of these shows that the action has taken effect, where a killed run could not write it down.
    given_up
        Shows that what was asked has been given up without the proof.
    again
        What is then asked again, for what is left; when there is nothing, the run stops.
    patience_s
        For how many seconds `given_up` must have held, so that a passing moment is none.
    lost
        What the reader of that stop may do.
    timeout_s
        Seconds to wait for the proof.
    disruptive
        Clients may notice it.
    irreversible
        A point of no return: asks for a typed confirmation.
    typed
        What is to be typed then; the environment's name when empty.
    by_hand
        A person carries it out; the tool says how, waits, and proves it. Why, or empty.
    """

    title: str
    why: str
    action: Action
    proof: tuple[Condition, ...]
    needs: tuple[Condition, ...] = ()
    marks: tuple[Condition, ...] = ()
    given_up: Condition | None = None
    again: Action | None = None
    patience_s: float = 0.0
    lost: str = ""
    timeout_s: float = 600.0
    disruptive: bool = False
    irreversible: bool = False
    by_hand: str = ""
    undo: Action | None = None
    typed: str = ""

    @property
    def acts_by(self) -> Action | None:
        """What it does to the service, at once or only when what it waits for is given up."""
        return self.again if isinstance(self.action, Observe) else self.action


@dataclass(frozen=True, slots=True)
class Plan:
    """What a procedure will do.

    Attributes
    ----------
    procedure
        The command, such as ``restart``.
    target
        Which service; the first line of every plan.
    summary
        One sentence.
    steps
        Empty when there is nothing to do.
    nothing_because
        Why there is nothing to do.
    notes
        What the reader should know: what is not proved, what was seen on the way.
    recovery
        It restores a service that is not serving.
    words
        What becomes possible, in sentences: what each user may then do.
    resources
        The Kubernetes objects that it brings, as YAML.
    found
        What was found wrong before anything was planned, in sentences.
    """

    procedure: str
    target: Target
    summary: str
    steps: tuple[Step, ...] = ()
    nothing_because: str = ""
    notes: tuple[str, ...] = ()
    recovery: bool = False
    words: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    schema: int = field(default=SCHEMA)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits over the target and the steps, without marks and overrides of the hours.

        Both belong to a run, not to what is to be done.
        """
        data = json.dumps(_lasting([encode(self.target), encode(self.steps)]), sort_keys=True)
        return hashlib.sha256(data.encode()).hexdigest()[:12]

    @property
    def points_of_no_return(self) -> tuple[Step, ...]:
        """The steps that cannot be taken back."""
        return tuple(step for step in self.steps if step.irreversible)

    @property
    def to_be_typed(self) -> str:
        """What confirms its points of no return: what the first of them says, or the environment's name."""
        return next((step.typed for step in self.points_of_no_return if step.typed), self.target.environment)

    @property
    def request_to_merge(self) -> CommitFiles | None:
        """The commit that waits to be merged when this plan is done; None where nothing does."""
        commits = (step.action for step in self.steps if isinstance(step.action, CommitFiles))
        return next((each for each in commits if each.base), None)

    @property
    def ends_with(self) -> str:
        """What is still to happen when every step is done, by somebody else; empty where nothing is."""
        commit = self.request_to_merge
        return f"waits for the merge of {commit.branch} into {commit.base}" if commit else ""

    def handed(self, reasons: Mapping[int, str]) -> Plan:
        """Return the plan with some steps, by index, to be carried out by hand, each with its reason."""
        steps = (replace(step, by_hand=reasons.get(i, step.by_hand)) for i, step in enumerate(self.steps))
        return replace(self, steps=tuple(steps))

    def marked(self, run: str) -> Plan:
        """Return the plan of a run: every action and condition that carries a mark gets the run's."""
        return replace(self, steps=tuple(_marked_step(step, run) for step in self.steps))


def _marked_step(step: Step, run: str) -> Step:
    return replace(
        step,
        action=_marked(step.action, run),
        proof=tuple(_marked(each, run) for each in step.proof),
        needs=tuple(_marked(each, run) for each in step.needs),
        marks=tuple(_marked(each, run) for each in step.marks),
        given_up=_marked(step.given_up, run),
        again=_marked(step.again, run),
        undo=_marked(step.undo, f"{run}-undo"),
    )


def _marked(value: Any, run: str) -> Any:
    return replace(value, mark=run) if hasattr(value, "mark") else value


def _lasting(data: Json) -> Json:
    if isinstance(data, list):
        return [_lasting(each) for each in data]
    if isinstance(data, dict):
        return {key: _lasting(each) for key, each in data.items() if key not in OF_A_RUN}
    return data
