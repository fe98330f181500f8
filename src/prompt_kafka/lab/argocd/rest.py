"""The part of Argo CD's REST API that a runbook needs, on loopback with TLS and a token.

What it does is what Argo CD's API server does with the same request: it looks and refuses, sets the refresh
annotation or the ``operation``, and the application controller acts. The token is of one account that may do
everything with Applications.
"""

from __future__ import annotations

import hmac
import json
import logging
import ssl
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.argocd.server import ApiRefusal, Applications
from prompt_kafka.lab.loopback import Server, Serving, kept_token

log = logging.getLogger(__name__)

ROOT = "/api/v1/applications"
ACCOUNT = "lab"
TOKEN_FILE = "argocd-token"
VERSION = "v3.6.0+lab"
_BODY_LIMIT = 1 << 20


def token_of(folder: Path) -> str:
    """Return the lab's token for this API, made on first use and kept private."""
    return kept_token(folder / TOKEN_FILE, "", 32)


class RestApi:
    """The server.

    Parameters
    ----------
    applications
        Does what is asked.
    folder
        Of the lab: the token is kept there, the certificate is the API server's.
    port
        On 127.0.0.1; 0 for any.
    """

    def __init__(self, applications: Applications, folder: Path, port: int) -> None:
        self.applications = applications
        self._token = token_of(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "pki" / "server.crt", folder / "pki" / "server.key")
        self._serving = Serving(
            "the lab's Argo CD", "argocd-api", port, lambda address: _Server(address, self, context)
        )

    @property
    def address(self) -> str:
        """What goes into ``ARGOCD_SERVER``."""
        return self._serving.address

    def start(self) -> None:
        """Begin to serve."""
        self._serving.start()

    def stop(self) -> None:
        """Stop serving."""
        self.applications.stop()
        self._serving.stop()

    def answer(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any], shown: str
    ) -> dict[str, Any]:
        """Answer a request.

        Raises
        ------
        ApiRefusal
            It is refused.
        """
        if method == "GET" and path == "/api/version":
            return {"Version": VERSION}
        if not shown:
            raise ApiRefusal(401, 16, "no session information")
        if not hmac.compare_digest(shown.encode("latin-1", "replace"), self._token.encode()):
            raise ApiRefusal(401, 16, "invalid session: token is not valid")
        space = str(query.get("appNamespace") or body.get("appNamespace") or "argocd")
        if path == ROOT and method == "GET":
            return self.applications.items(space)
        name, _, what = path.removeprefix(f"{ROOT}/").partition("/")
        if not path.startswith(f"{ROOT}/") or not name:
            raise ApiRefusal(404, 5, "Not Found")
        match method, what:
            case "GET", "":
                return self.applications.get(name, space, query.get("refresh"))
            case "POST", "sync":
                return self.applications.sync(name, space, body, ACCOUNT)
            case "POST", "rollback":
                return self.applications.rollback(name, space, body, ACCOUNT)
            case "DELETE", "operation":
                return self.applications.terminate(name, space)
        raise ApiRefusal(501, 12, "Method Not Allowed")


class _Server(Server):
    def __init__(self, address: tuple[str, int], api: RestApi, context: ssl.SSLContext) -> None:
        self.api, self.context = api, context
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Do the TLS handshake in the connection's own thread: a silent client keeps nobody waiting."""
        request.settimeout(10.0)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        try:
            super().finish_request(secured, client_address)
        finally:
            self.shutdown_request(secured)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a client that went away, without a traceback."""
        log.debug("argocd-api: a connection of %s ended early", client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    server: _Server

    def do_GET(self) -> None:
        """Answer a read."""
        self._handle("GET")

    def do_POST(self) -> None:
        """Answer a call."""
        self._handle("POST")

    def do_DELETE(self) -> None:
        """Answer a deletion."""
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _BODY_LIMIT:
                raise ApiRefusal(413, 8, "request too large")
            raw = self.rfile.read(length)
            media = (self.headers.get("Content-Type") or "").partition(";")[0].strip()
            if method != "GET" and media != "application/json":
                self._send(
                    415, {"error": "Invalid content type", "code": 3, "message": "Invalid content type"}
                )
                return
            body = json.loads(raw or b"{}")
            if not isinstance(body, dict):
                raise ValueError
            parts = urlsplit(self.path)
            shown = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self._send(200, self.server.api.answer(method, unquote(parts.path), query, body, shown))
        except ApiRefusal as refusal:
            self._send(refusal.status, refusal.body)
        except ValueError:
            self._send(400, ApiRefusal(400, 3, "invalid request body").body)
        except PromptKafkaError as error:
            self._send(503, ApiRefusal(503, 14, error.what).body)

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the requests are in nobody's interest."""
