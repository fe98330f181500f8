"""Port-forwards to pods, over a WebSocket: two channels per port, data and errors, as the kubelet speaks.

A pod of the lab is a process that listens on an address of its own, so a port-forward is a connection to it.
kubectl's own port-forward tunnels SPDY and is not spoken here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from prompt_kafka.lab.apiserver.answers import refusal
from prompt_kafka.lab.apiserver.errors import ApiError, bad_request

Object = dict[str, Any]
PROTOCOL = "v4.channel.k8s.io"
_CHUNK = 1 << 15
_DIAL_S = 5.0


@dataclass(frozen=True, slots=True)
class Forward:
    """One WebSocket and the ports that it carries.

    Attributes
    ----------
    pod
        Name, for messages.
    address
        The pod's own.
    """

    pod: str
    uid: str
    address: str
    ports: tuple[int, ...]

    @classmethod
    def of(cls, pod: Object, query: QueryParams) -> Forward:
        """Read what is asked for.

        Raises
        ------
        ApiError
            400 without a port, or when the pod does not run.
        """
        name, status = pod["metadata"]["name"], pod.get("status") or {}
        if status.get("phase") != "Running" or not status.get("podIP"):
            raise bad_request(f"pod {name} is not running, its phase is {status.get('phase')}")
        ports = []
        for text in (part for value in query.getlist("ports") for part in value.split(",")):
            if not text.isdigit() or not 0 < int(text) < 65536:
                raise bad_request(f"unable to parse {text!r} as a port")
            ports.append(int(text))
        if not ports:
            raise bad_request('query parameter "ports" is required')
        return cls(name, pod["metadata"]["uid"], status["podIP"], tuple(ports))

    async def run(self, socket: WebSocket) -> None:
        """Carry the ports until one side ends."""
        offered = socket.scope.get("subprotocols") or []
        if offered and PROTOCOL not in offered:
            await socket.receive()
            error = ApiError(
                400,
                "BadRequest",
                f"unable to upgrade websocket connection: the lab's port-forward speaks {PROTOCOL} only",
                {},
            )
            await socket.send_denial_response(refusal(error))
            return
        await socket.accept(subprotocol=PROTOCOL if offered else None)
        channels: dict[int, asyncio.StreamWriter] = {}
        pumps = []
        for index, port in enumerate(self.ports):
            first = struct.pack("<H", port)
            await socket.send_bytes(bytes([2 * index]) + first)
            await socket.send_bytes(bytes([2 * index + 1]) + first)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            for index, port in enumerate(self.ports):
                reader = await self._dial(socket, index, port, channels)
                if reader is not None:
                    pumps.append(asyncio.create_task(_pump(reader, socket, 2 * index)))
            await self._carry(socket, channels, pumps)
        for task in pumps:
            task.cancel()
        for writer in channels.values():
            writer.close()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.close()

    async def _dial(
        self, socket: WebSocket, index: int, port: int, channels: dict[int, asyncio.StreamWriter]
    ) -> asyncio.StreamReader | None:
        try:
            async with asyncio.timeout(_DIAL_S):
                reader, writer = await asyncio.open_connection(self.address, port)
        except (OSError, TimeoutError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "timed out"
            message = (
                f"error forwarding port {port} to pod {self.pod}, uid {self.uid}: "
                f"failed to connect to {self.address}:{port}: {why.lower()}"
            )
            await socket.send_bytes(bytes([2 * index + 1]) + message.encode())
            return None
        channels[2 * index] = writer
        return reader

    @staticmethod
    async def _carry(
        socket: WebSocket, channels: dict[int, asyncio.StreamWriter], pumps: list[asyncio.Task[None]]
    ) -> None:
        """Pass on what the client sends, until it goes or the last of the ports is closed."""
        if not pumps:
            return
        reading = asyncio.create_task(_read(socket, channels))
        ending = asyncio.create_task(asyncio.wait(pumps))
        either: set[asyncio.Task[Any]] = {reading, ending}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            ending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reading


async def _read(socket: WebSocket, channels: dict[int, asyncio.StreamWriter]) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes") or (message.get("text") or "").encode()
        writer = channels.get(data[0]) if data else None
        if writer is not None:
            writer.write(data[1:])
            with contextlib.suppress(OSError):
                await writer.drain()


async def _pump(reader: asyncio.StreamReader, socket: WebSocket, channel: int) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            await socket.send_bytes(bytes([channel]) + data)
