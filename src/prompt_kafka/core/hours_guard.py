"""Keeps every procedure's disruptive steps out of production hours; a recovery is never kept.

One function for all procedures, so that none can forget it. What it adds to a step is a condition, so a run
that is overtaken by the night stops before its next disruptive step, and can be taken up after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.hours import Hours, Interval
from prompt_kafka.core.outlook import length
from prompt_kafka.core.outside_hours import OutsideProductionHours
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import World


def guarded(plan: Plan, world: World, terms: Terms, *, later: bool = False) -> Plan:
    """Return a plan with its disruptive steps guarded.

    Parameters
    ----------
    world
        Must have the production hours in it.
    terms
        ``override_hours`` is kept in the plan, and shown.
    later
        It is planned for another time: what would be refused now is noted.

    Raises
    ------
    RefusedError
        By the rule ``production-hours``: it is production now, or nobody can tell.
    """
    disruptive = [step for step in plan.steps if step.disruptive]
    if not disruptive:
        return plan
    if not plan.target.production:
        return _noted(plan, _of_interest(world))
    condition = OutsideProductionHours(terms.override_hours)
    verdict = condition.judge(world)
    if plan.recovery:
        inside = verdict.answer is Answer.NO
        return _noted(plan, (f"a recovery is not kept from {verdict.because}",) if inside else ())
    refusal = None if verdict.holds else _refusal(plan, world, verdict.answer, verdict.because)
    if refusal is not None and not later:
        raise refusal
    plan = _with(plan, lambda step: (*step.needs, condition))
    if refusal is not None:
        return _noted(plan, (f"it would be refused now ({refusal.rule}): {refusal.what}; {refusal.next}",))
    if terms.override_hours:
        return _noted(plan, (_overridden_note(terms.override_hours),))
    return _noted(plan, _closing(plan, world))


def overridden(record: RunRecord, reason: str) -> RunRecord:
    """Return a run that may go on in production hours, with the reason kept in it."""

    def needs(step: Step) -> tuple[Condition, ...]:
        return tuple(
            replace(each, override=reason) if isinstance(each, OutsideProductionHours) else each
            for each in step.needs
        )

    plan = _noted(_with(record.plan, needs), (_overridden_note(reason),))
    return replace(record, plan=plan, terms=replace(record.terms, override_hours=reason))


def said(window: Interval) -> str:
    """Return a window in one line, in UTC."""
    end = f"{window.end:%H:%M}" if window.end.date() == window.begin.date() else f"{window.end:%m-%d %H:%M}"
    return f"{window.begin:%Y-%m-%d %H:%M}–{end} UTC ({length(window.length)})"


def _with(plan: Plan, needs: Callable[[Step], tuple[Condition, ...]]) -> Plan:
    steps = (replace(step, needs=needs(step)) if step.disruptive else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))


def _noted(plan: Plan, notes: tuple[str, ...]) -> Plan:
    return replace(plan, notes=(*plan.notes, *notes))


def _overridden_note(reason: str) -> str:
    return f"production hours are overridden: {reason}"


def _refusal(plan: Plan, world: World, answer: Answer, because: str) -> RefusedError:
    name, hours = plan.target.environment, world.hours.known
    override = 'take it upon you: --override-hours "why"'
    if answer is Answer.UNKNOWN or hours is None:
        return RefusedError(
            "production-hours", f"cannot tell whether {name} is in production: {because}", next=override
        )
    window = hours.next_window(world.at)
    wait = f"the next window: {said(window)}" if window else "there is no window in the next days"
    return RefusedError(
        "production-hours",
        f"{name} is in {because}",
        where=f"hours: {hours.rule}",
        next=f"{wait}; or {override}",
    )


def _closing(plan: Plan, world: World) -> tuple[str, ...]:
    """Return how long the window is open, and a warning where the plan may take longer."""
    hours = world.hours.known
    end = hours.changes_at(world.at) if hours else None
    if hours is None or end is None:
        return ()
    left = end - world.at
    at_most = timedelta(seconds=sum(step.timeout_s for step in plan.steps))
    note = f"the maintenance window closes at {end:%Y-%m-%d %H:%M} UTC, in {length(left)}"
    if hours.touches(world.at, at_most):
        note += (
            f"; this may take up to {length(at_most)}: it would stop before the next disruptive step then, "
            "and can be resumed after production hours"
        )
    return (note,)


def _of_interest(world: World) -> tuple[str, ...]:
    hours: Hours | None = world.hours.known
    if hours is None or hours.production_at(world.at) is None:
        return ()
    return (f"{world.target.environment} is in its hours ({hours.rule}); they bind only in production",)
