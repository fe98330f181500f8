"""Events live for an hour, as on a real server; otherwise the file would grow for ever."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from prompt_kafka.lab.apiserver.store import Collection, Object, Store

EVENTS: Collection = ("", "events")
LIFETIME = timedelta(hours=1)
_EVERY_S = 60.0


def forget_old_events(store: Store, now: datetime) -> int:
    """Remove the events that nothing has touched for an hour before `now`; return how many."""
    old = [entry for entry in store.entries(EVENTS) if _last_seen(entry.object) < now - LIFETIME]
    for entry in old:
        store.remove(EVENTS, entry)
    return len(old)


def _last_seen(event: Object) -> datetime:
    """Return when an event was last written."""
    stamps = [event["metadata"]["creationTimestamp"]]
    stamps += [entry.get("time") for entry in event["metadata"].get("managedFields") or []]
    return max(datetime.fromisoformat(stamp) for stamp in stamps if stamp)


async def keep_house(store: Store, stopping: asyncio.Event) -> None:
    """Forget old events now and then, until the server stops."""
    while not stopping.is_set():
        forget_old_events(store, datetime.now(UTC))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _EVERY_S)
