"""How a page is answered, and how a failure is: with what was wrong, where, and what to do next."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from prompt_kafka.console.desk import desk
from prompt_kafka.console.refusals import wants_json
from prompt_kafka.console.rendering import page
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UnreachableError, UsageError


def shown(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """Answer with a page."""
    return HTMLResponse(page(template, view=desk(request).view(request), **values), status)


def failure(request: Request, error: PromptKafkaError) -> Response:
    """Answer with an error of the product: the page names it, it is never blank."""
    status = _status(error)
    if wants_json(request.headers, request.state.path):
        body = {
            "code": error.code,
            "rule": getattr(error, "rule", None),
            "what": error.what,
            "where": error.where,
            "next": error.next,
        }
        return JSONResponse({"error": body}, status)
    return shown(request, "failure.html", status, title="Not done", error=error)


def lost(request: Request, what: str) -> Response:
    """Answer that there is no such page or thing."""
    if wants_json(request.headers, request.state.path):
        return JSONResponse({"error": {"code": "not-found", "what": what}}, 404)
    return shown(request, "lost.html", 404, title="Not here", what=what)


def _status(error: PromptKafkaError) -> int:
    match error:
        case UsageError():
            return 400
        case RefusedError():
            return 409
        case UnreachableError():
            return 503
        case _:
            return 502
