"""The part of an object that the server itself keeps: identity, times, generation, who changed what."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from prompt_kafka.lab.apiserver.errors import bad_request
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]

#: Set by the server; what a client sends in them is not looked at.
SERVER_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
)
_KNOWN = {
    *SERVER_FIELDS,
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
}
_UNOWNED = {*SERVER_FIELDS, "name", "namespace", "generateName"}
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def now() -> str:
    """Return the present time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_shape(meta: Any) -> Object:
    """Return the metadata of a request if it has the right types.

    Raises
    ------
    ApiError
        400: a label is a number, and the like.
    """
    if meta is None:
        return {}
    if not isinstance(meta, dict):
        raise bad_request("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    result: Object = dict(meta)
    for field in ("labels", "annotations"):
        values = result.get(field)
        if values is None:
            result.pop(field, None)
            continue
        if not isinstance(values, dict):
            raise _wrong(values, field, "map[string]string")
        for value in values.values():
            if not isinstance(value, str):
                raise _wrong(value, field, "string")
    for field, kind, shown in (
        ("finalizers", str, "string"),
        ("ownerReferences", dict, "v1.OwnerReference"),
        ("managedFields", dict, "v1.ManagedFieldsEntry"),
    ):
        values = result.get(field)
        if values is None:
            result.pop(field, None)
        elif not isinstance(values, list):
            raise _wrong(values, field, f"[]{shown}")
        else:
            for value in values:
                if not isinstance(value, kind):
                    raise _wrong(value, field, shown)
    for field in ("name", "namespace", "generateName", "resourceVersion", "uid"):
        value = result.get(field)
        if value is not None and not isinstance(value, str):
            raise _wrong(value, field, "string")
    return result


def _wrong(value: Any, field: str, wanted: str) -> Exception:
    kind = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}.get(
        type(value), "object"
    )
    return bad_request(
        f"json: cannot unmarshal {kind} into Go struct field ObjectMeta.metadata.{field} of type {wanted}"
    )


def unknown_fields(meta: Object) -> list[str]:
    """Remove what metadata cannot have; return the paths."""
    unknown = [field for field in meta if field not in _KNOWN]
    for field in unknown:
        del meta[field]
    return [f"metadata.{field}" for field in unknown]


def name_for(meta: Object) -> str:
    """Return the name of a new object, made from ``generateName`` when it has none."""
    name = meta.get("name")
    if name:
        return str(name)
    prefix = str(meta.get("generateName") or "")
    return prefix[:58] + "".join(secrets.choice(_ALPHABET) for _ in range(5)) if prefix else ""


def begin(resource: Resource, meta: Object) -> None:
    """Give a new object its identity."""
    for field in SERVER_FIELDS:
        meta.pop(field, None)
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = now()
    if resource.generation:
        meta["generation"] = 1
    _drop_empty(meta)


def carry_over(meta: Object, old: Object) -> None:
    """Keep what the server has set on an object that is changed."""
    for field in (
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ):
        if field in old:
            meta[field] = old[field]
        else:
            meta.pop(field, None)
    for field in ("generateName", "resourceVersion"):
        if field in old:
            meta[field] = old[field]
    meta.pop("selfLink", None)
    if "managedFields" in old:
        meta["managedFields"] = old["managedFields"]
    else:
        meta.pop("managedFields", None)
    _drop_empty(meta)


def _drop_empty(meta: Object) -> None:
    for field in ("labels", "annotations", "finalizers", "ownerReferences", "generateName"):
        if field in meta and not meta[field]:
            del meta[field]


def raises_generation(resource: Resource, old: Object, new: Object) -> bool:
    """Return whether a change counts as a new generation of the object."""
    if not resource.generation:
        return False
    if not resource.custom:
        if old.get("spec") != new.get("spec"):
            return True
        if resource.plural == "deployments":
            return bool(old["metadata"].get("annotations") != new["metadata"].get("annotations"))
        return resource.plural == "endpointslices" and old.get("endpoints") != new.get("endpoints")
    skipped = {"metadata", "apiVersion", "kind"} | ({"status"} if resource.status else set())
    keys = (old.keys() | new.keys()) - skipped
    return any(old.get(key) != new.get(key) for key in keys)


def record_manager(
    new: Object, old: Object | None, *, manager: str, api_version: str, subresource: str = ""
) -> None:
    """Note in ``managedFields`` who wrote which fields; lists count as one field."""
    meta = new["metadata"]
    changed = _changed(_owned(old) if old else {}, _owned(new))
    entries = [dict(entry) for entry in (old or {}).get("metadata", {}).get("managedFields") or []]
    mine: Object | None = None
    kept = []
    present = _owned(new)
    for entry in entries:
        same = entry.get("manager") == manager and entry.get("operation") == "Update"
        if same and entry.get("apiVersion") == api_version and entry.get("subresource", "") == subresource:
            mine = entry
            kept.append(entry)
            continue
        fields = _still(_without(entry.get("fieldsV1") or {}, changed), present)
        if fields:
            entry["fieldsV1"] = fields
            kept.append(entry)
    if not changed and mine is None:
        meta["managedFields"] = kept
        return
    if mine is None:
        mine = {"manager": manager, "operation": "Update", "apiVersion": api_version}
        kept.append(mine)
    mine["time"] = now()
    mine["fieldsType"] = "FieldsV1"
    mine["fieldsV1"] = _still(_union(mine.get("fieldsV1") or {}, changed), present)
    if subresource:
        mine["subresource"] = subresource
    meta["managedFields"] = kept


def _owned(obj: Object) -> Object:
    fields = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    meta = {key: value for key, value in obj["metadata"].items() if key not in _UNOWNED}
    return {"metadata": meta, **fields} if meta else fields


def _changed(old: Object, new: Object) -> Object:
    fields: Object = {}
    for key, value in new.items():
        before = old.get(key)
        if key in old and before == value:
            continue
        if isinstance(value, dict) and value:
            fields[f"f:{key}"] = _changed(before if isinstance(before, dict) else {}, value)
        else:
            fields[f"f:{key}"] = {}
    return fields


def _without(fields: Object, taken: Object) -> Object:
    result: Object = {}
    for key, below in fields.items():
        other = taken.get(key)
        if other is None:
            result[key] = below
        elif below and other:
            rest = _without(below, other)
            if rest:
                result[key] = rest
    return result


def _union(fields: Object, more: Object) -> Object:
    result = dict(fields)
    for key, below in more.items():
        result[key] = _union(result[key], below) if key in result else below
    return result


def _still(fields: Object, present: Any) -> Object:
    """Leave out fields that the object no longer has."""
    if not isinstance(present, dict):
        return fields
    result: Object = {}
    for key, below in fields.items():
        if key[2:] not in present:
            continue
        left = _still(below, present[key[2:]])
        if left or not below:
            result[key] = left
    return result
