"""Port-forwards: a local address that leads to a port of a pod, through the Kubernetes API.

The listener is on loopback, and each connection to it is one WebSocket, so a pod that goes away breaks its
connections and nothing else; the next connection finds the pod of that name again.
"""

from __future__ import annotations

import re
import socket as sockets
import threading
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Self

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.streams import FORWARD_PROTOCOLS, Streams
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

DATA, ERROR = 0, 1
SETTLE_S = 0.3
"""How long a pod's refusal may take to come through after the stream is open."""
_CHUNK = 1 << 15
_PREFIX = re.compile(r"^error forwarding port \d+ to pod \S+, uid \S*: ")
"""What the kubelet puts in front, and who asked knows already."""


class PortForward:
    """Listens on a free port of 127.0.0.1 and forwards to a port of a pod, until it is closed.

    Parameters
    ----------
    streams
        The way through the Kubernetes API.
    namespace, pod, port
        Where to.
    """

    def __init__(
        self, streams: Streams, namespace: str, pod: str, port: int, *, clock: Clock = SYSTEM
    ) -> None:
        self._streams, self._namespace, self._pod, self._port = streams, namespace, pod, port
        self._clock = clock
        self._lock = threading.Lock()
        self._open: set[sockets.socket] = set()
        self._closed = False
        self.last_error = ""
        self._listener = sockets.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, name=f"forward {self}", daemon=True)
        self._thread.start()

    def __str__(self) -> str:
        return f"{self._pod}:{self._port}"

    @property
    def address(self) -> tuple[str, int]:
        """The local end."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Stop listening and end every connection."""
        with self._lock:
            self._closed = True
            open_now = list(self._open)
        with suppress(OSError):
            self._listener.shutdown(sockets.SHUT_RDWR)
        self._listener.close()
        for each in open_now:
            _end(each)
        self._thread.join(2.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def check(self, timeout: float = 5.0) -> str:
        """Try the way to the pod's port; return why the pod does not answer, empty when it seems to.

        A port that takes connections and says nothing counts as working.

        Raises
        ------
        KubernetesError, UnreachableError
            The API does not let us forward.
        """
        with self._stream(timeout) as socket:
            messages = _Messages()
            end = self._clock.monotonic() + timeout
            settled: float | None = None
            while True:
                if settled is None and messages.ready:
                    settled = self._clock.monotonic() + SETTLE_S
                until = end if settled is None else settled
                message = _receive(socket, until - self._clock.monotonic())
                if message is None:
                    return "" if settled is not None else "the API opened the stream and said nothing"
                if message == b"":
                    return messages.error or "the pod closed the connection"
                messages.take(message)
                if messages.error:
                    return messages.error

    def _stream(self, timeout: float | None = None) -> AbstractContextManager[ClientConnection]:
        path = f"{POD.path(self._namespace, self._pod)}/portforward"
        return self._streams.open(path, [("ports", str(self._port))], FORWARD_PROTOCOLS, timeout=timeout)

    def _accept(self) -> None:
        while True:
            try:
                local, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closed:
                    local.close()
                    return
                self._open.add(local)
            threading.Thread(target=self._serve, args=(local,), name=f"forward {self}", daemon=True).start()

    def _serve(self, local: sockets.socket) -> None:
        try:
            with self._stream() as socket:
                up = threading.Thread(target=self._up, args=(local, socket), daemon=True)
                up.start()
                self._down(socket, local)
                _end(local)
                up.join(2.0)
        except PromptKafkaError as error:
            self.last_error = error.what
        finally:
            with self._lock:
                self._open.discard(local)
            _end(local)
            local.close()

    def _up(self, local: sockets.socket, socket: ClientConnection) -> None:
        """Carry what the local side says; when it stops, so does the stream: there is no half of it."""
        from websockets.exceptions import ConnectionClosed

        local.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        with suppress(OSError, ConnectionClosed):
            while data := local.recv(_CHUNK):
                socket.send(bytes([DATA]) + data)
        with suppress(OSError, ConnectionClosed):
            socket.close()

    def _down(self, socket: ClientConnection, local: sockets.socket) -> None:
        messages = _Messages()
        with suppress(OSError):
            while message := _receive(socket, None):
                data = messages.take(message)
                if messages.error:
                    self.last_error = messages.error
                    return
                if data:
                    local.sendall(data)


class _Messages:
    """The two channels of one forwarded port; each begins with the port's number in two bytes."""

    def __init__(self) -> None:
        self._left = {DATA: 2, ERROR: 2}
        self.error = ""

    @property
    def ready(self) -> bool:
        return not any(self._left.values())

    def take(self, message: bytes) -> bytes:
        channel, data = message[0], message[1:]
        if channel not in self._left:
            return b""
        skip = min(self._left[channel], len(data))
        self._left[channel] -= skip
        if channel == ERROR:
            self.error = _PREFIX.sub("", self.error + data[skip:].decode("utf-8", "replace"))
            return b""
        return data[skip:]


def _receive(socket: ClientConnection, timeout: float | None) -> bytes | None:
    """Return the next message; None when time is up, empty when the stream has ended."""
    from websockets.exceptions import ConnectionClosed

    try:
        message = socket.recv(timeout=None if timeout is None else max(0.001, timeout))
    except TimeoutError:
        return None
    except ConnectionClosed:
        return b""
    return message if isinstance(message, bytes) else message.encode()


def _end(socket: sockets.socket) -> None:
    with suppress(OSError):
        socket.shutdown(sockets.SHUT_RDWR)
