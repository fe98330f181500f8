"""Deleting: grace periods, finalizers, preconditions, and what goes with a namespace or a definition."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from prompt_kafka.lab.apiserver.errors import Cause, bad_request, conflict, forbidden, invalid
from prompt_kafka.lab.apiserver.objects import NAMESPACES, Call, Objects
from prompt_kafka.lab.apiserver.registry import DEFINITIONS
from prompt_kafka.lab.apiserver.selectors import Selector
from prompt_kafka.lab.apiserver.store import Collection, Entry, Event

Object = dict[str, Any]
ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_PROTECTED = ("default", "kube-system", "kube-public")


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The options of a deletion, from its body or query."""

    propagation: str = ""
    grace: int | None = None
    uid: str | None = None
    version: str | None = None
    dry_run: bool = False


class _Preconditions(msgspec.Struct):
    uid: str | None = None
    resourceVersion: str | None = None


class _Body(msgspec.Struct):
    propagationPolicy: str | None = None
    gracePeriodSeconds: int | None = None
    orphanDependents: bool | None = None
    preconditions: _Preconditions | None = None
    dryRun: list[str] | None = None


def read_options(body: Object) -> DeleteOptions:
    """Read the options of a deletion from its body.

    Raises
    ------
    ApiError
        400: a field is of another type.
    """
    try:
        found = msgspec.convert(body, _Body)
    except msgspec.ValidationError as error:
        raise bad_request(f"DeleteOptions cannot be read: {error}") from None
    conditions = found.preconditions or _Preconditions()
    propagation = found.propagationPolicy or ""
    if not propagation and found.orphanDependents is not None:
        propagation = "Orphan" if found.orphanDependents else "Background"
    return DeleteOptions(
        propagation,
        found.gracePeriodSeconds,
        conditions.uid,
        conditions.resourceVersion,
        "All" in (found.dryRun or []),
    )


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of it: the object as it is now or was last, and whether it is gone."""

    entry: Entry
    gone: bool


class Deletion:
    """Deletes objects; finishes namespaces and definitions when their contents are gone."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._store = objects.store
        self._registry = objects.registry
        self._store.after_write(self._after)

    def delete(self, call: Call, options: DeleteOptions) -> Deleted:
        """Delete one object."""
        resource = call.resource
        entry = self._objects.get(call)
        meta = entry.object["metadata"]
        self._check(call, meta, options)
        if resource.storage == NAMESPACES:
            return self._namespace(call, entry)
        finalizers = _finalizers(meta.get("finalizers") or [], options.propagation)
        grace = self._grace(call, entry.object, options)
        if not finalizers and not grace:
            if call.dry_run:
                return Deleted(entry, True)
            return Deleted(self._store.remove(resource.storage, entry, _ended(entry.object)), True)

        def mark(obj: Object) -> Object:
            return _marked(obj, finalizers, grace)

        changed = self._objects.change(call, mark)
        if resource.storage == DEFINITIONS and not call.dry_run:
            self._clean(entry.name)
            left = self._store.find(DEFINITIONS, "", entry.name)
            return Deleted(changed, left is None)
        gone = self._store.find(resource.storage, call.namespace, call.name) is None
        return Deleted(changed, gone)

    def delete_collection(self, call: Call, selector: Selector, options: DeleteOptions) -> list[Entry]:
        """Delete all selected objects of a kind in a namespace."""
        resource = call.resource
        deleted = []
        for entry in self._store.entries(resource.storage, call.namespace if resource.namespaced else ""):
            if selector and not selector.matches(entry.object):
                continue
            one = Call(resource, entry.namespace, entry.name, dry_run=call.dry_run, manager=call.manager)
            deleted.append(self.delete(one, options).entry)
        return deleted

    def _check(self, call: Call, meta: Object, options: DeleteOptions) -> None:
        resource = call.resource
        if options.propagation not in ("", "Orphan", "Background", "Foreground"):
            cause = Cause(
                "propagationPolicy",
                f'Unsupported value: "{options.propagation}": supported values: "Foreground", "Background", '
                '"Orphan", "nil"',
                "FieldValueNotSupported",
            )
            raise invalid("meta.k8s.io", "DeleteOptions", "", [cause])
        for word, wanted, has, what in (
            ("UID", options.uid, meta["uid"], "deleted and then recreated"),
            ("ResourceVersion", options.version, meta["resourceVersion"], "modified"),
        ):
            if wanted and wanted != has:
                why = (
                    f"the {word} in the precondition ({wanted}) does not match the {word} in record ({has}). "
                    f"The object might have been {what}"
                )
                raise conflict(resource.group, resource.kind, call.name, why)

    def _grace(self, call: Call, obj: Object, options: DeleteOptions) -> int:
        """Return the seconds that a deletion leaves to a kubelet; only pods that were bound have one."""
        if call.resource.storage != ("", "pods"):
            return 0
        if not obj["spec"].get("nodeName") or obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return 0
        wanted = options.grace
        if wanted is None:
            wanted = int(obj["spec"].get("terminationGracePeriodSeconds", 30))
        wanted = max(wanted, 0)
        running = obj["metadata"].get("deletionGracePeriodSeconds")
        if obj["metadata"].get("deletionTimestamp") and running is not None:
            # A second deletion can only shorten the time.
            return min(wanted, int(running)) if options.grace is not None else int(running)
        return wanted

    # Namespaces and definitions

    def _namespace(self, call: Call, entry: Entry) -> Deleted:
        if entry.name in _PROTECTED:
            raise forbidden("", "namespaces", entry.name, "this namespace may not be deleted")
        if call.dry_run:
            return Deleted(entry, False)

        def mark(obj: Object) -> Object:
            obj = _marked(obj, obj["metadata"].get("finalizers") or [], 0)
            obj.setdefault("status", {})["phase"] = "Terminating"
            return obj

        changed = self._objects.change(call, mark)
        for resource in self._registry.stored_kinds():
            if resource.namespaced:
                every = Call(resource, entry.name, manager="namespace-controller")
                self.delete_collection(every, Selector(), DeleteOptions(propagation="Background"))
        self._finish_namespace(entry.name)
        return Deleted(changed, self._store.find(NAMESPACES, "", entry.name) is None)

    def _finish_namespace(self, name: str) -> None:
        space = self._store.find(NAMESPACES, "", name)
        if space is None or not space.object["metadata"].get("deletionTimestamp"):
            return
        if space.object["metadata"].get("finalizers"):
            return
        if any(self._store.entries(c, name) for c in self._store.collections() if c != NAMESPACES):
            return
        self._store.remove(NAMESPACES, space)

    def _clean(self, name: str) -> None:
        """Delete the objects of a definition that is being deleted, then the definition."""
        definition = self._store.find(DEFINITIONS, "", name)
        if definition is None:
            return
        spec = definition.object["spec"]
        for version in spec["versions"]:
            resource = self._registry.find(spec["group"], version["name"], spec["names"]["plural"])
            if resource is None:
                continue
            for entry in self._store.entries(resource.storage):
                if not entry.object["metadata"].get("deletionTimestamp"):
                    call = Call(resource, entry.namespace, entry.name, manager="definition-controller")
                    self.delete(call, DeleteOptions(propagation="Background"))
            break
        self._finish_definition((spec["group"], spec["names"]["plural"]))

    def _finish_definition(self, collection: Collection) -> None:
        definition = self._store.find(DEFINITIONS, "", f"{collection[1]}.{collection[0]}")
        if definition is None or self._store.entries(collection):
            return
        if definition.object["metadata"].get("deletionTimestamp"):
            self._store.remove(DEFINITIONS, definition)

    def _after(self, collection: Collection, event: Event) -> None:
        if event.new is not None or event.old is None:
            return
        self._finish_definition(collection)
        if event.old.namespace:
            self._finish_namespace(event.old.namespace)
        elif collection == NAMESPACES:
            return


def _finalizers(present: list[str], propagation: str) -> list[str]:
    """Return the finalizers with which a deletion goes on."""
    kept = [finalizer for finalizer in present if finalizer not in (ORPHAN, FOREGROUND)]
    if propagation == "Orphan":
        return [*kept, ORPHAN]
    if propagation == "Foreground":
        return [*kept, FOREGROUND]
    return kept if propagation == "Background" else list(present)


def _marked(obj: Object, finalizers: list[str], grace: int) -> Object:
    meta = obj["metadata"]
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
    had = meta.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" not in meta or (had is not None and grace < had):
        when = datetime.now(UTC) + timedelta(seconds=grace)
        meta["deletionTimestamp"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        if "generation" in meta and had is None:
            meta["generation"] += 1
        meta["deletionGracePeriodSeconds"] = grace
    return obj


def _ended(obj: Object) -> Object:
    """Return the last form of an object that is removed at once."""
    last = copy.copy(obj)
    last["metadata"] = dict(obj["metadata"])
    if last["metadata"].get("deletionTimestamp") and "deletionGracePeriodSeconds" in last["metadata"]:
        last["metadata"]["deletionGracePeriodSeconds"] = 0
    return last
