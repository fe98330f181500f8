"""An answer that refuses: a small page for people, JSON for scripts; neither shows what was sent."""

from __future__ import annotations

import math

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from prompt_kafka.console.rendering import page


class Refusal(Exception):
    """A request is not let in.

    Parameters
    ----------
    rule
        The name of what refuses it.
    retry_s
        After so many seconds it may be tried again.
    """

    def __init__(self, status: int, rule: str, what: str, next: str, *, retry_s: float = 0.0) -> None:
        super().__init__(what)
        self.status, self.rule, self.what, self.next, self.retry_s = status, rule, what, next, retry_s


def answer(refusal: Refusal, headers: Headers, root: str, path: str) -> Response:
    """Return the answer."""
    more = {"retry-after": str(math.ceil(refusal.retry_s))} if refusal.retry_s else {}
    if wants_json(headers, path):
        body = {"error": {"rule": refusal.rule, "what": refusal.what, "next": refusal.next}}
        return JSONResponse(body, refusal.status, more)
    shown = page("refused.html", root=root, refusal=refusal, again=refusal.rule == "from-elsewhere")
    return Response(shown, refusal.status, more, "text/html")


def wants_json(headers: Headers, path: str) -> bool:
    """Return whether a script asks."""
    accept = headers.get("accept", "")
    return path.startswith("/api/") or ("application/json" in accept and "text/html" not in accept)
