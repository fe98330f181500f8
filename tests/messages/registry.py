"""A schema registry for tests: the part of its REST API that is read, over real HTTP on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Answer = tuple[int, Any]


class Registry:
    """What it knows, and what it was asked."""

    def __init__(self) -> None:
        self.ids: dict[int, dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[str] = []
        self.login = ""
        self.url = ""
        self.odd: Callable[[BaseHTTPRequestHandler], bool] | None = None

    def answer(self, path: str, authorization: str) -> Answer:
        """Return the status and the body for a GET."""
        self.asked.append(path)
        if self.login and authorization != self.login:
            return 401, {"error_code": 401, "message": "Unauthorized"}
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[:2] == ["schemas", "ids"] and parts[2].isdigit() and int(parts[2]) in self.ids:
            return 200, self.ids[int(parts[2])]
        if parts[:1] == ["subjects"] and parts[2] == "versions" and (parts[1], parts[3]) in self.versions:
            return 200, self.versions[parts[1], parts[3]]
        return 404, {"error_code": 40403, "message": "Schema not found"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def registry() -> Iterator[Registry]:
    """Run one on a free port."""
    known = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if known.odd is not None and known.odd(self):
                return
            status, body = known.answer(self.path, self.headers.get("Authorization", ""))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
