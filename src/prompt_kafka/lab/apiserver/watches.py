"""Watches: a stream of what happens to the objects of a kind.

A watch holds a place in the history of its kind and is woken at each change; it keeps no queue of its own,
so a slow client costs nothing and is told to list again when it has fallen too far behind.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from prompt_kafka.lab.apiserver import tables
from prompt_kafka.lab.apiserver.errors import ApiError, Cause, expired, invalid
from prompt_kafka.lab.apiserver.forms import raw
from prompt_kafka.lab.apiserver.lists import check_not_ahead, version_number
from prompt_kafka.lab.apiserver.objects import Call
from prompt_kafka.lab.apiserver.requests import Form, flag, number
from prompt_kafka.lab.apiserver.selectors import Selector
from prompt_kafka.lab.apiserver.store import Entry, Event, Store, TooOld, encode

_BOOKMARK_EVERY = 60.0
_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(slots=True)
class Watch:
    """One watch.

    Parameters
    ----------
    store
        The objects.
    call, selector, form
        What is watched and in which form it is told.
    """

    store: Store
    call: Call
    selector: Selector
    form: Form
    include: str = "Metadata"
    bookmarks: bool = False
    initial: bool = False
    end_marked: bool = False
    start: int = 0
    timeout: float = 0.0
    _columns_told: bool = False

    @classmethod
    def of(cls, store: Store, call: Call, selector: Selector, form: Form, query: Mapping[str, str]) -> Watch:
        """Read a watch from a query."""
        wanted, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
        asked = query.get("sendInitialEvents", "")
        bookmarks = flag(query, "allowWatchBookmarks")
        version = version_number(wanted) if wanted else 0
        if asked:
            if match != "NotOlderThan":
                raise _refused(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                )
        elif match:
            raise _refused(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            )
        check_not_ahead(store, version)
        initial = flag(query, "sendInitialEvents") if asked else version == 0
        seconds = number(query, "timeoutSeconds")
        return cls(
            store,
            call,
            selector,
            form,
            include=query.get("includeObject", "Metadata"),
            bookmarks=bookmarks,
            initial=initial,
            end_marked=bool(asked) and initial and bookmarks,
            start=store.version if initial or version == 0 else version,
            timeout=float(seconds) if seconds else random.uniform(1800, 3600),
        )

    async def stream(self, stopping: asyncio.Event) -> AsyncIterator[bytes]:
        """Yield the encoded events until the time is up, the client is too slow or the server stops."""
        resource = self.call.resource
        wake = asyncio.Event()
        deadline = time.monotonic() + self.timeout
        bookmark = time.monotonic() + min(_BOOKMARK_EVERY, max(self.timeout - 1.0, 0.05))
        self.store.subscribe(resource.storage, wake)
        at = self.start
        try:
            if self.initial:
                entries = self.store.entries(resource.storage, self._space())
                at = self.store.version
                for entry in entries:
                    if self._selected(entry):
                        yield self._told("ADDED", entry)
                if self.end_marked:
                    yield self._bookmark(at, {_INITIAL_END: "true"})
            while not stopping.is_set():
                wake.clear()
                try:
                    events = self.store.events_after(resource.storage, at)
                except TooOld as error:
                    yield _error(expired(f"too old resource version: {at} ({error})"))
                    return
                told = b"".join(self._lines(events))
                at = events[-1].version if events else max(at, self.store.version)
                if told:
                    yield told
                now = time.monotonic()
                if now >= deadline:
                    return
                if self.bookmarks and now >= bookmark:
                    bookmark = now + _BOOKMARK_EVERY
                    yield self._bookmark(at, {})
                limit = min(deadline, bookmark) if self.bookmarks else deadline
                try:
                    await asyncio.wait_for(wake.wait(), max(limit - now, 0.001))
                except TimeoutError:
                    pass
        finally:
            self.store.unsubscribe(resource.storage, wake)

    def _space(self) -> str | None:
        if not self.call.resource.namespaced:
            return ""
        return self.call.namespace or None

    def _selected(self, entry: Entry) -> bool:
        call = self.call
        if call.namespace and entry.namespace != call.namespace:
            return False
        if call.name and entry.name != call.name:
            return False
        return not self.selector or self.selector.matches(entry.object)

    def _lines(self, events: list[Event]) -> list[bytes]:
        lines = []
        for event in events:
            was = event.old is not None and self._selected(event.old)
            now = event.new is not None and self._selected(event.new)
            if now:
                assert event.new is not None
                lines.append(self._told("MODIFIED" if was else "ADDED", event.new))
            elif was:
                assert event.old is not None
                lines.append(self._told("DELETED", self._left(event)))
        return lines

    def _left(self, event: Event) -> Entry:
        """Return the last form of an object that is gone or has left the selection."""
        assert event.old is not None
        if event.new is None:
            return event.old
        obj = event.old.object
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(event.version)}}
        return Entry(event.old.namespace, event.old.name, event.version, encode(obj), obj)

    def _told(self, kind: str, entry: Entry) -> bytes:
        if self.form.kind == "Table":
            body = encode(self._table([tables.row(self.call.resource, entry, self.include)], entry.version))
        elif self.form.kind:
            body = encode(tables.metadata_only(entry.object))
        else:
            body = raw(self.call.resource, entry)
        return b'{"type":"%s","object":%s}\n' % (kind.encode(), body)

    def _table(self, rows: list[dict[str, object]], version: int) -> dict[str, object]:
        first, self._columns_told = not self._columns_told, True
        meta = {"resourceVersion": str(version)}
        return tables.table(self.call.resource, rows, meta, with_columns=first)

    def _bookmark(self, version: int, annotations: dict[str, str]) -> bytes:
        resource = self.call.resource
        meta: dict[str, object] = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        obj: dict[str, object]
        if self.form.kind == "Table":
            row: dict[str, object] = {
                "cells": [],
                "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta},
            }
            obj = self._table([row], version)
        elif self.form.kind:
            obj = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        else:
            obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        return encode({"type": "BOOKMARK", "object": obj}) + b"\n"


def _refused(field: str, why: str) -> ApiError:
    return invalid(
        "meta.k8s.io", "ListOptions", "", [Cause(field, f"Forbidden: {why}", "FieldValueForbidden")]
    )


def _error(error: ApiError) -> bytes:
    return encode({"type": "ERROR", "object": error.status()}) + b"\n"
