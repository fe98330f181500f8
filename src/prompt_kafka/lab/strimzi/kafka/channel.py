"""One connection to one Kafka node: a request goes out, its answer comes back.

The operators ask particular nodes particular questions (is *this* node alive, what does *this* controller
know), so they need neither metadata nor routing nor a thread, only a socket with a deadline.
"""

from __future__ import annotations

import io
import socket
import ssl
import struct
from typing import Any, Self

from prompt_kafka.clients.kafka.errors import KafkaError

Address = tuple[str, int]


class NodeError(KafkaError):
    """A node does not answer, or not as it should.

    Parameters
    ----------
    tls
        Whether the TLS handshake failed.
    """

    code = "node"

    def __init__(self, what: str, *, where: str, tls: bool = False) -> None:
        super().__init__(what, where=where)
        self.tls = tls


def error_text(code: int, message: str | None) -> str:
    """Return what an error code of Kafka means."""
    from kafka.errors import for_code

    name = for_code(code).__name__.removesuffix("Error")
    return f"{name}: {message}" if message else name


class Channel:
    """A connection that opens with its first request.

    Parameters
    ----------
    address
        Where the node is reached.
    host
        The name in its certificate.
    context
        TLS with the operator's client certificate.
    timeout
        Seconds for one answer.
    """

    def __init__(self, address: Address, host: str, context: ssl.SSLContext, timeout: float) -> None:
        self._address, self._host, self._context, self._timeout = address, host, context, timeout
        self._socket: ssl.SSLSocket | None = None
        self._versions: dict[int, int] = {}
        self._count = 0

    @property
    def where(self) -> str:
        """Name and port, for messages."""
        return f"{self._host}:{self._address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, request: Any) -> Any:
        """Send a message of ``kafka.protocol`` and return the answer.

        Raises
        ------
        NodeError
            The node cannot be reached, is silent, or does not know the request.
        """
        try:
            if self._socket is None:
                self._open()
            version = self._versions.get(request.API_KEY)
            if version is None:
                raise NodeError(f"{type(request).__name__} is not known there", where=self.where)
            return self._exchange(request, min(version, type(request).max_version))
        except ssl.SSLError as error:
            self.close()
            raise NodeError(f"TLS failed: {error.reason or error}", where=self.where, tls=True) from error
        except (OSError, EOFError, struct.error) as error:
            self.close()
            raise NodeError(str(error) or type(error).__name__, where=self.where) from error

    def _open(self) -> None:
        from kafka.protocol.metadata import ApiVersionsRequest

        plain = socket.create_connection(self._address, timeout=self._timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self._context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise
        known = self._exchange(
            ApiVersionsRequest(client_software_name="strimzi-lab", client_software_version="1"), 3
        )
        self._versions = {key.api_key: key.max_version for key in known.api_keys}

    def _exchange(self, request: Any, version: int) -> Any:
        assert self._socket is not None
        self._count += 1
        request.API_VERSION = version
        request.with_header(correlation_id=self._count, client_id="strimzi-lab")
        self._socket.sendall(request.encode(framed=True, header=True))
        (size,) = struct.unpack(">i", self._read(4))
        body = io.BytesIO(self._read(size))
        answer = request.header.get_response_class()
        answer.parse_header(body)
        return answer.decode(body)

    def _read(self, size: int) -> bytes:
        assert self._socket is not None
        parts = []
        while size > 0:
            part = self._socket.recv(min(size, 1 << 16))
            if not part:
                raise EOFError("the node closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
