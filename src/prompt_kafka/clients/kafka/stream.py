"""A connection of its own to one broker that does nothing but fetch, fast.

kafka-python hands a response over five times from buffer to buffer, on its one thread. A search of a whole
topic spends most of its time there, so it has a socket for itself: bytes are received once, into memory that
is used again, and batches are views of it. It logs in as the other connections do and can send nothing else.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.batches import parse
from prompt_kafka.clients.kafka.describe import check
from prompt_kafka.clients.kafka.errors import LeaderMovedError, NotAuthorizedError, OffsetOutOfRangeError
from prompt_kafka.clients.kafka.fetch import MOVED, OUT_OF_RANGE, Fetched
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

FETCH, SASL_HANDSHAKE, SASL_AUTHENTICATE = 1, 17, 36
FETCH_VERSION = 11  # every broker from 2.3 on; the last whose layout is fixed
LARGEST = 256 << 20
KEPT = 4
_PARTITION = struct.Struct(">ihqqqi")
_ABORTED = struct.Struct(">qq")


class Pool:
    """Memory of responses that nobody looks at any more, to receive into again."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def take(self, size: int) -> bytearray:
        """Return memory of at least `size` bytes."""
        for memory in self._kept:
            # This list, the loop and the argument hold on to it; a view of a batch would as well.
            if len(memory) >= size and sys.getrefcount(memory) <= 3:
                return memory
        memory = bytearray(size + size // 4)
        self._kept = [m for m in self._kept if sys.getrefcount(m) > 3 or len(m) >= size][-KEPT + 1 :]
        self._kept.append(memory)
        return memory


class Stream:
    """Fetches from one broker; for one thread at a time. Connects on first use, and anew after an error.

    Parameters
    ----------
    node
        Id of the broker, as the cluster's metadata has it.
    """

    def __init__(self, connection: KafkaConnection, node: int) -> None:
        self._connection, self._node = connection, node
        self._socket: socket.socket | None = None
        self._pool = Pool()
        self._number = 0
        self._until: float | None = None
        self._closed = False

    def close(self) -> None:
        """Close it for good; a fetch under way ends."""
        self._closed = True
        self._drop()

    def fetch(
        self, topic: str, positions: Mapping[int, tuple[int, int]], *, committed: bool, wait: float = 0.0
    ) -> dict[int, Fetched | PromptKafkaError]:
        """Fetch partitions, ``{partition: (offset, bytes)}``; what failed is a value."""
        try:
            answer = self._ask(FETCH, FETCH_VERSION, _request(topic, positions, committed, wait))
            return self._read(topic, positions, answer)
        except (OSError, struct.error, ssl.SSLError) as error:
            self._drop()
            why = "timed out" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            failure: PromptKafkaError = UnreachableError(
                f"Kafka does not answer ({why})", where=self._connection.where
            )
        except PromptKafkaError as error:
            self._drop()
            failure = error
        return dict.fromkeys(positions, failure)

    # -- the connection -------------------------------------------------------------------------------------

    def _drop(self) -> None:
        known, self._socket = self._socket, None
        if known is not None:
            try:
                known.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            known.close()

    def _ask(self, api: int, version: int, body: bytes) -> memoryview:
        clock = self._connection.clock
        if self._until is not None and clock.monotonic() >= self._until:
            self._drop()  # the login is about to expire
        if self._socket is None:
            if self._closed:
                raise OSError("closed")
            self._open()
        assert self._socket is not None
        return self._exchange(self._socket, api, version, body)

    def _exchange(self, wire: socket.socket, api: int, version: int, body: bytes) -> memoryview:
        self._number += 1
        name = self._connection.client_id.encode()
        header = struct.pack(">hhih", api, version, self._number, len(name)) + name
        wire.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
        head = bytearray(8)
        _fill(wire, memoryview(head))
        size, number = struct.unpack(">ii", head)
        if number != self._number or not 4 <= size <= LARGEST:
            raise OSError("an answer to something else")
        view = memoryview(self._pool.take(size))[: size - 4]
        _fill(wire, view)
        return view

    def _open(self) -> None:
        connection = self._connection
        host, address = connection.way_to(self._node)
        settings = connection.settings()
        wire = socket.create_connection(address, timeout=connection.timeout / 3)
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if "ssl_context" in settings:
                wire = settings["ssl_context"].wrap_socket(wire, server_hostname=host)
            if "sasl_mechanism" in settings:
                self._log_in(wire, host, settings)
        except BaseException:
            wire.close()
            raise
        self._socket = wire

    def _log_in(self, wire: socket.socket, host: str, settings: dict[str, Any]) -> None:
        from kafka.net.sasl import get_sasl_mechanism

        mechanism = get_sasl_mechanism(settings["sasl_mechanism"])(host=host, **settings)
        self._exchange(wire, SASL_HANDSHAKE, 1, _text(settings["sasl_mechanism"]))
        lifetime = 0
        while not mechanism.is_done():
            token = mechanism.auth_bytes()
            answer = self._exchange(wire, SASL_AUTHENTICATE, 1, struct.pack(">i", len(token)) + token)
            (code, length) = struct.unpack_from(">hh", answer)
            if code:
                raise NotAuthorizedError(
                    "Kafka refused the login", where=self._connection.where, next="check the user's Secret"
                )
            at = 4 + max(0, length)
            (size,) = struct.unpack_from(">i", answer, at)
            mechanism.receive(bytes(answer[at + 4 : at + 4 + size]))
            (lifetime,) = struct.unpack_from(">q", answer, at + 4 + size)
        now = self._connection.clock.monotonic()
        self._until = now + 0.85 * lifetime / 1000 if lifetime > 0 else None

    # -- answers --------------------------------------------------------------------------------------------

    def _read(
        self, topic: str, positions: Mapping[int, tuple[int, int]], answer: memoryview
    ) -> dict[int, Fetched | PromptKafkaError]:
        where = self._connection.where
        found: dict[int, Fetched | PromptKafkaError] = {}
        (_, code, _, topics) = struct.unpack_from(">ihii", answer)
        check(code, where)
        at = 14
        for _ in range(topics):
            (length,) = struct.unpack_from(">h", answer, at)
            (count,) = struct.unpack_from(">i", answer, at + 2 + length)
            at += 6 + length
            for _ in range(count):
                partition, code, end, stable, start, aborts = _PARTITION.unpack_from(answer, at)
                at += _PARTITION.size
                aborted = tuple(
                    _ABORTED.unpack_from(answer, at + n * _ABORTED.size) for n in range(max(0, aborts))
                )
                at += len(aborted) * _ABORTED.size
                (_, size) = struct.unpack_from(">ii", answer, at)
                at += 8
                place = f"{topic}-{partition} at {where}"
                try:
                    _check(code, self._node, positions[partition][0], place)
                    batches = parse(topic, partition, answer[at : at + max(0, size)])
                    found[partition] = Fetched(
                        topic, partition, positions[partition][0], start, end, stable, batches, aborted
                    )
                except PromptKafkaError as error:
                    found[partition] = error
                at += max(0, size)
        return found


def _check(code: int, node: int, offset: int, where: str) -> None:
    if code == OUT_OF_RANGE:
        raise OffsetOutOfRangeError(f"offset {offset} is not there", where=where)
    if code in MOVED:
        raise LeaderMovedError(f"broker {node} does not lead it any more", where=where)
    check(code, where)


def _fill(wire: socket.socket, view: memoryview) -> None:
    while len(view):
        count = wire.recv_into(view)
        if not count:
            raise OSError("the broker closed the connection")
        view = view[count:]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _request(topic: str, positions: Mapping[int, tuple[int, int]], committed: bool, wait: float) -> bytes:
    most = sum(limit for _, limit in positions.values())
    parts = [
        struct.pack(">iiiibii", -1, int(wait * 1000), 1 if wait > 0 else 0, most, int(committed), 0, -1),
        struct.pack(">i", 1) + _text(topic) + struct.pack(">i", len(positions)),
    ]
    parts += [
        struct.pack(">iiqqi", partition, -1, offset, -1, limit)
        for partition, (offset, limit) in positions.items()
    ]
    parts.append(struct.pack(">i", 0) + _text(""))
    return b"".join(parts)
