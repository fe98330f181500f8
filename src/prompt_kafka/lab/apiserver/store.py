"""All objects in memory, the log of what happened to them, and who waits for it.

Objects are read far more often than they are written, by watches most of all, so everything is answered
from memory; each write goes to the file first. An object is kept as the JSON it is sent as and, while it is
the present one, as a dictionary that nobody may change.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from prompt_kafka.lab.apiserver.database import Database

Object = dict[str, Any]
Collection = tuple[str, str]

#: Events kept per kind; a watch that asks for older ones is told to list again.
KEPT = 1024

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(type=dict[str, Any]).decode


class Entry:
    """One version of one object."""

    __slots__ = ("_object", "forms", "name", "namespace", "raw", "version")

    def __init__(
        self, namespace: str, name: str, version: int, raw: bytes, obj: Object | None = None
    ) -> None:
        self.namespace = namespace
        self.name = name
        self.version = version
        self.raw = raw
        #: The object as other versions of its kind, encoded, by ``apiVersion``.
        self.forms: dict[str, bytes] | None = None
        self._object = obj

    @property
    def object(self) -> Object:
        """The object; not to be changed."""
        if self._object is None:
            return decode(self.raw)
        return self._object

    def keep_raw_only(self) -> None:
        """Drop the dictionary: the entry is history now."""
        self._object = None


class Event:
    """A change: `old` and `new` are None before a creation and after a deletion."""

    __slots__ = ("new", "old", "version")

    def __init__(self, version: int, old: Entry | None, new: Entry | None) -> None:
        self.version = version
        self.old = old
        self.new = new


class TooOld(Exception):
    """The events after this version are no longer known."""


class _Kept:
    """Objects and history of one kind."""

    __slots__ = ("events", "floor", "objects", "waiting")

    def __init__(self, floor: int) -> None:
        self.objects: dict[str, dict[str, Entry]] = {}
        self.events: list[Event] = []
        self.floor = floor
        self.waiting: set[asyncio.Event] = set()


class Store:
    """The objects of a lab.

    Parameters
    ----------
    database
        Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = database.version()
        self._start = self._version
        self._kept: dict[Collection, _Kept] = {}
        self._after: list[Callable[[Collection, Event], None]] = []
        for group, plural, namespace, name, version, body in database.rows():
            entry = Entry(namespace, name, version, body, decode(body))
            self._of((group, plural)).objects.setdefault(namespace, {})[name] = entry

    def _of(self, collection: Collection) -> _Kept:
        kept = self._kept.get(collection)
        if kept is None:
            kept = self._kept[collection] = _Kept(self._start)
        return kept

    @property
    def version(self) -> int:
        """Resource version of the last write."""
        return self._version

    def after_write(self, callback: Callable[[Collection, Event], None]) -> None:
        """Have `callback` called after each write."""
        self._after.append(callback)

    # Reading

    def find(self, collection: Collection, namespace: str, name: str) -> Entry | None:
        """Return the present version of an object; `namespace` is empty for kinds of the cluster."""
        return self._of(collection).objects.get(namespace, {}).get(name)

    def entries(self, collection: Collection, namespace: str | None = None) -> list[Entry]:
        """Return the objects of a kind in the order of their names, of all namespaces when None."""
        objects = self._of(collection).objects
        spaces = sorted(objects) if namespace is None else [namespace]
        return [entries[name] for entries in (objects.get(s, {}) for s in spaces) for name in sorted(entries)]

    def collections(self) -> Iterator[Collection]:
        """Yield the kinds that have or had objects."""
        yield from list(self._kept)

    def events_after(self, collection: Collection, version: int) -> list[Event]:
        """Return what happened to a kind after a resource version.

        Raises
        ------
        TooOld
            Not all of it is known any more.
        """
        kept = self._of(collection)
        if version < kept.floor:
            raise TooOld(kept.floor)
        if not kept.events or kept.events[-1].version <= version:
            return []
        return kept.events[bisect_right(kept.events, version, key=lambda event: event.version) :]

    def subscribe(self, collection: Collection, wake: asyncio.Event) -> None:
        """Have `wake` set at each change of a kind."""
        self._of(collection).waiting.add(wake)

    def unsubscribe(self, collection: Collection, wake: asyncio.Event) -> None:
        """Undo `subscribe`."""
        self._of(collection).waiting.discard(wake)

    def wake_all(self) -> None:
        """Wake every watch: the server stops."""
        for kept in self._kept.values():
            for wake in kept.waiting:
                wake.set()

    # Writing

    def put(self, collection: Collection, obj: Object) -> Entry:
        """Keep an object under the next resource version, which is written into it."""
        version = self._version + 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(version)
        namespace, name = meta.get("namespace", ""), meta["name"]
        raw = encode(obj)
        self._database.write((*collection, namespace, name), version, raw)
        self._version = version
        kept = self._of(collection)
        objects = kept.objects.setdefault(namespace, {})
        old = objects.get(name)
        entry = objects[name] = Entry(namespace, name, version, raw, obj)
        self._publish(collection, kept, Event(version, old, entry))
        return entry

    def remove(self, collection: Collection, entry: Entry, last: Object | None = None) -> Entry:
        """Forget an object; return its last form, `last` if given, which has the version of the deletion."""
        version = self._version + 1
        obj = {**(last or entry.object)}
        obj["metadata"] = {**obj["metadata"], "resourceVersion": str(version)}
        self._database.write((*collection, entry.namespace, entry.name), version, None)
        self._version = version
        kept = self._of(collection)
        objects = kept.objects[entry.namespace]
        del objects[entry.name]
        if not objects:
            del kept.objects[entry.namespace]
        gone = Entry(entry.namespace, entry.name, version, encode(obj))
        # A deletion is told with the last form of the object under the version of the deletion.
        event = Event(version, gone, None)
        entry.keep_raw_only()
        self._publish(collection, kept, event)
        return gone

    def _publish(self, collection: Collection, kept: _Kept, event: Event) -> None:
        if event.old is not None:
            event.old.keep_raw_only()
        kept.events.append(event)
        if len(kept.events) > 2 * KEPT:
            kept.floor = kept.events[-KEPT - 1].version
            del kept.events[:-KEPT]
        for wake in kept.waiting:
            wake.set()
        for callback in self._after:
            callback(collection, event)
