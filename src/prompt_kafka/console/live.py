"""Brings pages up to date: threads say that something is new, streams carry the changed parts to browsers.

A part is a piece of a page with a name. A stream sends a part when it differs from what that browser has; a
browser that is slow gets the newest when it is ready, and holds nobody up.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prompt_kafka.console.limits import Places
from prompt_kafka.console.refusals import Refusal, answer

HEARTBEAT_S = 10.0
PLACES = Places(each=12, together=120)
"""Streams that may be open at once: of one session, and in all."""

Parts = Mapping[str, str]


class Channel:
    """Wakes whoever waits for news. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.closed = False

    @property
    def watched(self) -> bool:
        """Somebody waits."""
        return bool(self._waiting)

    def publish(self) -> None:
        """Say that something is new."""
        with self._lock:
            waiting = list(self._waiting)
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # its loop has ended
                continue

    def close(self) -> None:
        """End every stream."""
        self.closed = True
        self.publish()

    async def news(self) -> AsyncIterator[bool]:
        """Yield at once, then whenever something is new (True) or nothing was for a while (False)."""
        event = asyncio.Event()
        place = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiting.add(place)
        try:
            yield True
            while not self.closed:
                try:
                    await asyncio.wait_for(event.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield False
                    continue
                event.clear()
                if not self.closed:
                    yield True
        finally:
            with self._lock:
                self._waiting.discard(place)


def stream(
    request: Request, channel: Channel, parts: Callable[[], Parts], over: Callable[[], bool] = lambda: False
) -> Response:
    """Return a stream of the parts that change.

    Parameters
    ----------
    parts
        Renders what there is now; called in a thread.
    over
        Says that nothing more will change: the stream ends, and the browser is told not to come back.
    """
    signed_in = request.state.signed_in
    if not PLACES.take(signed_in.key):
        refusal = Refusal(
            429, "too-many-streams", "too many pages are open", "close some of them", retry_s=10
        )
        return answer(refusal, request.headers, "", "/api/")

    async def events() -> AsyncIterator[str]:
        has: dict[str, str] = {}
        try:
            yield "retry: 2000\n\n"
            async for new in channel.news():
                if not request.app.state.desk.sessions.knows(signed_in):
                    return
                if not new:
                    yield ": still here\n\n"
                    continue
                ends = over()
                now = await run_in_threadpool(parts)
                changed = {name: text for name, text in now.items() if has.get(name) != text}
                has.update(changed)
                if changed:
                    yield f"event: parts\ndata: {json.dumps(changed)}\n\n"
                if ends:
                    yield "event: over\ndata: \n\n"
                    return
        finally:
            PLACES.give_back(signed_in.key)

    return StreamingResponse(events(), media_type="text/event-stream")
