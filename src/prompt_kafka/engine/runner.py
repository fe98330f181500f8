"""Carries a plan out: look, act, wait until the proof holds. It knows plans, not Kafka.

Each step is looked at before anything is done: what is proved already is not done again, and a step whose
needs no longer hold stops the run, because the plan was made for another world.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from prompt_kafka.core.actions import Action, Observe
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.conditions import Condition, Finished
from prompt_kafka.core.errors import StoppedError, TimedOutError, UnreachableError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.verdict import Verdict, unknown
from prompt_kafka.core.world import Part, World

INTERVAL_S = 0.5
"""Between two looks at Kafka; a change in Kubernetes shortens the wait."""


class Listener(Protocol):
    """Is told how a run goes on, to show it."""

    def step_began(self, number: int, step: Step) -> None:
        """Tell that a step is taken up."""

    def acted(self, step: Step) -> None:
        """Tell that its action has been carried out; now its proof is waited for."""

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Tell what was seen while waiting (nothing when nobody answered), and what is not met yet."""

    def step_ended(self, outcome: StepOutcome) -> None:
        """Tell that a step is proved."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step ended.

    Attributes
    ----------
    acted
        False when its proof held before anything was done.
    evidence
        What was seen that proves it.
    seconds
        How long it took.
    """

    step: Step
    acted: bool
    evidence: tuple[str, ...]
    seconds: float


class Runner:
    """Runs plans.

    Parameters
    ----------
    observe
        Returns a World with the parts asked for.
    perform
        Carries out an action.
    listener
        Is told what happens.
    changed
        Set by others when something changed, to look again sooner.
    """

    def __init__(
        self,
        observe: Callable[[frozenset[Part]], World],
        perform: Callable[[Action], None],
        listener: Listener,
        clock: Clock,
        changed: threading.Event | None = None,
    ) -> None:
        self._observe = observe
        self._perform = perform
        self._listener = listener
        self._clock = clock
        self._changed = changed

    def run(self, plan: Plan) -> tuple[StepOutcome, ...]:
        """Carry out every step.

        Raises
        ------
        StoppedError
            The world has moved: what a step needs does not hold.
        TimedOutError
            A proof did not come in time.
        """
        return tuple(self._step(number, step) for number, step in enumerate(plan.steps, 1))

    def prove(self, step: Step) -> StepOutcome:
        """Wait for one step's proof without doing anything."""
        return self._step(1, replace(step, action=Observe()))

    def _step(self, number: int, step: Step) -> StepOutcome:
        began = self._clock.monotonic()
        self._listener.step_began(number, step)
        acts = not isinstance(step.action, Observe)
        if acts:
            world = self._observe(_parts((*step.needs, *step.proof)))
            if not _unmet(step.proof, world):
                return self._end(step, False, _evidence(step.proof, world), began)
            for verdict in _unmet(step.needs, world):
                raise StoppedError(
                    f"the world has moved since the plan was made: {verdict.because}",
                    where=f"step {number}: {step.title}",
                    next="plan again",
                )
            self._perform(step.action)
        self._listener.acted(step)
        evidence = self._wait(number, step, began)
        return self._end(step, acts, evidence, began)

    def _end(self, step: Step, acted: bool, evidence: tuple[str, ...], began: float) -> StepOutcome:
        outcome = StepOutcome(step, acted, evidence, self._clock.monotonic() - began)
        self._listener.step_ended(outcome)
        return outcome

    def _wait(self, number: int, step: Step, began: float) -> tuple[str, ...]:
        """Look until the proof holds without a break for as long as it asks."""
        stable_s = max((c.stable_s for c in step.proof if isinstance(c, Finished)), default=0.0)
        cheap = _without_canary(step.proof)
        holds_since: float | None = None
        while True:
            world, unmet = self._look(cheap)
            now = self._clock.monotonic()
            if unmet:
                holds_since = None
            elif holds_since is None:
                holds_since = now
            if holds_since is not None and now - holds_since >= stable_s:
                world, unmet = self._look(step.proof)
                if world is not None and not unmet:
                    return _evidence(step.proof, world)
                holds_since = None
            self._listener.looked(step, world, unmet)
            if now - began > step.timeout_s:
                missing = unmet[0].because if unmet else f"it did not hold for {stable_s:.0f} s"
                raise TimedOutError(
                    f"no proof within {step.timeout_s:.0f} s: {missing}",
                    where=f"step {number}: {step.title}",
                    next="prompt-kafka status names what is wrong",
                )
            self._pause()

    def _look(self, conditions: tuple[Condition, ...]) -> tuple[World | None, tuple[Verdict, ...]]:
        """Return what was seen and what of it is not met; a silent API is waited for, not a failure."""
        try:
            world = self._observe(_parts(conditions))
        except UnreachableError as error:
            return None, (unknown(error.what),)
        return world, _unmet(conditions, world)

    def _pause(self) -> None:
        self._clock.sleep(INTERVAL_S, self._changed)
        if self._changed is not None:
            self._changed.clear()


def _parts(conditions: tuple[Condition, ...]) -> frozenset[Part]:
    return frozenset(part for condition in conditions for part in condition.needs_to_see)


def _unmet(conditions: tuple[Condition, ...], world: World) -> tuple[Verdict, ...]:
    verdicts = (condition.judge(world) for condition in conditions)
    return tuple(verdict for verdict in verdicts if not verdict.holds)


def _evidence(conditions: tuple[Condition, ...], world: World) -> tuple[str, ...]:
    return tuple(condition.judge(world).because for condition in conditions)


def _without_canary(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the conditions without the canary: it writes, so it comes last and only when the rest holds."""
    return tuple(replace(c, canary=False) if isinstance(c, Finished) else c for c in conditions)
