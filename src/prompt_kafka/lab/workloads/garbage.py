"""Garbage collection by owner references: objects go when their owners are gone.

Finalizers ``foregroundDeletion`` (dependents first) and ``orphan`` (dependents stay, without the reference)
are honoured. Before anything is deleted the API is asked again, because the local copy may lag behind.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.clients.kinds import Kind
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object, Propagation
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.cache import ClusterCache, group_kind
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Key

log = logging.getLogger(__name__)

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an object.

    Attributes
    ----------
    delete
        Whether it goes.
    drop
        UIDs of owner references to remove, because those owners are gone while others are not.
    """

    delete: bool = False
    drop: tuple[str, ...] = ()


def judge(references: Iterable[Mapping[str, Any]], alive: Mapping[str, bool | None]) -> Verdict:
    """Decide about an object.

    Parameters
    ----------
    references
        Its owner references.
    alive
        For each owner's UID: whether it is there; None when that cannot be known (then it counts as there).
    """
    uids = [each["uid"] for each in references]
    gone = tuple(uid for uid in uids if alive.get(uid) is False)
    if not gone:
        return Verdict()
    if len(gone) == len(uids):
        return Verdict(delete=True)
    return Verdict(drop=gone)


def blocks(dependent: Mapping[str, Any], owner: str) -> bool:
    """Return whether a dependent holds up the foreground deletion of its owner."""
    return any(
        each["uid"] == owner and each.get("blockOwnerDeletion")
        for each in dependent["metadata"].get("ownerReferences") or ()
    )


class GarbageCollector:
    """Deletes what has lost its owners.

    Parameters
    ----------
    kubernetes, cache
        The API and its local copy.
    """

    def __init__(self, kubernetes: Kubernetes, cache: ClusterCache, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._cache = cache
        self._controller = Controller("garbage", self._reconcile, workers=4, clock=clock)
        self._lock = threading.Lock()
        self._objects: dict[str, Object] = {}
        self._dependents: dict[str, set[str]] = {}

    def start(self) -> None:
        """Begin to collect."""
        self._cache.on_change(self._changed)
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        self._controller.stop()

    # The graph

    def _changed(self, event: str, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        owners = [each["uid"] for each in obj["metadata"].get("ownerReferences") or ()]
        with self._lock:
            old = self._objects.pop(uid, None)
            for owner in (old or {}).get("metadata", {}).get("ownerReferences") or ():
                self._dependents.get(owner["uid"], set()).discard(uid)
            if event != "DELETED":
                self._objects[uid] = obj
                for owner in owners:
                    self._dependents.setdefault(owner, set()).add(uid)
            dependents = list(self._dependents.get(uid, ()))
        if event == "DELETED":
            for each in dependents:
                self._controller.add(("", each))
            for owner in owners:
                self._controller.add(("", owner))  # it may wait for this one
            return
        if owners or _ending(obj):
            self._controller.add(("", uid))

    def _of(self, owner: str) -> list[Object]:
        with self._lock:
            uids = list(self._dependents.get(owner, ()))
            return [self._objects[uid] for uid in uids if uid in self._objects]

    # The work

    def _reconcile(self, key: Key) -> float | None:
        with self._lock:
            obj = self._objects.get(key[1])
        if obj is None:
            return None
        if finalizer := _ending(obj):
            return self._orphan(obj) if finalizer == ORPHAN else self._foreground(obj)
        references = obj["metadata"].get("ownerReferences") or []
        if not references or obj["metadata"].get("deletionTimestamp"):
            return None
        verdict = judge(references, {each["uid"]: self._alive(obj, each, sure=False) for each in references})
        if verdict == Verdict():
            return None
        return self._collect(obj)

    def _collect(self, seen: Object) -> float | None:
        """Look again, this time at the API, and act."""
        kind, metadata = self._kind(seen), seen["metadata"]
        if kind is None:
            return None
        obj = self._kubernetes.find(kind, metadata["name"], metadata.get("namespace"))
        if obj is None or obj["metadata"]["uid"] != metadata["uid"]:
            return None
        references = obj["metadata"].get("ownerReferences") or []
        alive = {each["uid"]: self._alive(obj, each, sure=True) for each in references}
        verdict = judge(references, alive)
        if verdict.delete:
            log.info("%s %s: its owners are gone", obj["kind"], "/".join(_name(obj)))
            self._delete(kind, obj)
        elif verdict.drop:
            kept = [each for each in references if each["uid"] not in verdict.drop]
            self._patch(kind, obj, {"ownerReferences": kept})
        return None

    def _alive(self, obj: Object, reference: Mapping[str, Any], *, sure: bool) -> bool | None:
        """Return whether an owner is there; None when its kind cannot be looked at."""
        with self._lock:
            if reference["uid"] in self._objects:
                return True
        if not sure:
            return False
        kind = self._cache.served.exact.get((reference["apiVersion"], reference["kind"]))
        if kind is None:
            return None
        namespace = obj["metadata"].get("namespace")
        if kind.namespaced and not namespace:
            return None
        owner = self._kubernetes.find(kind, reference["name"], namespace if kind.namespaced else None)
        return owner is not None and owner["metadata"]["uid"] == reference["uid"]

    def _foreground(self, obj: Object) -> float | None:
        uid = obj["metadata"]["uid"]
        blocking = False
        for dependent in self._of(uid):
            if not blocks(dependent, uid):
                continue
            blocking = True
            kind = self._kind(dependent)
            if kind is not None and not dependent["metadata"].get("deletionTimestamp"):
                self._delete(kind, dependent, propagation="Foreground")
        if blocking:
            return 1.0
        return self._unfinalize(obj, FOREGROUND)

    def _orphan(self, obj: Object) -> float | None:
        uid = obj["metadata"]["uid"]
        for dependent in self._of(uid):
            kind = self._kind(dependent)
            if kind is None:
                continue
            references = dependent["metadata"].get("ownerReferences") or []
            kept = [each for each in references if each["uid"] != uid]
            self._patch(kind, dependent, {"ownerReferences": kept})
        return self._unfinalize(obj, ORPHAN)

    def _unfinalize(self, obj: Object, finalizer: str) -> float | None:
        kind = self._kind(obj)
        if kind is None:
            return None
        kept = [each for each in obj["metadata"].get("finalizers") or () if each != finalizer]
        return self._patch(kind, obj, {"finalizers": kept})

    def _patch(self, kind: Kind, obj: Object, metadata: dict[str, Any]) -> float | None:
        old = obj["metadata"]
        body = {"metadata": {**metadata, "uid": old["uid"], "resourceVersion": old["resourceVersion"]}}
        try:
            self._kubernetes.patch(kind, old["name"], old.get("namespace"), body)
        except NotFound:
            return None
        except Conflict:
            return 0.05
        return None

    def _delete(self, kind: Kind, obj: Object, propagation: Propagation = "Background") -> None:
        metadata = obj["metadata"]
        try:
            self._kubernetes.delete(
                kind,
                metadata["name"],
                metadata.get("namespace"),
                propagation=propagation,
                uid=metadata["uid"],
            )
        except (NotFound, Conflict):
            pass

    def _kind(self, obj: Object) -> Kind | None:
        return self._cache.served.preferred.get(group_kind(obj))


def _ending(obj: Object) -> str | None:
    """Return the finalizer of ours that an object being deleted waits for."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp"):
        return None
    return next((each for each in metadata.get("finalizers") or () if each in (FOREGROUND, ORPHAN)), None)


def _name(obj: Object) -> tuple[str, ...]:
    metadata = obj["metadata"]
    return tuple(part for part in (metadata.get("namespace"), metadata["name"]) if part)
