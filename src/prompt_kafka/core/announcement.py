"""What the readers of a channel are told about a run: the texts, previewed in the plan word for word.

Times are UTC. Nothing in a text is a secret: it is made of the plan, which holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord, StepRecord

MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan's run will tell, and how.

    Attributes
    ----------
    channel
        Empty where nothing is told.
    text
        The first notice.
    by_hand
        Why a person has to post it; empty when the run does.
    replies_to
        Link of an announcement that is open already: the run replies there.
    """

    channel: str = ""
    text: str = ""
    by_hand: str = ""
    replies_to: str = ""


def started(plan: Plan, terms: Terms, who: str, at: datetime | None = None, run: str = "") -> str:
    """Return the first notice: what, when, for how long, what clients notice, who, and why at night."""
    lines = [f"*Kafka {plan.target.environment}: {_kind(plan)} {'begins' if at is None else 'began'}*"]
    if terms.announcement:
        lines.append(terms.announcement)
    lines.append(f"What: {plan.summary}")
    lines.append(f"When: {_when(plan, at)}")
    lines.append(f"Expect: {_effect(plan)}")
    if terms.override_hours:
        lines.append(f"In production hours, because: {terms.override_hours}")
    lines.append(f"Who: {who}{f' · run {run}' if run else ''}")
    return "\n".join(lines)


def stepped(number: int, count: int, step: Step, done: StepRecord, seconds: float | None = None) -> str:
    """Return the notice of a step that clients may have noticed."""
    after = f" after {_span(seconds)}" if seconds is not None else ""
    how = f"proved{after}" if done.acted else "was so already"
    return f"{number} of {count} · {step.title}: {how}"


def ended(record: RunRecord) -> str:
    """Return the last notice: finished with its proof, stopped with what is left, or aborted."""
    took = _span((record.updated - record.started).total_seconds())
    what = f"{_kind(record.plan)} of {record.plan.target.environment}"
    if record.state == "done":
        proof = record.steps[-1].evidence if record.steps else ()
        lines = [f"*Finished*: {record.plan.summary}, after {took}"]
        return "\n".join([*lines, *(f"• {line}" for line in _first(proof))])
    left = f"{record.proved} of {len(record.steps)} steps are proved"
    if record.state == "stopped":
        head = f"*Stopped*: {what} is not finished ({left})"
        return "\n".join([head, record.because, f"It can be taken up: run {record.id}"])
    return f"*Ended before its end*: {what} ({left}), {record.because}"


def aborted(undone: tuple[str, ...], stays: tuple[str, ...], who: str) -> str:
    """Return the notice of a run that a person ended: what was rolled back, what stays."""
    lines = [f"*{'Rolled back' if undone else 'Aborted'}* by {who}"]
    lines += [f"• undone: {title}" for title in undone]
    lines += [f"• stays: {title}" for title in stays]
    return "\n".join(lines)


def resumed(who: str, terms: Terms) -> str:
    """Return the notice that a run which stopped goes on."""
    why = f"\nIn production hours, because: {terms.override_hours}" if terms.override_hours else ""
    return f"*Goes on*, taken up by {who}{why}"


def needs_announcement(plan: Plan) -> bool:
    """Return whether readers must have been told first: clients may notice it, and it is no recovery."""
    return not plan.recovery and any(step.disruptive for step in plan.steps)


def _kind(plan: Plan) -> str:
    return "recovery" if plan.recovery else "maintenance" if needs_announcement(plan) else "change"


def _when(plan: Plan, at: datetime | None) -> str:
    most = _span(sum(step.timeout_s for step in plan.steps if not step.by_hand))
    begin = "now" if at is None else f"from {at:%Y-%m-%d %H:%M} UTC"
    return f"{begin}, {most} at the very most"


def _effect(plan: Plan) -> str:
    steps = [step for step in plan.steps if step.disruptive]
    if plan.recovery:
        return "the service is being brought back; clients connect again by themselves"
    if not steps:
        return "no client should notice"
    count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return f"clients may reconnect and see delays during {count} of {len(plan.steps)}"


def _first(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= MOST_LINES:
        return lines
    return (*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more")


def _span(seconds: float) -> str:
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 3600:.1f} h"
