"""One local copy of everything the API serves, shared by the controllers that look at every kind.

Argo CD and the garbage collector must see objects of kinds that nobody listed beforehand, those that a sync
has just defined included; so the kinds come from discovery and follow the CustomResourceDefinitions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from prompt_kafka.clients.discovery import Served, served
from prompt_kafka.clients.kinds import CRD, Kind
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Informer, Key, Listener

log = logging.getLogger(__name__)

GroupKind = tuple[str, str]

UNWATCHED: frozenset[GroupKind] = frozenset(
    {("", "Event"), ("events.k8s.io", "Event"), ("coordination.k8s.io", "Lease")}
)
"""Kinds that change all the time and that no controller of ours decides by."""


def group_kind(obj: Object) -> GroupKind:
    """Return an object's group and kind."""
    return obj["apiVersion"].rpartition("/")[0], obj["kind"]


class ClusterCache:
    """Informers for all kinds that can be watched, started and stopped as kinds come and go.

    Parameters
    ----------
    kubernetes
        The API.
    only
        Which kinds to watch; all but `UNWATCHED` when not given.
    """

    def __init__(
        self, kubernetes: Kubernetes, *, only: Callable[[Kind], bool] | None = None, clock: Clock = SYSTEM
    ) -> None:
        self._kubernetes = kubernetes
        self._only = only
        self._clock = clock
        self._lock = threading.RLock()
        self._changed = threading.Condition()
        # Answers of discovery are taken in the order of their questions: an old one never undoes a new one.
        self._discovering = threading.Lock()
        self._informers: dict[GroupKind, Informer] = {}
        self._listeners: list[Listener] = []
        self._on_kinds: list[Callable[[], None]] = []
        self._served = Served()
        self._discovery = Controller("discovery", self._rediscover, clock=clock)

    def start(self) -> None:
        """Discover the kinds and begin to watch them; returns when everything there has been seen."""
        self._discovery.start()
        self._discover()
        if definitions := self.informer(CRD.group, CRD.kind):
            definitions.on_change(lambda _event, obj: self._discovery.add(("", obj["spec"]["group"])))
        for informer in list(self._informers.values()):
            informer.wait_synced()

    def stop(self) -> None:
        """End all watches."""
        self._discovery.stop()
        with self._lock:
            for informer in self._informers.values():
                informer.stop()

    @property
    def served(self) -> Served:
        """What the API served when last asked."""
        return self._served

    def on_change(self, listener: Listener) -> None:
        """Call `listener` for every change of every kind, and for what is there already."""
        with self._lock:
            self._listeners.append(listener)
            informers = list(self._informers.values())
        for informer in informers:
            for obj in informer.items():
                listener("ADDED", obj)

    def on_kinds(self, listener: Callable[[], None]) -> None:
        """Call `listener` when kinds have come or gone."""
        self._on_kinds.append(listener)

    def informer(self, group: str, kind: str) -> Informer | None:
        """Return the informer of a kind, None when it is not served or not watched."""
        with self._lock:
            return self._informers.get((group, kind))

    def items(self, group: str, kind: str, namespace: str | None = None) -> list[Object]:
        """Return the objects of a kind as last seen."""
        informer = self.informer(group, kind)
        return informer.items(namespace) if informer else []

    def get(self, group: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as last seen, in its group's preferred version."""
        informer = self.informer(group, kind)
        return informer.get(namespace, name) if informer else None

    def everything(self) -> list[Object]:
        """Return every object of every watched kind as last seen."""
        with self._lock:
            informers = list(self._informers.values())
        return [obj for informer in informers for obj in informer.items()]

    def wait_seen(self, obj: Object, timeout: float = 2.0) -> bool:
        """Wait until a written object, or something later, has come back through its watch."""
        informer = self.informer(*group_kind(obj))
        if informer is None:
            return False
        metadata = obj["metadata"]
        version = int(metadata["resourceVersion"])
        end = self._clock.monotonic() + timeout

        def seen() -> bool:
            found = informer.get(metadata.get("namespace", ""), metadata["name"])
            return found is not None and int(found["metadata"]["resourceVersion"]) >= version

        with self._changed:
            while not seen():
                left = end - self._clock.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def refresh_kinds(self) -> None:
        """Ask again what is served, now."""
        self._discover()

    def _rediscover(self, key: Key) -> float | None:
        self._discover()
        group = key[1]
        wanted = {
            each["spec"]["names"]["kind"]
            for each in self.items(CRD.group, CRD.kind)
            if each["spec"]["group"] == group and not each["metadata"].get("deletionTimestamp")
        }
        missing = wanted - {kind for of, kind in self._served.preferred if of == group}
        return 0.1 if missing else None

    def _discover(self) -> None:
        with self._discovering:
            self._take(served(self._kubernetes))

    def _take(self, found: Served) -> None:
        with self._lock:
            self._served = found
            wanted = {
                name: found.preferred[name]
                for name in found.watchable - UNWATCHED
                if self._only is None or self._only(found.preferred[name])
            }
            gone = [
                self._informers.pop(name)
                for name, informer in list(self._informers.items())
                if wanted.get(name) != informer.kind
            ]
            new = {
                name: Informer(self._kubernetes, kind, clock=self._clock)
                for name, kind in wanted.items()
                if name not in self._informers
            }
            self._informers.update(new)
        for informer in gone:
            self._forget(informer)
        for informer in new.values():
            informer.on_change(self._tell)
            informer.start()
        if gone or new:
            log.info("kinds: %d watched, %d new, %d gone", len(wanted), len(new), len(gone))
            for listener in list(self._on_kinds):
                listener()

    def _forget(self, informer: Informer) -> None:
        informer.stop()
        if informer.kind.kind in {kind for _, kind in self._served.preferred}:
            return  # only its preferred version moved: the objects are still there
        for obj in informer.items():
            self._tell("DELETED", obj)

    def _tell(self, event: str, obj: Object) -> None:
        with self._changed:
            self._changed.notify_all()
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(event, obj)
            except Exception:
                log.exception("a listener failed")
