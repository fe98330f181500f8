"""Runs: the list, one that goes on or is over, and taking up or ending one that stopped."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.going import Going, StepSeen
from prompt_kafka.console.live import Parts, stream
from prompt_kafka.console.pages import failure, lost, shown
from prompt_kafka.console.rendering import View, page
from prompt_kafka.console.running import Run
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import PromptKafkaError, RefusedError
from prompt_kafka.core.in_flight import in_flight, resume_line
from prompt_kafka.core.run import RunRecord, RunState, StepState
from prompt_kafka.core.story import run_told
from prompt_kafka.factory import session
from prompt_kafka.targets import acting_for

FRESH_S = 3.0
PARTS = ("state", "steps", "pods", "lines")


def index(request: Request) -> Response:
    """Show all runs, the newest first."""
    kept = desk(request).observatory.runs.get(FRESH_S)
    return shown(request, "runs.html", title="Runs", runs=kept.value or [], error=kept.error, seen_at=kept.at)


def listed(request: Request) -> Response:
    """Return all runs as JSON, without their plans."""
    kept = desk(request).observatory.runs.get(FRESH_S)
    if kept.error is not None:
        return failure(request, kept.error)
    return JSONResponse([{k: v for k, v in encode(r).items() if k != "plan"} for r in kept.value or []])


def show(request: Request) -> Response:
    """Show a run."""
    here, run_id = desk(request), request.path_params["run"]
    mine, record = here.running.find(run_id), _record(here, run_id)
    if mine is None and record is None:
        error = here.observatory.runs.kept.error
        return failure(request, error) if error else lost(request, "there is no such run on this cluster")
    plan = mine.seen.plan if mine else record.plan if record else None
    assert plan is not None
    return shown(
        request,
        "run.html",
        title=plan.summary,
        id=run_id,
        plan=plan,
        live=_over(mine, record) is False,
        parts=_parts(here, run_id, here.view(request)),
        names=PARTS,
    )


def events(request: Request) -> Response:
    """Bring the page of a run up to date until it is over."""
    here, run_id, view = desk(request), request.path_params["run"], desk(request).view(request)
    mine = here.running.find(run_id)
    channel = mine.channel if mine else here.observatory.channel
    return stream(
        request,
        channel,
        lambda: _parts(here, run_id, view),
        lambda: _over(here.running.find(run_id), _record(here, run_id)) is not False,
    )


def told(request: Request) -> Response:
    """Return a run's record: as JSON, or as Markdown to paste."""
    record = _record(desk(request), request.path_params["run"])
    if record is None:
        return lost(request, "there is no such run on this cluster")
    if request.path_params.get("form") == "md":
        return PlainTextResponse(run_told(record), media_type="text/plain")
    return JSONResponse(encode(record))


def resume(request: Request) -> Response:
    """Take a run up that stopped."""
    here, run_id = desk(request), request.path_params["run"]
    given, person = _given(request), request.state.signed_in.person
    try:
        _refuse_to_act(here, request)
        with session(here.changing, changes=True) as service:
            record = service.runs().load(run_id)
        here.audit.note("takes up", person.name, f"run {run_id} {given.get('take_over', '')}")
        here.running.resume(
            person.name,
            record,
            take_over=given.get("take_over", ""),
            announced=given.get("announced", ""),
            override=given.get("override_hours", ""),
        )
    except PromptKafkaError as error:
        return failure(request, error)
    return RedirectResponse(f"{here.settings.path}/runs/{run_id}", 303)


def abort(request: Request) -> Response:
    """End a run: undo what can be undone, say what stays."""
    here, run_id = desk(request), request.path_params["run"]
    given, person = _given(request), request.state.signed_in.person
    said: list[str] = []
    try:
        _refuse_to_act(here, request)
        here.audit.note("aborts", person.name, f"run {run_id}")
        with acting_for(person.name), session(here.changing, changes=True) as service:
            service.acting.abort(run_id, said.append, take_over=bool(given.get("take_over")))
    except PromptKafkaError as error:
        return failure(request, error)
    here.observatory.runs.get(0)
    return shown(request, "aborted.html", title="Aborted", id=run_id, said=said)


def _given(request: Request) -> dict[str, str]:
    return {name: values[0].strip() for name, values in request.state.form.items()}


def _refuse_to_act(here: Desk, request: Request) -> None:
    if not here.view(request).acts:
        raise RefusedError(
            "looks-only", "this console does not act", next="copy the command, and run it where you may"
        )


def _record(here: Desk, run_id: str) -> RunRecord | None:
    runs = here.observatory.runs.get(FRESH_S).value or []
    return next((record for record in runs if record.id == run_id), None)


def _over(mine: Run | None, record: RunRecord | None) -> bool:
    if mine is not None:
        return mine.over
    return record is None or record.state is not RunState.RUNNING


def _parts(here: Desk, run_id: str, view: View) -> Parts:
    mine = here.running.find(run_id)
    record = _record(here, run_id)
    if mine is not None and mine.record is not None:
        record = mine.record
    plan = mine.seen.plan if mine else record.plan if record else None
    if plan is None:
        return {}
    values: dict[str, Any] = {
        "view": view,
        "id": run_id,
        "plan": plan,
        "record": record,
        "mine": mine,
        "seen": mine.seen if mine else None,
        "steps": _steps(plan.steps, mine.seen if mine and not mine.over else None, record),
        "going": _over(mine, record) is False,
        "in_flight": in_flight(record) if record and record.open else (),
        "resume": resume_line(record) if record else "",
        "open": record is not None and record.open and (mine is None or mine.over),
    }
    return {name: Markup(page(f"run/{name}.html", **values)) for name in PARTS}


def _steps(plan: tuple[Any, ...], seen: Going | None, record: RunRecord | None) -> list[tuple[Any, StepSeen]]:
    """Return each step with how it stands: as it is seen here, else as the record says."""
    if seen is not None:
        return list(zip(plan, seen.steps, strict=True))
    found = []
    before = record.started if record else None
    for number, step in enumerate(plan):
        done = record.steps[number] if record else None
        state, took = "pending", None
        if done is not None and done.state is StepState.PROVED:
            state = "proved"
            took = (done.at - before).total_seconds() if done.at and before else None
        elif done is not None and done.state is not StepState.PENDING:
            state = "going" if record and record.state is RunState.RUNNING else "stopped"
        before = done.at if done and done.at else before
        found.append((step, StepSeen(state, None, took, done.evidence if done else ())))
    return found
