"""What a runner makes of a World: which conditions hold in it, and what must be looked at to tell."""

from __future__ import annotations

from dataclasses import replace

from prompt_kafka.core.clock import Clock
from prompt_kafka.core.conditions import Condition, Finished
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.outside_hours import OutsideProductionHours
from prompt_kafka.core.plan import Step
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, World


def begun(step: Step, world: World) -> bool:
    """Return whether a mark shows that the action has taken effect, though nobody wrote that it was done."""
    return any(mark.judge(world).holds for mark in step.marks)


def parts(conditions: tuple[Condition, ...]) -> frozenset[Look]:
    """Return what conditions read."""
    return frozenset(part for condition in conditions for part in condition.needs_to_see)


def unmet(conditions: tuple[Condition, ...], world: World) -> tuple[Verdict, ...]:
    """Return what was said of those that do not hold."""
    verdicts = (condition.judge(world) for condition in conditions)
    return tuple(verdict for verdict in verdicts if not verdict.holds)


def evidence(conditions: tuple[Condition, ...], world: World) -> tuple[str, ...]:
    """Return what was seen of each."""
    return tuple(condition.judge(world).because for condition in conditions)


def without_canary(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the conditions without the canary: it writes, so it comes last and only when the rest holds."""
    return tuple(replace(c, canary=False) if isinstance(c, Finished) else c for c in conditions)


def refuse_a_moved_world(index: int, step: Step, world: World) -> None:
    """Stop a run when what a step needs does not hold: the plan was made for another world."""
    for need in step.needs:
        verdict = need.judge(world)
        if verdict.holds:
            continue
        if isinstance(need, OutsideProductionHours):
            raise StoppedError(
                f"production has begun: {verdict.because}",
                where=f"step {index + 1}: {step.title}",
                next='resume it in the next window, or with --override-hours "why"',
            )
        raise StoppedError(
            f"the world has moved since the plan was made: {verdict.because}",
            where=f"step {index + 1}: {step.title}",
            next="plan again",
        )


class Patience:
    """How long it is bearable that something was given up: a moment without a leader is an election."""

    def __init__(self, step: Step, clock: Clock) -> None:
        self._step, self._clock = step, clock
        self._since: float | None = None

    def ends(self, world: World) -> bool:
        """Return whether it was given up now, and in every look since the step's patience began."""
        if self._step.given_up is None or not self._step.given_up.judge(world).holds:
            self._since = None
            return False
        now = self._clock.monotonic()
        if self._since is None:
            self._since = now
        return now - self._since >= self._step.patience_s
