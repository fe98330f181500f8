"""The page **Now**: what ``status`` says, top down, and what goes on; brought up to date while it is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.live import Parts, stream
from prompt_kafka.console.pages import failure, shown
from prompt_kafka.console.rendering import View, page, query
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.outlook import Outlook, outlook
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.run import RunState
from prompt_kafka.core.status import Report
from prompt_kafka.core.status_told import COLUMNS, as_json, facts, route, row, verdict, when
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import World

TOP, LEFT, RIGHT = ("verdict", "run", "problems", "flow"), ("nodes", "facts"), ("clock", "ahead", "changes")
PARTS = (*TOP, *LEFT, *RIGHT)
FRESH_S = 5.0
LAST_CHANGES = 10
CLASS = {Answer.YES: "good", Answer.NO: "bad", Answer.UNKNOWN: "unsure"}


def now(request: Request) -> Response:
    """Show the page."""
    here = desk(request)
    here.observatory.status.get(FRESH_S)
    columns = {"top": TOP, "left": LEFT, "right": RIGHT}
    return shown(request, "now.html", title="Now", parts=parts(here, here.view(request)), places=columns)


def events(request: Request) -> Response:
    """Bring the page up to date."""
    here = desk(request)
    view = here.view(request)
    return stream(request, here.observatory.channel, lambda: parts(here, view))


def status(request: Request) -> Response:
    """Return the status as JSON: what ``prompt-kafka status -o json`` prints."""
    kept = desk(request).observatory.status.get(FRESH_S)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    return JSONResponse(as_json(kept.value.world, kept.value.report))


def parts(here: Desk, view: View) -> Parts:
    """Return the page's parts as they are now."""
    kept = here.observatory.status.kept
    seen = kept.value
    world = seen.world if seen else None
    report = seen.report if seen else None
    quorum = quorum_of(world.quorum.known or ()) if world else None
    pods = world.nodes.known.pods if world and world.nodes.known and not world.unreachable else ()
    values: dict[str, Any] = {
        "view": view,
        "world": world,
        "report": report,
        "error": kept.error,
        "seen_at": kept.at,
        "word": verdict(report) if report else "",
        "tone": CLASS[report.answer] if report else "unsure",
        "next": next((c for c in report.causes), None) if report else None,
        "flow": seen.flow if seen else None,
        "columns": COLUMNS,
        "rows": [row(world, report, pod, quorum) for pod in pods] if world and report else [],
        "facts": list(facts(world, quorum)) if world and not world.unreachable else [],
        "route": route(world) if world else "",
        "ahead": [(each, when(world, each)) for each in report.ahead] if world and report else [],
        "mends": _mends(here, _commands(report) if report else []),
        "hours": _hours(world) if world else None,
        "history": here.observatory.history.kept,
        "happenings": _happenings(here),
        "runs": [r for r in here.observatory.runs.kept.value or [] if r.state is RunState.RUNNING],
    }
    return {name: Markup(page(f"now/{name}.html", **values)) for name in PARTS}


def _commands(report: Report) -> list[str]:
    return [*(cause.mend for cause in report.causes), *(each.mend for each in report.ahead)]


def _mends(here: Desk, commands: list[str]) -> dict[str, str]:
    """Return the address of the form that each command fills in, where it is a change."""
    found = {line: here.forms.of_line(line) for line in commands if line}
    return {line: f"/change/{each[0].path}{query(**each[1])}" for line, each in found.items() if each}


def _hours(world: World) -> Outlook | None:
    hours = world.hours.known
    if hours is None:
        return None
    target = world.target
    return outlook(target.environment, hours, world.at, binding=target.production, ahead=timedelta(0))


def _happenings(here: Desk) -> list[object]:
    history = here.observatory.history.kept.value
    return list(history.happenings[:LAST_CHANGES]) if history else []
