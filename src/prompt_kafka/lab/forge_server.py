"""The HTTP side of the lab's forge: logins, conditional requests, ordered errors."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from prompt_kafka.lab import forge_page
from prompt_kafka.lab.forge_store import RejectedError
from prompt_kafka.lab.loopback import Server

if TYPE_CHECKING:
    from prompt_kafka.lab.forge import Forge

log = logging.getLogger(__name__)

ROOT = "/api/v3"
_DOCS = "https://docs.github.com/rest"


@dataclass
class Fault:
    """An ordered error: for which method and path, what is answered, and how often."""

    method: str = "*"
    path: str = ""
    status: int = 0
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    lose_answer: bool = False
    times: int = 1


@dataclass(frozen=True)
class Login:
    """Who a token is, and what it may: ``write``, ``read`` or ``none``."""

    user: str
    may: str = "write"


class ForgeServer(Server):
    """Serves one forge."""

    def __init__(self, address: tuple[str, int], forge: Forge) -> None:
        self.forge = forge
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ForgeServer

    def _handle(self) -> None:
        forge, parts = self.server.forge, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        given = self.rfile.read(length)
        forge.asked.append(f"{self.command} {parts.path}")
        if not parts.path.startswith(ROOT):
            self._page(parts.path)
            return
        fault = forge.take_fault(self.command, parts.path)
        if fault is not None and fault.status:
            self._send(fault.status, {"message": fault.message}, fault.headers)
            return
        try:
            status, body = self._answer(parts.path, dict(parse_qsl(parts.query)), given)
        except RejectedError as error:
            errors = [{"resource": "PullRequest", "code": "custom", "message": each} for each in error.errors]
            said: dict[str, Any] = {"message": error.message, "documentation_url": _DOCS}
            status, body = error.status, {**said, **({"errors": errors} if errors else {})}
        if fault is not None and fault.lose_answer:
            self.close_connection = True
            return
        self._send(status, body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

    def _page(self, path: str) -> None:
        """Answer a browser."""
        found = re.fullmatch(r"/pull/(\d+)/(approve|object|merge|close)", path)
        said = ""
        if self.command == "POST" and found:
            said = forge_page.deed(self.server.forge, int(found[1]), found[2])
        data = forge_page.page(self.server.forge, said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, path: str, query: Mapping[str, str], given: bytes) -> tuple[int, Any]:
        forge = self.server.forge
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        login = forge.logins.get(token)
        if login is None:
            raise RejectedError(401, "Bad credentials" if token else "Requires authentication")
        root = f"{ROOT}/repos/{forge.repository}"
        if path != root and not path.startswith(f"{root}/"):
            raise RejectedError(404, "Not Found")
        try:
            body = json.loads(given) if given else {}
        except ValueError:
            raise RejectedError(400, "Problems parsing JSON") from None
        return forge.answer(self.command, path.removeprefix(root), query, body, login)

    def _send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = b"" if status == 204 else json.dumps(body).encode()
        tag = f'W/"{hashlib.sha256(data).hexdigest()}"'
        if status == 200 and self.command == "GET" and self.headers.get("If-None-Match") == tag:
            status, data = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", tag)
        self.send_header("X-RateLimit-Limit", "5000")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Log to the debug level."""
        log.debug("%s %s", self.command, urlsplit(self.path).path)
