"""A plan and a run told as Markdown, to be pasted into a report: target, why, steps, evidence, times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prompt_kafka.core.actions import by_hand
from prompt_kafka.core.changes import CommitFiles, shortened
from prompt_kafka.core.notices import Thread
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import RunRecord, StepRecord, StepState

_STATE = {
    StepState.PENDING: "not begun",
    StepState.INTENDED: "begun, not known to be done",
    StepState.ACTED: "done, not proved",
    StepState.PROVED: "proved",
}


def plan_told(plan: Plan) -> str:
    """Return a plan as Markdown."""
    lines = [f"# Plan: {plan.summary}", "", f"`{plan.target.line}`", "", f"- plan: `{plan.digest}`"]
    lines += [f"- {note}" for note in plan.notes]
    lines += _found(plan)
    if not plan.steps:
        lines += ["", f"Nothing to do: {plan.nothing_because}"]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", f"## {number}. {step.title}", "", *_step(step, plan)]
    if plan.words:
        lines += ["", "## Who may then do what", "", *(f"- {sentence}" for sentence in plan.words)]
    if plan.resources:
        lines += ["", "## Objects that it brings", "", *_fenced("yaml", "---\n".join(plan.resources))]
    return "\n".join(lines) + "\n"


def run_told(record: RunRecord) -> str:
    """Return the whole story of a run as Markdown."""
    plan, took = record.plan, (record.updated - record.started).total_seconds()
    lines = [f"# {plan.summary}", "", f"`{plan.target.line}`", ""]
    lines += [f"- run: `{record.id}`, {record.state}, by {record.owner}"]
    lines += [f"- began {_time(record.started)}, last change {_time(record.updated)}, {_took(took)}"]
    lines += [f"- {record.proved} of {len(record.steps)} steps proved, plan `{plan.digest}`"]
    lines += [f"- continues run `{record.continues}`"] if record.continues else []
    lines += [f"- **{record.because}**"] if record.because else []
    lines += [f"- {note}" for note in _terms(record)]
    lines += _found(plan)
    before = record.started
    lines += ["", "| | step | state | at | took |", "|---|---|---|---|---|"]
    for number, (step, done) in enumerate(zip(plan.steps, record.steps, strict=True), 1):
        at = _time(done.at) if done.at else ""
        took_s = _took((done.at - before).total_seconds()) if done.at else ""
        lines.append(f"| {number} | {_cell(step.title)} | {_state(step, done)} | {at} | {took_s} |")
        before = done.at or before
    for number, (step, done) in enumerate(zip(plan.steps, record.steps, strict=True), 1):
        lines += ["", f"## {number}. {step.title}", "", *_step(step, plan), "", f"**{_state(step, done)}**"]
        lines += ["", *(f"- {line}" for line in done.evidence)] if done.evidence else []
    if record.thread is not None and record.thread.notices:
        lines += ["", "## Told on Slack", "", *_told(record.thread)]
    if plan.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in plan.notes)]
    return "\n".join(lines) + "\n"


def _found(plan: Plan) -> list[str]:
    """Return what was found wrong before anything was planned."""
    return ["", "## Found", "", *(f"- {sentence}" for sentence in plan.found)] if plan.found else []


def _terms(record: RunRecord) -> Iterator[str]:
    if record.terms.override_hours:
        yield f"production hours overridden: {record.terms.override_hours}"
    thread = record.thread
    if thread is not None and thread.channel:
        said = (
            f"announced on #{thread.channel}" if thread.announced else f"not announced on #{thread.channel}"
        )
        yield f"{said}: {thread.link}" if thread.link else said
    elif record.terms.announced:
        yield f"announced: {record.terms.announced}"
    for rule in record.terms.accepted:
        yield f"accepted without proof: {rule}"


def _told(thread: Thread) -> Iterator[str]:
    for notice in thread.notices:
        first, *rest = notice.text.splitlines() or [""]
        yield f"- {notice.key}, {notice.state}: {first}"
        yield from (f"  {line}" for line in rest if line.strip())


def _step(step: Step, plan: Plan) -> Iterator[str]:
    yield f"{step.why[:1].upper()}{step.why[1:]}."
    marks = [
        *(["clients may notice it"] if step.disruptive else []),
        *(["cannot be taken back"] if step.irreversible else []),
        *([f"by hand ({step.by_hand})"] if step.by_hand else []),
    ]
    if marks:
        yield ""
        yield f"*{', '.join(marks)}*"
    if isinstance(step.action, CommitFiles):
        yield ""
        yield from _fenced("diff", "".join(change.diff for change in step.action.files))
    lines = shortened(by_hand(step.action, plan.target.context))
    if lines:
        yield ""
        yield from _fenced("sh", lines)


def _fenced(language: str, text: str) -> Iterator[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    yield f"{fence}{language}"
    yield text.rstrip("\n")
    yield fence


def _state(step: Step, done: StepRecord) -> str:
    if done.state is StepState.PROVED and not done.acted and by_hand(step.action, ""):
        return "was so already"
    return _STATE[done.state]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
