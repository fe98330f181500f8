"""``kubectl exec``: a command beside a pod's process, over a WebSocket.

A pod of the lab is a process of this machine, so its command is one too: it runs in the folder and with the
environment that the kubelet has recorded for the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from prompt_kafka.lab.apiserver.errors import ApiError, bad_request
from prompt_kafka.lab.apiserver.logs import container_of
from prompt_kafka.lab.apiserver.requests import flag
from prompt_kafka.lab.apiserver.store import encode
from prompt_kafka.lab.state import PodFolder

Object = dict[str, Any]
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_CHUNK = 1 << 15


@dataclass(slots=True)
class Session:
    """One command and its streams."""

    command: list[str]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool
    cwd: str | None
    env: dict[str, str]

    @classmethod
    def of(cls, state: Path, pod: Object, query: QueryParams) -> Session:
        """Read a session from a request.

        Raises
        ------
        ApiError
            400 without a command or for an unknown container, 500 when the container does not run.
        """
        command = query.getlist("command")
        if not command:
            raise bad_request("you must specify at least 1 command for the container")
        container = container_of(pod, query.get("container", ""))
        meta = pod["metadata"]
        file = PodFolder(state / "pods" / meta["namespace"] / meta["name"]).container
        try:
            record = json.loads(file.read_text())
        except (OSError, ValueError):
            raise ApiError(
                500,
                "InternalError",
                f'Internal error occurred: unable to upgrade connection: container not found ("{container}")',
                {},
            ) from None
        cwd = record.get("cwd")
        return cls(
            command=command,
            stdin=flag(query, "stdin"),
            stdout=flag(query, "stdout"),
            stderr=flag(query, "stderr"),
            tty=flag(query, "tty"),
            cwd=cwd if cwd and Path(cwd).is_dir() else None,
            env={**os.environ, **{str(key): str(value) for key, value in (record.get("env") or {}).items()}},
        )

    async def run(self, socket: WebSocket) -> None:
        """Serve the session on a WebSocket."""
        offered = socket.scope.get("subprotocols") or []
        protocol = next((name for name in PROTOCOLS if name in offered), None)
        if protocol is None:
            await socket.receive()
            error = bad_request(f"none of the protocols offered is spoken here: {', '.join(PROTOCOLS)}")
            from prompt_kafka.lab.apiserver.answers import refusal

            await socket.send_denial_response(refusal(error))
            return
        await socket.accept(subprotocol=protocol)
        await socket.send_bytes(bytes([STDOUT if self.stdout else STATUS]))
        try:
            status = await (self._run_tty(socket) if self.tty else self._run(socket))
            await socket.send_bytes(bytes([STATUS]) + encode(status))
            await socket.close()
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def _run(self, socket: WebSocket) -> Object:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self.cwd,
                env=self.env,
                stdin=pipe if self.stdin else null,
                stdout=pipe if self.stdout else null,
                stderr=pipe if self.stderr else null,
                start_new_session=True,
            )
        except OSError as error:
            return _not_started(self.command[0], error)
        writer = process.stdin

        def write(data: bytes) -> None:
            if writer is not None and not writer.is_closing():
                writer.write(data)

        def close() -> None:
            if writer is not None:
                writer.close()

        reading = asyncio.create_task(self._read(socket, write, close, None))
        pumps = [
            asyncio.create_task(_pump(stream.read, socket, channel))
            for stream, channel in ((process.stdout, STDOUT), (process.stderr, STDERR))
            if stream is not None
        ]
        return await self._finish(process, reading, pumps)

    async def _run_tty(self, socket: WebSocket) -> Object:
        master, slave = pty.openpty()
        os.set_blocking(master, False)
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self.cwd,
                env={"TERM": "xterm", **self.env},
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        except OSError as error:
            os.close(master)
            return _not_started(self.command[0], error)
        finally:
            os.close(slave)

        def write(data: bytes) -> None:
            with contextlib.suppress(OSError):
                os.write(master, data)

        def resize(width: int, height: int) -> None:
            with contextlib.suppress(OSError):
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

        async def read(size: int) -> bytes:
            loop = asyncio.get_running_loop()
            while True:
                try:
                    return os.read(master, size)
                except BlockingIOError:
                    ready = asyncio.Event()
                    loop.add_reader(master, ready.set)
                    try:
                        await ready.wait()
                    finally:
                        loop.remove_reader(master)
                except OSError:
                    # The other side of a terminal is closed when the last process on it ends.
                    return b""

        reading = asyncio.create_task(self._read(socket, write, lambda: write(b"\x04"), resize))
        try:
            return await self._finish(process, reading, [asyncio.create_task(_pump(read, socket, STDOUT))])
        finally:
            os.close(master)

    async def _finish(
        self,
        process: asyncio.subprocess.Process,
        reading: asyncio.Task[None],
        pumps: list[asyncio.Task[None]],
    ) -> Object:
        """Wait for the command, or end it when the client has gone."""
        waiting = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({waiting, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise WebSocketDisconnect
            # A child of the command may hold the streams open: what was written by now is enough.
            await asyncio.wait(pumps, timeout=2.0) if pumps else None
            return _status(waiting.result())
        finally:
            for task in (reading, waiting, *pumps):
                task.cancel()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _read(
        self,
        socket: WebSocket,
        write: Callable[[bytes], None],
        close: Callable[[], None],
        resize: Callable[[int, int], None] | None,
    ) -> None:
        """Take what the client sends until it goes away."""
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or (message.get("text") or "").encode()
            if not data:
                continue
            channel, rest = data[0], data[1:]
            if channel == STDIN and rest:
                write(rest)
            elif channel == CLOSE and rest[:1] == bytes([STDIN]):
                close()
            elif channel == RESIZE and resize is not None:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    size = json.loads(rest)
                    resize(int(size["Width"]), int(size["Height"]))


async def _pump(read: Callable[[int], Any], socket: WebSocket, channel: int) -> None:
    while data := await read(_CHUNK):
        await socket.send_bytes(bytes([channel]) + data)


def _status(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    shown = code if code > 0 else 128 - code
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {shown}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(shown)}]},
    }


def _not_started(command: str, error: OSError) -> Object:
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: cannot run {command!r} in the container: {error.strerror}",
        "reason": "InternalError",
        "details": {"causes": [{"message": f"cannot run {command!r}: {error.strerror}"}]},
        "code": 500,
    }
