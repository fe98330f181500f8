"""The forms of one object: as it is stored, as each version of its kind shows it, with another status."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver import events
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.store import Entry, encode

Object = dict[str, Any]


def present(resource: Resource, obj: Object) -> Object:
    """Return a stored object as `resource` shows it; shares its parts."""
    if resource.stored is not None:
        return events.to_new(obj)
    return {**obj, "apiVersion": resource.api_version}


def raw(resource: Resource, entry: Entry) -> bytes:
    """Return the JSON of a stored object as `resource` shows it."""
    if resource.stored is None and resource.api_version == resource.stored_api_version:
        prefix = b'{"apiVersion":"' + resource.api_version.encode() + b'"'
        if entry.raw.startswith(prefix):
            return entry.raw
    if entry.forms is None:
        entry.forms = {}
    form = entry.forms.get(resource.api_version)
    if form is None:
        form = entry.forms[resource.api_version] = encode(present(resource, entry.object))
    return form


def with_status(resource: Resource, old: Object, new: Object) -> Object:
    """Return the old object with the status of the new one: what the status subresource may change."""
    obj = {**old}
    obj.pop("status", None)
    if "status" in new:
        obj["status"] = new["status"]
    meta = dict(old["metadata"])
    if not resource.custom:
        for part in ("labels", "annotations"):
            if part in new["metadata"]:
                meta[part] = new["metadata"][part]
            else:
                meta.pop(part, None)
    obj["metadata"] = meta
    return obj
