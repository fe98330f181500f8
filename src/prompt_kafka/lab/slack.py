"""A small Slack: the methods of the Web API that announcements need, on loopback.

Posts are kept in the lab's folder and survive restarts. It answers as Slack does (HTTP 200 with ``ok: false``
for most errors, 429 with ``Retry-After`` when asked too often), and errors can be ordered, a lost answer
among them: the post is kept, but whoever sent it never learns.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.loopback import PortError, Server, Serving
from prompt_kafka.lab.slack_later import Later
from prompt_kafka.lab.slack_store import Answer, Messages, token_of
from prompt_kafka.lab.standing import FAULTS_FOLDER, StandingFaults

log = logging.getLogger(__name__)

FAULTS = "/lab/faults"
_TRUE = ("1", "true", "True", True)
_BODY_LIMIT = 1 << 20


@dataclass
class Fault:
    """An ordered error.

    Attributes
    ----------
    method
        Such as ``chat.postMessage``; ``*`` for every method.
    error
        Slack's error word; empty for none.
    status
        HTTP status; 429 carries ``Retry-After``.
    retry_after
        Seconds.
    delay
        Seconds before the answer.
    lose_answer
        Do what is asked, then close the connection without an answer.
    times
        How often; it is forgotten afterwards.
    """

    method: str = "*"
    error: str = ""
    status: int = 200
    retry_after: int = 1
    delay: float = 0.0
    lose_answer: bool = False
    times: int = 1


#: What it answers while a fault of the lab lasts, given what that fault says.
LASTING: Mapping[str, Callable[[str], Fault]] = {
    "slack-down": lambda _: Fault(status=503, error="service_unavailable"),
    "slack-rate-limit": lambda seconds: Fault(status=429, retry_after=int(seconds or 30)),
    "slack-error": lambda error: Fault(error=error),
}


@dataclass
class Faults:
    """The ordered errors that are left, after those that last."""

    standing: StandingFaults | None = None
    orders: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str) -> Fault | None:
        """Return the error for this call, using it up once unless it lasts."""
        for each in self.standing.all() if self.standing is not None else ():
            if each.name in LASTING:
                return LASTING[each.name](each.target)
        with self.lock:
            for fault in self.orders:
                if fault.method in ("*", method) and fault.times > 0:
                    fault.times -= 1
                    self.orders = [each for each in self.orders if each.times > 0]
                    return fault
        return None

    def order(self, fault: Fault) -> None:
        """Order an error."""
        with self.lock:
            self.orders.append(fault)

    def clear(self) -> None:
        """Forget all ordered errors."""
        with self.lock:
            self.orders = []


class Slack:
    """The server.

    Parameters
    ----------
    folder
        Of the lab: ``slack.sqlite`` and ``slack-token`` are kept there.
    port
        On 127.0.0.1; 0 for any.
    """

    def __init__(self, folder: Path, port: int, *, clock: Clock = SYSTEM) -> None:
        self.token = token_of(folder)
        self.faults = Faults(StandingFaults(folder / FAULTS_FOLDER))
        self.messages = Messages(folder / "slack.sqlite", clock)
        self.later = Later(folder / "slack.sqlite", self.messages, clock)
        self._clock = clock
        try:
            self._serving = Serving("the lab's Slack", "slack", port, lambda address: _Server(address, self))
        except PortError:
            self.later.close()
            self.messages.close()
            raise

    @property
    def url(self) -> str:
        """What a client takes as its base: ``http://127.0.0.1:PORT/api/``."""
        return f"http://{self._serving.address}/api/"

    def start(self) -> None:
        """Begin to serve."""
        self._serving.start()

    def stop(self) -> None:
        """Stop serving."""
        self._serving.stop()
        self.later.close()
        self.messages.close()

    def answer(self, method: str, given: Mapping[str, Any], token: str) -> tuple[int, Answer, Fault | None]:
        """Answer a call: HTTP status, body, and the ordered error that applied."""
        fault = self.faults.take(method)
        if fault is not None and fault.delay:
            self._clock.sleep(fault.delay)
        if fault is not None and (fault.error or fault.status != 200):
            return fault.status, {"ok": False, "error": fault.error or "ratelimited"}, fault
        if not token:
            return 200, {"ok": False, "error": "not_authed"}, fault
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return 200, {"ok": False, "error": "invalid_auth"}, fault
        return 200, self._call(method, given), fault

    def _call(self, method: str, given: Mapping[str, Any]) -> Answer:
        messages, later = self.messages, self.later
        later.post_due()
        known: dict[str, Callable[[], Answer]] = {
            "auth.test": lambda: {
                "ok": True,
                "url": self.url.removesuffix("api/"),
                "team": "Lab",
                "team_id": "T0LAB",
                "user": "prompt-kafka",
                "user_id": "U0LAB",
                "bot_id": "B0LAB",
            },
            "api.test": lambda: {"ok": True},
            "conversations.list": messages.channels,
            "chat.postMessage": lambda: messages.post(given),
            "chat.update": lambda: messages.update(given),
            "chat.delete": lambda: messages.delete(given),
            "chat.scheduleMessage": lambda: later.schedule(given),
            "chat.scheduledMessages.list": lambda: later.listed(given),
            "chat.deleteScheduledMessage": lambda: later.delete(given),
            "chat.getPermalink": lambda: messages.permalink(given, self.url.removesuffix("api/")),
            "conversations.history": lambda: messages.history(given),
            "conversations.replies": lambda: messages.replies(given),
        }
        if method not in known:
            return {"ok": False, "error": "unknown_method", "req_method": method}
        return known[method]()


class _Server(Server):
    def __init__(self, address: tuple[str, int], slack: Slack) -> None:
        self.slack = slack
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer a read."""
        self._handle(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """Answer a call."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self._send(413, {"ok": False, "error": "request_too_large"})
            return
        text = self.rfile.read(length).decode("utf-8", "replace")
        given: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
        try:
            if "json" in (self.headers.get("Content-Type") or ""):
                given |= json.loads(text or "{}")
            else:
                given |= dict(parse_qsl(text, keep_blank_values=True))
        except (ValueError, TypeError):
            self._send(200, {"ok": False, "error": "invalid_json"})
            return
        self._handle(given)

    def _handle(self, given: dict[str, Any]) -> None:
        header = self.headers.get("Authorization") or ""
        token = header.removeprefix("Bearer ") if header else str(given.get("token") or "")
        path = urlsplit(self.path).path
        slack = self.server.slack
        if path == FAULTS:
            self._order(given, token)
            return
        if not path.startswith("/api/"):
            self._send(404, {"ok": False, "error": "not_found"})
            return
        status, body, fault = slack.answer(path.removeprefix("/api/"), given, token)
        if fault is not None and fault.lose_answer:
            self.close_connection = True
            return
        self._send(status, body, retry_after=fault.retry_after if fault and status == 429 else None)

    def _order(self, given: dict[str, Any], token: str) -> None:
        slack = self.server.slack
        if not hmac.compare_digest(token.encode(), slack.token.encode()):
            self._send(401, {"ok": False, "error": "invalid_auth"})
            return
        if given.get("clear") in _TRUE:
            slack.faults.clear()
            self._send(200, {"ok": True})
            return
        try:
            slack.faults.order(
                Fault(
                    method=str(given.get("method", "*")),
                    error=str(given.get("error", "")),
                    status=int(given.get("status", 200)),
                    retry_after=int(given.get("retry_after", 1)),
                    delay=float(given.get("delay", 0.0)),
                    lose_answer=given.get("lose_answer") in _TRUE,
                    times=int(given.get("times", 1)),
                )
            )
        except ValueError as error:
            self._send(400, {"ok": False, "error": f"invalid_arguments: {error}"})
            return
        self._send(200, {"ok": True})

    def _send(self, status: int, body: Answer, *, retry_after: int | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Log to the debug level: requests may carry a token in their query."""
        log.debug("%s %s", self.command, urlsplit(self.path).path)
