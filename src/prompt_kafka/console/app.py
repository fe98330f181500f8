"""The application: its routes, its guard, and what begins and ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from prompt_kafka.console import api, check, messages, now, planning, runbook, runs, topics, windows
from prompt_kafka.console.audit import Audit
from prompt_kafka.console.desk import Desk, changing, desk
from prompt_kafka.console.forms import Forms
from prompt_kafka.console.guard import Guard, local
from prompt_kafka.console.observatory import Observatory
from prompt_kafka.console.pages import failure, lost, shown
from prompt_kafka.console.plans import Plans
from prompt_kafka.console.pool import Pool
from prompt_kafka.console.reads import Reads
from prompt_kafka.console.running import Running
from prompt_kafka.console.settings import Settings
from prompt_kafka.console.shared import Shared
from prompt_kafka.console.signing_in import Sessions, set_cookie
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.service import Environment
from prompt_kafka.factory import Session
from prompt_kafka.targets import TargetOptions

Opens = Callable[[], AbstractContextManager[Session]]
Say = Callable[[str], None]


class _Files(StaticFiles):
    """Static files; their address changes with their content, so they may be kept."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def application(
    settings: Settings,
    target: TargetOptions,
    environment: Environment,
    opens: Opens,
    *,
    forms: Forms,
    reads: Reads,
    runner: str,
    audit: Audit | None = None,
    say: Say = lambda _: None,
) -> Starlette:
    """Return the console of one environment.

    Parameters
    ----------
    opens
        Gives a session that reads.
    forms, reads
        What the commands ask for: changes, and readings of messages.
    runner
        Who runs the console: whom a one-time link signs in.
    say
        Says something to whoever started the console: a new link.
    """
    sessions = Sessions()
    observatory = Observatory(opens)
    audit = audit or Audit()
    running = Running(changing(target, environment), audit)
    checks = Shared(partial(check.look, opens))
    made = Desk(
        settings,
        target,
        environment,
        opens,
        sessions,
        audit,
        observatory,
        forms,
        running,
        Plans(),
        checks,
        reads,
        Pool(opens),
        Shared(partial(topics.look, opens)),
        Shared(partial(topics.listing, opens)),
    )

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        with observatory:
            yield
            await run_in_threadpool(running.stop)
            await run_in_threadpool(made.pool.close)

    guard = Middleware(Guard, settings=settings, sessions=sessions, audit=made.audit)
    inside = Mount(settings.path, routes=_routes()) if settings.path else None
    app = Starlette(
        routes=[inside] if inside else _routes(),
        middleware=[guard],
        lifespan=life,
        exception_handlers={
            PromptKafkaError: _failed,
            HTTPException: _http,
        },
    )
    app.state.desk, app.state.say, app.state.runner = made, say, runner
    return app


def link(app: Starlette) -> str:
    """Return a new one-time link."""
    here: Desk = app.state.desk
    settings = here.settings
    token = here.sessions.link(local(app.state.runner))
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    return f"http://{host}:{settings.port}{settings.path}/sign-in?token={token}"


def _routes() -> list[BaseRoute]:
    return [
        Route("/", now.now),
        Route("/now/events", now.events),
        Route("/runbook", runbook.index),
        Route("/runbook/{slug}", runbook.heading),
        Route("/docs/{name:path}", runbook.page),
        Route("/change/{words:path}/plan", planning.plan),
        Route("/change/{words:path}/run", planning.run, methods=["POST"]),
        Route("/change/{words:path}", planning.form),
        Route("/runs", runs.index),
        Route("/runs/{run}", runs.show),
        Route("/runs/{run}/events", runs.events),
        Route("/runs/{run}/resume", runs.resume, methods=["POST"]),
        Route("/runs/{run}/abort", runs.abort, methods=["POST"]),
        Route("/runs/{run}/record.{form}", runs.told),
        Route("/topics", topics.index),
        Route("/topics/{topic}", topics.topic),
        Route("/groups", topics.groups),
        Route("/groups/{group:path}", topics.group),
        Route("/users", topics.users),
        Route("/topics/{topic}/messages", messages.index),
        Route("/topics/{topic}/messages/{partition:int}/{offset:int}", messages.record),
        Route("/record/{link:path}", messages.record),
        *(
            Route(f"{below}{path}", messages.kafdrop)
            for below in ("", "/kafdrop")
            for path in (
                "/topic",
                "/topic/{topic}",
                "/topic/{topic}/messages",
                "/topic/{topic}/allmessages",
                "/broker/{broker}",
                *(["", "/"] if below else []),
            )
        ),
        Route("/windows", windows.page),
        Route("/check", check.page),
        *api.routes(),
        Route("/sign-in", sign_in),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/healthz", lambda request: PlainTextResponse("ok")),
        Mount("/static", _Files(packages=[("prompt_kafka.console", "static")])),
    ]


def sign_in(request: Request) -> Response:
    """Take a one-time link; a link that is used up signs nobody in."""
    here = desk(request)
    peer = request.client.host if request.client else "?"
    value = here.sessions.redeem(request.query_params.get("token", "")) if request.method == "GET" else None
    if value is None:
        here.audit.refused(f"somebody at {peer}", "a link that is used up, or none")
        return shown(request, "used.html", 401, title="Sign in")
    here.audit.note("signed in", request.app.state.runner, f"by the one-time link, from {peer}")
    request.app.state.say(f"signed in from {peer}; for another browser: {link(request.app)}")
    answer = RedirectResponse(here.settings.path + "/", 303)
    answer.headers["set-cookie"] = set_cookie(here.settings, value)
    return answer


def sign_out(request: Request) -> Response:
    """End the session."""
    here = desk(request)
    here.sessions.close(request.state.signed_in)
    return shown(request, "out.html", title="Signed out")


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, PromptKafkaError)
    return failure(request, error)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return lost(request, "there is no such page" if error.status_code == 404 else str(error.detail))
