"""Logs of pods, from the files that the lab's kubelet writes."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.responses import Response, StreamingResponse

from prompt_kafka.lab.apiserver.errors import bad_request
from prompt_kafka.lab.apiserver.objects import Call, Objects
from prompt_kafka.lab.apiserver.requests import flag, number
from prompt_kafka.lab.state import PodFolder

Object = dict[str, Any]
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_POLL = 0.1
_CHUNK = 1 << 16


def answer(
    state: Path, objects: Objects, call: Call, query: Mapping[str, str], stopping: asyncio.Event
) -> Response:
    """Answer a request for a container's log."""
    pod = objects.get(call).object
    container = container_of(pod, query.get("container", ""))
    file = PodFolder(state / "pods" / call.namespace / call.name).log(container)
    if flag(query, "previous"):
        file = file.with_name(f"{file.name}.1")
        if not file.exists():
            raise bad_request(f'previous terminated container "{container}" in pod "{call.name}" not found')
    elif not file.exists():
        reason = _waiting(pod, container)
        if reason:
            raise bad_request(f'container "{container}" in pod "{call.name}" is waiting to start: {reason}')
    follow = flag(query, "follow") and not flag(query, "previous")
    lines = _Log(objects, call, file, container, query, stopping).read(follow)
    return StreamingResponse(lines, media_type="text/plain")


def container_of(pod: Object, wanted: str) -> str:
    """Return the name of the container that a request means."""
    names = [c["name"] for field in ("containers", "initContainers") for c in pod["spec"].get(field) or []]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {pod['metadata']['name']}")
        return wanted
    main = [container["name"] for container in pod["spec"].get("containers") or []]
    default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if len(main) > 1 and default not in main:
        raise bad_request(
            f"a container name must be specified for pod {pod['metadata']['name']}, "
            f"choose one of: [{' '.join(main)}]"
        )
    return str(default) if default in main else str(main[0])


def _status(pod: Object, container: str) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next((status for status in statuses if status.get("name") == container), {})


def _waiting(pod: Object, container: str) -> str:
    status = _status(pod, container)
    if not status:
        return "ContainerCreating" if (pod.get("status") or {}).get("phase", "Pending") == "Pending" else ""
    waiting = (status.get("state") or {}).get("waiting") or {}
    return str(waiting.get("reason", ""))


class _Log:
    """One reading of one log."""

    def __init__(
        self,
        objects: Objects,
        call: Call,
        file: Path,
        container: str,
        query: Mapping[str, str],
        stopping: asyncio.Event,
    ) -> None:
        self._objects = objects
        self._call = call
        self._file = file
        self._container = container
        self._stopping = stopping
        self._tail = number(query, "tailLines")
        self._limit = number(query, "limitBytes")
        self._stamps = flag(query, "timestamps")
        seconds = number(query, "sinceSeconds")
        self._since: datetime | None = None
        if seconds is not None:
            self._since = datetime.now(UTC) - timedelta(seconds=seconds)
        elif query.get("sinceTime"):
            try:
                self._since = datetime.fromisoformat(query["sinceTime"])
            except ValueError:
                raise bad_request(f"sinceTime: {query['sinceTime']!r} is not a time") from None
        self._last: datetime | None = None
        pod = objects.get(call).object
        self._uid = pod["metadata"]["uid"]
        self._restarts = _status(pod, container).get("restartCount", 0)

    async def read(self, follow: bool) -> AsyncIterator[bytes]:
        """Yield the log, and what is added to it when it is followed."""
        sent = 0
        async for lines in self._lines(follow):
            text = self._shown(lines)
            if self._limit is not None:
                text = text[: self._limit - sent]
            sent += len(text)
            if text:
                yield text
            if self._limit is not None and sent >= self._limit:
                return

    async def _lines(self, follow: bool) -> AsyncIterator[bytes]:
        file = None
        rest = b""
        try:
            while True:
                going = follow and self._running() and not self._stopping.is_set()
                if file is None and self._file.exists():
                    file = self._file.open("rb")
                    if self._tail is not None:
                        _seek_tail(file, self._tail)
                        self._tail = None
                while file is not None and (chunk := file.read(_CHUNK)):
                    whole, newline, rest = (rest + chunk).rpartition(b"\n")
                    if newline:
                        yield whole + newline
                    await asyncio.sleep(0)
                if not going:
                    if rest:
                        yield rest
                    return
                if file is not None and _replaced(self._file, file):
                    file.close()
                    file = None
                    continue
                await asyncio.sleep(_POLL)
        finally:
            if file is not None:
                file.close()

    def _running(self) -> bool:
        call = self._call
        entry = self._objects.store.find(call.resource.storage, call.namespace, call.name)
        if entry is None or entry.object["metadata"]["uid"] != self._uid:
            return False
        status = _status(entry.object, self._container)
        if status.get("restartCount", 0) != self._restarts:
            return False
        return "terminated" not in (status.get("state") or {})

    def _shown(self, lines: bytes) -> bytes:
        if self._since is None and not self._stamps:
            return lines
        kept = []
        for line in lines.splitlines(keepends=True):
            self._last = _time_of(line) or self._last
            if self._since is not None and self._last is not None and self._last < self._since:
                continue
            stamp = (self._last or datetime.now(UTC)).astimezone(UTC)
            kept.append(
                (stamp.isoformat().replace("+00:00", "Z") + " ").encode() + line if self._stamps else line
            )
        return b"".join(kept)


def _replaced(path: Path, file: Any) -> bool:
    try:
        found, held = path.stat(), os.fstat(file.fileno())
    except FileNotFoundError:
        return False
    return found.st_ino != held.st_ino or found.st_size < file.tell()


def _seek_tail(file: Any, lines: int) -> None:
    """Move to the start of the last `lines` lines."""
    at = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return
    end, found = at, 0
    while at > 0:
        step = min(_CHUNK, at)
        at = file.seek(at - step)
        chunk = file.read(step)
        place = len(chunk)
        while (place := chunk.rfind(b"\n", 0, place)) >= 0:
            if at + place == end - 1:
                continue
            found += 1
            if found == lines:
                file.seek(at + place + 1)
                return
        file.seek(at)
    file.seek(0)


def _time_of(line: bytes) -> datetime | None:
    match = _STAMP.search(line, 0, 64)
    if match is None:
        return None
    day, time, fraction, zone = (part.decode() if part else "" for part in match.groups())
    try:
        moment = datetime.fromisoformat(
            f"{day}T{time}.{fraction[:6].ljust(6, '0') if fraction else '0' * 6}{zone}"
        )
    except ValueError:
        return None
    return moment.astimezone(UTC)
