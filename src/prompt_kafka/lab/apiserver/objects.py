"""Creating, changing and reading objects: the rules of the API between the request and the store."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.lab.apiserver import addresses, defaults, definitions, events, metadata, names, rules
from prompt_kafka.lab.apiserver import shapes as models
from prompt_kafka.lab.apiserver.errors import (
    Cause,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from prompt_kafka.lab.apiserver.forms import present, with_status
from prompt_kafka.lab.apiserver.registry import Registry
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.schema import Schema
from prompt_kafka.lab.apiserver.store import Entry, Store, encode

Object = dict[str, Any]
NAMESPACES = ("", "namespaces")


@dataclass(slots=True)
class Call:
    """One request about objects.

    Attributes
    ----------
    resource, namespace, name, subresource
        What it is about; `namespace` is empty for kinds of the cluster and for all namespaces.
    dry_run
        Answer as if, and change nothing.
    manager
        Who writes, for ``managedFields``.
    validation
        What to do about unknown fields: ``Strict``, ``Warn`` or ``Ignore``.
    warnings
        Filled on the way; sent as ``Warning`` headers.
    """

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    dry_run: bool = False
    manager: str = "unknown"
    validation: str = "Warn"
    warnings: list[str] = field(default_factory=list)


class Objects:
    """The objects of the API, with its rules.

    Parameters
    ----------
    store, registry
        Where they are and which kinds there are.
    shapes
        The fields of the built-in kinds, by model.
    """

    def __init__(self, store: Store, registry: Registry, shapes: Mapping[str, Schema]) -> None:
        self.store = store
        self.registry = registry
        self._shapes = shapes

    def get(self, call: Call) -> Entry:
        """Return an object or refuse with 404."""
        resource = call.resource
        entry = self.store.find(resource.storage, call.namespace, call.name)
        if entry is None:
            raise not_found(resource.group, resource.plural, call.name)
        return entry

    # Creating

    def create(self, call: Call, body: Object) -> Entry:
        """Create an object from the body of a request."""
        resource = call.resource
        obj = self._read(call, body)
        meta = obj["metadata"]
        if meta.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        meta["name"] = metadata.name_for(meta)
        if not meta["name"]:
            cause = Cause(
                "metadata.name", "Required value: name or generateName is required", "FieldValueRequired"
            )
            raise invalid(resource.group, resource.kind, "", [cause])
        if resource.namespaced:
            self._check_namespace(call, meta["name"])
        if self.store.find(resource.storage, call.namespace, meta["name"]) is not None:
            raise already_exists(resource.group, resource.plural, meta["name"])
        metadata.begin(resource, meta)
        if resource.custom and resource.status:
            obj.pop("status", None)
        obj = self._admit(call, obj, None)
        if not resource.custom:
            defaults.begin_status(resource, obj)
        if resource.storage == ("", "services"):
            addresses.allocate(self.store, obj)
        if resource.plural == "customresourcedefinitions":
            obj["metadata"].setdefault("finalizers", []).append(definitions.CLEANUP)
            definitions.accept(obj)
        metadata.record_manager(obj, None, manager=call.manager, api_version=resource.api_version)
        return self._keep(call, obj)

    def _check_namespace(self, call: Call, name: str) -> None:
        resource = call.resource
        space = self.store.find(NAMESPACES, "", call.namespace)
        if space is None:
            raise not_found("", "namespaces", call.namespace)
        if space.object["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {call.namespace} because it is being terminated"
            cause = Cause(
                "metadata.namespace",
                f"namespace {call.namespace} is being terminated",
                "NamespaceTerminating",
            )
            raise forbidden(resource.group, resource.plural, name, why, [cause])

    # Changing

    def update(self, call: Call, make: Callable[[Object], Object]) -> Entry:
        """Change an object.

        Parameters
        ----------
        make
            Given the present object, as this version of its kind shows it and not to be changed, returns the
            wanted one.
        """
        resource = call.resource
        entry = self.get(call)
        old = entry.object
        obj = self._read(call, make(present(resource, old)))
        meta = obj["metadata"]
        self._check_version(call, meta, old["metadata"])
        if call.subresource == "status":
            obj = with_status(resource, old, obj)
        elif resource.status:
            obj.pop("status", None)
            if "status" in old:
                obj["status"] = old["status"]
        metadata.carry_over(obj["metadata"], old["metadata"])
        obj = self._admit(call, obj, old)
        if resource.storage == ("", "services"):
            addresses.allocate(self.store, obj)
        if resource.plural == "customresourcedefinitions" and not call.subresource:
            obj = copy.deepcopy(obj)
            definitions.accept(obj)
        if metadata.raises_generation(resource, old, obj):
            obj["metadata"]["generation"] = int(old["metadata"].get("generation", 0)) + 1
        if obj != old:
            metadata.record_manager(
                obj, old, manager=call.manager, api_version=resource.api_version, subresource=call.subresource
            )
        return self._finish(call, entry, obj)

    def change(self, call: Call, make: Callable[[Object], Object]) -> Entry:
        """Change a stored object from inside the server: no rules are applied."""
        entry = self.get(call)
        return self._finish(call, entry, make(copy.deepcopy(entry.object)))

    def _finish(self, call: Call, entry: Entry, obj: Object) -> Entry:
        if obj == entry.object:
            return entry
        meta = obj["metadata"]
        going = meta.get("deletionTimestamp") and not meta.get("deletionGracePeriodSeconds")
        if going and not meta.get("finalizers") and call.resource.storage != NAMESPACES:
            return entry if call.dry_run else self.store.remove(call.resource.storage, entry, obj)
        return self._keep(call, obj)

    def _keep(self, call: Call, obj: Object) -> Entry:
        if call.dry_run:
            meta = obj["metadata"]
            return Entry(meta.get("namespace", ""), meta["name"], self.store.version, encode(obj), obj)
        return self.store.put(call.resource.storage, obj)

    def _check_version(self, call: Call, meta: Object, old: Object) -> None:
        resource = call.resource
        wanted = meta.get("resourceVersion")
        if meta.get("uid") and meta["uid"] != old["uid"]:
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {old['uid']}"
            raise conflict(resource.group, resource.plural, call.name, why)
        if wanted in (None, "", "0"):
            if resource.must_match:
                cause = Cause(
                    "metadata.resourceVersion",
                    "Invalid value: 0: must be specified for an update",
                )
                raise invalid(resource.group, resource.kind, call.name, [cause])
        elif wanted != old["resourceVersion"]:
            raise conflict(resource.group, resource.plural, call.name)

    # Common to both

    def _read(self, call: Call, body: Object) -> Object:
        """Return the object of a request as it is stored, after the checks that need no rules."""
        resource = call.resource
        version, kind = body.get("apiVersion"), body.get("kind")
        if kind and kind != resource.kind:
            raise bad_request(
                f'{kind} in version "{str(version).rpartition("/")[2]}" cannot be handled as a '
                f"{resource.kind}"
            )
        if version and version != resource.api_version:
            raise bad_request(
                f"the API version in the data ({version}) does not match the expected API version "
                f"({resource.api_version})"
            )
        meta = metadata.check_shape(body.get("metadata"))
        if call.name and meta.get("name", call.name) != call.name:
            raise bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({call.name})"
            )
        if call.name:
            meta["name"] = call.name
        if meta.get("namespace") and meta["namespace"] != call.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        if resource.namespaced:
            meta["namespace"] = call.namespace
        else:
            meta.pop("namespace", None)
        rest = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
        unknown = metadata.unknown_fields(meta)
        self._report(call, unknown)
        obj = {"apiVersion": resource.stored_api_version, "kind": resource.kind, "metadata": meta, **rest}
        return events.to_core(obj) if resource.stored is not None else obj

    def _admit(self, call: Call, obj: Object, old: Object | None) -> Object:
        """Fill defaults in, prune and validate; returns a copy that shares nothing with the request."""
        resource = call.resource
        obj = copy.deepcopy(obj)
        causes = list(names.metadata_problems(resource.plural, resource.group, obj["metadata"]))
        if resource.custom and resource.schema is not None:
            self._report(call, resource.schema.prune(obj))
            resource.schema.default(obj)
            causes += resource.schema.validate(obj)
        else:
            shape = self._shapes.get(models.model_of(resource) or "")
            if shape is not None:
                self._report(call, models.fit(resource, shape, obj))
            key = rules.bad_base64(obj) if resource.storage == ("", "secrets") else None
            if key is not None:
                raise bad_request(
                    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input '
                    f"byte 0 (data[{key}])"
                )
            if resource.storage == ("", "services") and old is not None:
                addresses.carry_over(obj, old)
            defaults.apply(resource, obj)
            if resource.storage == ("", "events"):
                causes += events.problems(obj, old, new_api=resource.stored is not None)
            elif not call.subresource:
                causes += rules.problems(resource, obj, old)
        if old is not None and old["metadata"].get("deletionTimestamp"):
            new = set(obj["metadata"].get("finalizers") or []) - set(old["metadata"].get("finalizers") or [])
            if new:
                text = ", ".join(f'"{finalizer}"' for finalizer in sorted(new))
                causes.append(
                    Cause(
                        "metadata.finalizers",
                        "Forbidden: no new finalizers can be added if the object is being deleted, found new "
                        f"finalizers []string{{{text}}}",
                        "FieldValueForbidden",
                    )
                )
        if causes:
            raise invalid(resource.group, resource.kind, obj["metadata"]["name"], causes)
        return obj

    def _report(self, call: Call, unknown: list[str]) -> None:
        if not unknown or call.validation == "Ignore":
            return
        texts = [f'unknown field "{path}"' for path in unknown]
        if call.validation == "Strict":
            raise bad_request(
                f'{call.resource.kind} in version "{call.resource.version}" cannot be handled as a '
                f"{call.resource.kind}: strict decoding error: {', '.join(texts)}"
            )
        call.warnings += texts
