"""The JSON endpoints: one table, from which the routes and their description (OpenAPI) are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from prompt_kafka import __version__
from prompt_kafka.console import check, messages, now, planning, runbook, runs, topics, windows

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint.

    Attributes
    ----------
    path
        Below :data:`BASE`, with its parameters in braces.
    says
        What it answers, one sentence.
    query
        What may be asked for, with its type.
    body
        ``object`` or ``array``.
    """

    path: str
    answers: Callable[[Request], Response]
    says: str
    query: tuple[tuple[str, str], ...] = ()
    body: str = "object"


READING = (
    ("count", "integer"),
    ("lower", "string"),
    ("upper", "string"),
    ("grep", "string"),
    ("token", "string"),
)

ENDPOINTS = (
    Endpoint("/status", now.status, "Verdict, problems and the World: `status -o json`."),
    Endpoint("/runbook", runbook.listed, "The headings and the fields of their forms.", body="array"),
    Endpoint("/change/{words:path}/plan", planning.plan, "A plan of a change; its fields are the query."),
    Endpoint("/runs", runs.listed, "All runs, without their plans: `run list -o json`.", body="array"),
    Endpoint("/runs/{run}", runs.told, "A run's record: `run show -o json`."),
    Endpoint("/windows", windows.listed, "The coming windows.", (("days", "integer"),)),
    Endpoint("/check", check.listed, "What `check` finds in the charts of this environment."),
    Endpoint("/topics/{topic}/messages", messages.listed, "A page or a search: `messages -o json`.", READING),
    Endpoint(
        "/topics/{topic}/messages/{partition:int}/{offset:int}",
        messages.record,
        "One record with its decoders, or what became of it.",
    ),
    Endpoint("/topics", topics.topics_listed, "All topics: `topic list -o json`."),
    Endpoint("/groups", topics.groups_listed, "All consumer groups with their lag.", body="array"),
    Endpoint("/users", topics.users_listed, "All users and what each may do.", body="array"),
)


def routes() -> list[Route]:
    """Return the routes."""
    return [
        *(Route(BASE + each.path, each.answers) for each in ENDPOINTS),
        Route(f"{BASE}/openapi.json", lambda request: JSONResponse(described())),
    ]


def described() -> dict[str, Any]:
    """Return the description of all endpoints."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Prompt Kafka console",
            "version": __version__,
            "description": "Reads only. The session's cookie, or the proxy's headers, say who asks.",
        },
        "paths": {re.sub(r":\w+}", "}", BASE + each.path): {"get": _operation(each)} for each in ENDPOINTS},
        "components": {"schemas": {"Error": _ERROR}},
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    inside = re.findall(r"{(\w+)(:int)?", each.path)
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    return {
        "summary": each.says,
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 0} if whole else {"type": "string"},
                }
                for name, whole in inside
            ),
            *({"name": name, "in": "query", "schema": {"type": kind}} for name, kind in each.query),
        ],
        "responses": {
            "200": {
                "description": each.says,
                "content": {"application/json": {"schema": {"type": each.body}}},
            },
            **{code: {"description": text, **error} for code, text in _REFUSALS.items()},
        },
    }


_REFUSALS = {
    "400": "what is asked for cannot be read",
    "401": "not signed in",
    "404": "there is no such thing",
    "409": "refused by a rule, which is named",
    "429": "too often",
    "502": "not done",
    "503": "an interface of the service does not answer",
}

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["what"],
            "properties": {
                name: {"type": ["string", "null"]} for name in ("code", "rule", "what", "where", "next")
            },
        }
    },
}
