"""Commands in pods and port-forwards: the two ways through a Kubernetes API that are not requests.

Both are WebSockets with the channel protocol of ``channel.k8s.io``: the first byte of a message says which
stream it belongs to. kubectl's own port-forward tunnels SPDY instead; the API server and the kubelet speak
both (``pkg/cri/streaming/portforward/websocket.go`` there).
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from prompt_kafka.clients.auth import Credentials
from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.transport import KubernetesError, error_of, guard
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import TimedOutError, UnreachableError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

EXEC_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
FORWARD_PROTOCOLS = ("v4.channel.k8s.io",)
STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
MAX_MESSAGE = 16 << 20

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that came to its end.

    Attributes
    ----------
    code
        Its exit code.
    stdout, stderr
        What it printed.
    """

    code: int
    stdout: bytes
    stderr: bytes


class Streams:
    """Opens WebSockets to one Kubernetes API, with its credentials and under its guard.

    Parameters
    ----------
    credentials
        The way there, and who we are.
    read_only, allow_exec
        As in `Kubernetes.connect`.
    timeout
        Seconds for a connection to open.
    """

    def __init__(
        self, credentials: Credentials, *, read_only: bool, allow_exec: bool = False, timeout: float = 10.0
    ) -> None:
        self._credentials = credentials
        self._read_only, self._allow_exec, self._timeout = read_only, allow_exec, timeout
        self._lock = threading.Lock()
        self._trust: tuple[object, ssl.SSLContext] | None = None

    @property
    def may_exec(self) -> bool:
        """Whether `run` is allowed on this connection."""
        return self._allow_exec or not self._read_only

    @contextmanager
    def open(
        self, path: str, query: Query, protocols: Sequence[str], *, timeout: float | None = None
    ) -> Iterator[ClientConnection]:
        """Open a WebSocket.

        Raises
        ------
        ReadOnlyViolation
            This connection may not do that.
        KubernetesError
            The API refused it.
        UnreachableError
            It does not answer.
        """
        url = httpx2.URL(f"{self._credentials.server}{path}", params=list(query))
        if self._read_only:
            guard("GET", url, allow_exec=self._allow_exec)
        socket = self._connect(url, protocols, timeout or self._timeout)
        with socket:
            yield socket

    def _connect(self, url: httpx2.URL, protocols: Sequence[str], timeout: float) -> ClientConnection:
        from websockets.exceptions import InvalidStatus

        try:
            return self._handshake(url, protocols, timeout, self._credentials.headers())
        except InvalidStatus as error:
            if error.response.status_code != 401:
                raise _refusal(error, url) from None
        try:
            return self._handshake(url, protocols, timeout, self._credentials.headers(refused=True))
        except InvalidStatus as error:
            raise _refusal(error, url) from None

    def _handshake(
        self, url: httpx2.URL, protocols: Sequence[str], timeout: float, headers: Mapping[str, str]
    ) -> ClientConnection:
        from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        from prompt_kafka.clients.websocket import Connection

        tls = url.scheme == "https"
        address = str(url.copy_with(scheme="wss" if tls else "ws"))
        try:
            return connect(
                address,
                ssl=self._context() if tls else None,
                server_hostname=self._credentials.server_name if tls else None,
                subprotocols=[Subprotocol(name) for name in protocols],
                additional_headers=headers,
                compression=None,
                proxy=self._credentials.proxy,
                create_connection=Connection,
                open_timeout=timeout,
                close_timeout=1.0,
                max_size=MAX_MESSAGE,
            )
        except InvalidStatus:
            raise
        except (OSError, InvalidHandshake, InvalidURI) as error:
            raise UnreachableError(
                f"the Kubernetes API does not open a stream: {error or type(error).__name__}",
                where=f"{self._credentials.server}{url.path}",
            ) from error

    def _context(self) -> ssl.SSLContext:
        certificate = self._credentials.certificate
        with self._lock:
            if self._trust is None or self._trust[0] != certificate:
                self._trust = (certificate, self._credentials.context(certificate))
            return self._trust[1]

    def run(
        self,
        pod: str,
        namespace: str,
        command: Sequence[str],
        *,
        container: str | None = None,
        stdin: bytes | None = None,
        timeout: float = 30.0,
        clock: Clock = SYSTEM,
    ) -> Finished:
        """Run a command in a pod and return how it ended. No secret belongs into `command`.

        Raises
        ------
        ReadOnlyViolation
            This connection may not.
        KubernetesError, UnreachableError
            The API refused it or does not answer, or the command could not be started.
        TimedOutError
            It did not end in time; it may still run.
        """
        query = [("command", word) for word in command]
        query += [("stdout", "true"), ("stderr", "true")]
        query += [("container", container)] if container else []
        query += [("stdin", "true")] if stdin is not None else []
        path = f"{POD.path(namespace, pod)}/exec"
        end = clock.monotonic() + timeout
        with self.open(path, query, EXEC_PROTOCOLS, timeout=min(timeout, self._timeout)) as socket:
            if stdin is not None:
                _feed(socket, stdin, path)
            output: dict[int, bytearray] = {STDOUT: bytearray(), STDERR: bytearray()}
            status = _collect(socket, output, end, clock, path)
        code = _exit_code(status, path)
        return Finished(code, bytes(output[STDOUT]), bytes(output[STDERR]))


def _feed(socket: ClientConnection, stdin: bytes, where: str) -> None:
    if socket.subprotocol != EXEC_PROTOCOLS[0]:
        raise UnreachableError(
            "this API server cannot end a command's input (v5.channel.k8s.io)",
            where=where,
            next="Kubernetes 1.30 or later can",
        )
    for start in range(0, len(stdin), 1 << 15):
        socket.send(bytes([STDIN]) + stdin[start : start + (1 << 15)])
    socket.send(bytes([CLOSE, STDIN]))


def _collect(
    socket: ClientConnection, output: dict[int, bytearray], end: float, clock: Clock, where: str
) -> Mapping[str, Any]:
    """Read a command's streams until its status comes."""
    from websockets.exceptions import ConnectionClosed

    while True:
        try:
            message = socket.recv(timeout=max(0.001, end - clock.monotonic()))
        except TimeoutError:
            raise TimedOutError("the command in the pod did not end in time", where=where) from None
        except ConnectionClosed as error:
            raise UnreachableError(
                f"the command's connection broke before its end: {error}", where=where
            ) from None
        data = message if isinstance(message, bytes) else message.encode()
        if data and data[0] == STATUS and len(data) > 1:
            status = json.loads(data[1:])
            assert isinstance(status, dict)
            return status
        if data and data[0] in output:
            output[data[0]] += data[1:]


def _exit_code(status: Mapping[str, Any], where: str) -> int:
    if status.get("status") == "Success":
        return 0
    if status.get("reason") == "NonZeroExitCode":
        for cause in (status.get("details") or {}).get("causes") or ():
            if cause.get("reason") == "ExitCode":
                return int(cause["message"])
    raise KubernetesError(
        int(status.get("code") or 500),
        str(status.get("reason", "")),
        str(status.get("message", "the command could not be run")),
        where=where,
    )


def _refusal(error: Any, url: httpx2.URL) -> KubernetesError:
    answer = error.response
    response = httpx2.Response(
        answer.status_code, content=bytes(answer.body or b""), request=httpx2.Request("GET", url)
    )
    return error_of(response)
