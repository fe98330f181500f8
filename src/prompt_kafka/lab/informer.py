"""A local copy of the objects of one kind, kept by a watch that never gives up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from prompt_kafka.clients.kubernetes import Gone, Kind, Kubernetes, KubernetesError, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UnreachableError

Key = tuple[str, str]
"""Namespace (empty for kinds of the whole cluster) and name."""

Listener = Callable[[str, Object], None]
"""Called with ``ADDED``, ``MODIFIED`` or ``DELETED`` and the object."""

log = logging.getLogger(__name__)


def key_of(obj: Object) -> Key:
    """Return an object's key."""
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Informer:
    """A local copy of the objects of one kind, kept up to date by a watch that never gives up.

    Parameters
    ----------
    kubernetes, kind, namespace, labels
        What to watch; all namespaces when none is given.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.kind = kind
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._labels = labels
        self._clock = clock
        self._objects: dict[Key, Object] = {}
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()
        self._synced = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind.plural}", daemon=True)

    def on_change(self, listener: Listener) -> None:
        """Call `listener` for every change, and for what is there already."""
        with self._lock:
            self._listeners.append(listener)
            present = list(self._objects.values())
        for obj in present:
            listener("ADDED", obj)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch; its thread ends with its connection."""
        self._stopping.set()

    def wait_synced(self, timeout: float = 30.0) -> bool:
        """Wait until the first list has arrived; return whether it has."""
        return self._synced.wait(timeout)

    def get(self, namespace: str, name: str) -> Object | None:
        """Return an object as last seen. It is shared: copy it before changing it."""
        with self._lock:
            return self._objects.get((namespace, name))

    def items(self, namespace: str | None = None) -> list[Object]:
        """Return the objects as last seen, of one namespace when given."""
        with self._lock:
            return [obj for key, obj in self._objects.items() if namespace is None or key[0] == namespace]

    def _run(self) -> None:
        pause = 0.05
        while not self._stopping.is_set():
            try:
                version = self._relist()
                pause = 0.05
                while not self._stopping.is_set():
                    version = self._follow(version)
            except Gone:
                continue
            except (KubernetesError, UnreachableError) as error:
                if self._stopping.is_set():
                    return
                level = logging.DEBUG if isinstance(error, NotFound) else logging.INFO
                log.log(level, "watch of %s interrupted, trying again: %s", self.kind.plural, error.what)
                self._clock.sleep(pause, self._stopping)
                pause = min(pause * 2, 1.0)
            except Exception:
                if self._stopping.is_set():
                    return
                log.exception("watch of %s failed, trying again", self.kind.plural)
                self._clock.sleep(1.0, self._stopping)

    def _relist(self) -> str:
        objects, version = self._kubernetes.list_at(self.kind, self._namespace, labels=self._labels)
        fresh = {key_of(obj): obj for obj in objects}
        with self._lock:
            before = self._objects
            gone = [obj for key, obj in before.items() if key not in fresh]
            new = [obj for key, obj in fresh.items() if key not in before]
            changed = [
                obj
                for key, obj in fresh.items()
                if key in before
                and before[key]["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]
            ]
            self._objects = fresh
        self._synced.set()
        for event, some in (("DELETED", gone), ("ADDED", new), ("MODIFIED", changed)):
            for obj in some:
                self._tell(event, obj)
        return version

    def _follow(self, version: str) -> str:
        watch = self._kubernetes.watch(self.kind, self._namespace, version, labels=self._labels, timeout=None)
        for event, obj in watch:
            version = obj["metadata"]["resourceVersion"]
            if event == "BOOKMARK":
                continue
            obj = {"apiVersion": self.kind.api_version, "kind": self.kind.kind, **obj}
            with self._lock:
                if event == "DELETED":
                    self._objects.pop(key_of(obj), None)
                else:
                    self._objects[key_of(obj)] = obj
            self._tell(event, obj)
            if self._stopping.is_set():
                break
        return version

    def _tell(self, event: str, obj: Object) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(event, obj)
            except Exception:
                log.exception("a listener for %s failed", self.kind.plural)
