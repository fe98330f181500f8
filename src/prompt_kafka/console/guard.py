"""Stands before every page: host, origin, size, rate, identity, and the form that brings its token back.

No page can forget one of these: a request reaches it only through here, and a form only as this has read it.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_kafka.console.audit import Audit
from prompt_kafka.console.limits import Rate
from prompt_kafka.console.people import Person, Role, from_groups
from prompt_kafka.console.refusals import Refusal, answer
from prompt_kafka.console.settings import GROUPS_HEADER, USER_HEADER, Settings
from prompt_kafka.console.signing_in import Sessions, SignedIn, cookie_name, same, set_cookie

MOST_BODY = 64 * 1024
MOST_QUERY = 8 * 1024
MOST_FIELDS = 200

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

PROBE = "/healthz"
"""What a kubelet asks, which knows neither the console's name nor the proxy."""

OPEN = ("/static/", PROBE, "/sign-in")
"""Paths for which nobody need be signed in."""


class Guard:
    """The middleware.

    Parameters
    ----------
    app
        What it guards.
    clock
        Of the rates.
    """

    def __init__(self, app: ASGIApp, settings: Settings, sessions: Sessions, audit: Audit) -> None:
        self._app, self._settings, self._sessions, self._audit = app, settings, sessions, audit
        self._asks = Rate(30.0, 120.0)
        self._changes = Rate(2.0, 20.0)
        self._signs = Rate(0.5, 10.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        opened: list[str] = []
        path = self._path(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish(message, opened, path)
            await send(message)

        try:
            scope["state"] = {**scope.get("state", {}), "path": path}
            signed_in = self._admit(scope, headers, path, opened)
            if scope["method"] == "POST":
                scope["state"]["form"] = await self._form(headers, receive, signed_in)
        except Refusal as refusal:
            self._audit.refused(_who(scope), f"{refusal.rule}: {scope['method']} {path[:200]}")
            await answer(refusal, headers, self._settings.path, path)(scope, receive, guarded)
            return
        begun: list[bool] = []

        async def noted(message: Message) -> None:
            begun.append(True)
            await guarded(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # our mistake: named on a page with every header, not a connection cut
            traceback.print_exc(file=sys.stderr)
            if begun:
                raise
            broken = Refusal(
                500, "broken", f"the console failed: {type(error).__name__}", "its terminal says where"
            )
            await answer(broken, headers, self._settings.path, path)(scope, receive, guarded)

    def _path(self, scope: Scope) -> str:
        path = str(scope["path"])
        return path.removeprefix(self._settings.path) if self._settings.path else path

    def _admit(self, scope: Scope, headers: Headers, path: str, opened: list[str]) -> SignedIn | None:
        """Return who asks; refuse what must not get in."""
        peer = scope["client"][0] if scope.get("client") else ""
        if path != PROBE and headers.get("host", "").lower() not in self._settings.hosts:
            raise Refusal(
                421, "host", "the console is not known by this name", "use the address that it printed"
            )
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise Refusal(405, "method", f"{scope['method']} is not served", "use GET, or the page's form")
        if len(scope.get("query_string", b"")) > MOST_QUERY:
            raise Refusal(414, "query-too-long", "the address is too long", "ask for less at once")
        rates = [self._asks] if path.startswith(OPEN[0]) or scope["method"] != "POST" else [self._changes]
        if path == "/sign-in":
            rates.append(self._signs)
        asks = headers.get(USER_HEADER, peer) if self._settings.believes(peer) else peer
        for rate in rates:
            wait_s = rate.wait_s(asks)
            if wait_s:
                raise Refusal(429, "too-often", "too many requests", "wait a moment", retry_s=wait_s)
        self._refuse_foreign(scope, headers)
        signed_in = None if path == PROBE else self._identify(headers, peer, opened)
        scope["state"]["signed_in"] = signed_in
        if signed_in is None and not path.startswith(OPEN):
            raise _not_signed_in(headers, self._settings)
        return signed_in

    def _refuse_foreign(self, scope: Scope, headers: Headers) -> None:
        """Refuse a change that another site's page asks for."""
        if scope["method"] != "POST":
            return
        if headers.get("origin") not in self._settings.origins:
            raise Refusal(
                403, "origin", "the form comes from another site", "open the console itself and ask there"
            )
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Refusal(
                403, "origin", "the form comes from another site", "open the console itself and ask there"
            )

    def _identify(self, headers: Headers, peer: str, opened: list[str]) -> SignedIn | None:
        found = self._sessions.find(self._cookie(headers))
        if not self._settings.proxies:
            return found
        if not self._settings.believes(peer):
            raise Refusal(403, "not-the-proxy", "only the proxy may ask here", "open the proxy's address")
        name = headers.get(USER_HEADER, "").strip()
        if not name:
            return None
        groups = [group.strip() for group in headers.get(GROUPS_HEADER, "").split(",")]
        person = from_groups(name, groups, self._settings)
        if found is None or found.person != person:
            value, found = self._sessions.open(person)
            opened.append(value)
        return found

    def _cookie(self, headers: Headers) -> str:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        name = cookie_name(self._settings)
        return cookies[name].value if name in cookies else ""

    async def _form(
        self, headers: Headers, receive: Receive, signed_in: SignedIn | None
    ) -> dict[str, list[str]]:
        """Read a form, up to a size, and compare its token."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise Refusal(415, "not-a-form", "only a form of a page is taken", "use the page's form")
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said) > MOST_BODY:
            raise Refusal(413, "too-large", f"more than {MOST_BODY} bytes", "send less")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MOST_BODY:
                raise Refusal(413, "too-large", f"more than {MOST_BODY} bytes", "send less")
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        try:
            form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise Refusal(400, "not-a-form", "the form cannot be read", "use the page's form") from None
        (token,) = form.pop("csrf", [""])[:1]
        if signed_in is None or not same(token, signed_in.csrf):
            raise Refusal(
                403, "token", "the form's token is not this session's", "load the page again and send it anew"
            )
        return form

    def _finish(self, message: MutableMapping[str, Any], opened: list[str], path: str) -> None:
        headers = [(k, v) for k, v in message.get("headers", []) if k.lower() not in _OURS]
        headers += [(name.encode(), value.encode()) for name, value in HEADERS]
        if not any(k.lower() == b"cache-control" for k, _ in headers):
            headers.append((b"cache-control", b"no-store"))
        for value in opened:
            headers.append((b"set-cookie", set_cookie(self._settings, value).encode()))
        message["headers"] = headers


_OURS = {name.encode() for name, _ in HEADERS}


def _who(scope: Scope) -> str:
    signed_in = scope.get("state", {}).get("signed_in")
    peer = scope["client"][0] if scope.get("client") else "?"
    return f"{signed_in.person.name} at {peer}" if signed_in else f"somebody at {peer}"


def _not_signed_in(headers: Headers, settings: Settings) -> Refusal:
    if settings.proxies:
        return Refusal(401, "not-signed-in", "the proxy does not say who you are", "sign in at the proxy")
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") == "navigate":
        return Refusal(401, "from-elsewhere", "opening the page that a link on another site leads to", "")
    return Refusal(
        401,
        "not-signed-in",
        "you are not signed in",
        "open the link that the console printed; it prints a new one each time one is used",
    )


LOCAL = Role.APPROVER
"""Who has the one-time link of a console on loopback runs it, and may do what they may."""


def local(name: str) -> Person:
    """Return the person that a one-time link signs in."""
    return Person(name, LOCAL)
