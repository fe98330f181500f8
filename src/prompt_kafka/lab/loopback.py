"""What the lab's small servers have in common (Argo CD's API, Slack, a forge): a port, a thread, a token."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.core.errors import PromptKafkaError

Address = tuple[str, int]


class PortError(PromptKafkaError):
    """The port is not to be had."""

    code = "port-taken"


class Server(ThreadingHTTPServer):
    """A server with a thread for each connection; it waits for none of them when it ends."""

    daemon_threads = True
    allow_reuse_address = True


class Serving:
    """A server on 127.0.0.1, in a thread of its own.

    Parameters
    ----------
    what
        As a person calls it: ``the lab's Slack``.
    name
        Of its thread.
    port
        0 for any.
    opened
        Makes the server at an address.

    Raises
    ------
    PortError
        Somebody else listens there.
    """

    def __init__(self, what: str, name: str, port: int, opened: Callable[[Address], Server]) -> None:
        try:
            self._server = opened(("127.0.0.1", port))
        except OSError as error:
            raise PortError(
                f"{what} cannot listen on port {port}: {error.strerror}",
                where=f"127.0.0.1:{port}",
                next="end what listens there (ss -ltnp), or make a new lab with another --name",
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name=name, daemon=True
        )

    @property
    def address(self) -> str:
        """Where it listens: ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(2.0)
        self._server.server_close()


def kept_token(file: Path, prefix: str, size: int = 24) -> str:
    """Return a token, made once and kept in a private file."""
    token = file.read_text().strip() if file.exists() else ""
    if not token:
        token = f"{prefix}{secrets.token_urlsafe(size)}"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(file, f"{token}\n")
    return token
