"""A plan: the steps, or nothing to do with the reason; a refusal is an error with its rule's name.

A plan is a value. It prints the same everywhere, has a digest over what it would do, and every step brings
the condition that it needs and the one that proves it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from prompt_kafka.core.actions import Action
from prompt_kafka.core.codec import encode
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.service import Target

SCHEMA = 1


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
    timeout_s
        Seconds to wait for the proof.
    disruptive
        Clients may notice it.
    irreversible
        A point of no return: asks for a typed confirmation.
    """

    title: str
    why: str
    action: Action
    proof: tuple[Condition, ...]
    needs: tuple[Condition, ...] = ()
    marks: tuple[Condition, ...] = ()
    timeout_s: float = 600.0
    disruptive: bool = False
    irreversible: bool = False
    undo: Action | None = None


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
    """

    procedure: str
    target: Target
    summary: str
    steps: tuple[Step, ...] = ()
    nothing_because: str = ""
    notes: tuple[str, ...] = ()
    recovery: bool = False
    schema: int = field(default=SCHEMA)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits over the target and the steps."""
        data = json.dumps([encode(self.target), encode(self.steps)], sort_keys=True)
        return hashlib.sha256(data.encode()).hexdigest()[:12]
