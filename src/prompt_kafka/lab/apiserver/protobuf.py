"""The objects that kubectl sends as Protobuf whatever the server prefers (create, auth can-i, drain).

Its typed clients encode requests so since 1.32 and accept JSON in answer. Only the kinds in the table are
understood; another one is refused with 415.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prompt_kafka.lab.apiserver.errors import bad_request, unsupported_media_type

Object = dict[str, Any]
MEDIA = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"

#: Messages by name: number of a field, its name and type; ``*`` marks a repeated one, ``map`` one of strings.
MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        8: ("creationTimestamp", "Time"),
        11: ("labels", "map"),
        12: ("annotations", "map"),
        13: ("ownerReferences", "*OwnerReference"),
        14: ("finalizers", "*string"),
    },
    "OwnerReference": {
        1: ("kind", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("controller", "bool"),
        7: ("blockOwnerDeletion", "bool"),
    },
    "Time": {1: ("seconds", "int"), 2: ("nanos", "int")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"),
        2: ("preconditions", "Preconditions"),
        3: ("orphanDependents", "bool"),
        4: ("propagationPolicy", "string"),
        5: ("dryRun", "*string"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "_AccessSpec")},
    "_AccessSpec": {
        1: ("resourceAttributes", "_ResourceAttributes"),
        2: ("nonResourceAttributes", "_NonResourceAttributes"),
    },
    "_ResourceAttributes": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "_NonResourceAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "_RulesSpec")},
    "_RulesSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta")},
    "Namespace": {1: ("metadata", "ObjectMeta"), 2: ("spec", "_NamespaceSpec")},
    "_NamespaceSpec": {1: ("finalizers", "*string")},
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "map"),
        3: ("binaryData", "bytesmap"),
        4: ("immutable", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "bytesmap"),
        3: ("type", "string"),
        4: ("stringData", "map"),
        5: ("immutable", "bool"),
    },
    "ServiceAccount": {1: ("metadata", "ObjectMeta"), 4: ("automountServiceAccountToken", "bool")},
}


def decode(body: bytes) -> Object:
    """Return the object in a body.

    Raises
    ------
    ApiError
        400 when it cannot be read, 415 when its kind is not in the table.
    """
    if not body.startswith(_MAGIC):
        raise bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        outer = dict(_fields(body[len(_MAGIC) :]))
        types = dict(_fields(_bytes(outer.get(1, b""))))
        api_version, kind = _bytes(types.get(1, b"")).decode(), _bytes(types.get(2, b"")).decode()
        if kind not in MESSAGES or kind.startswith("_"):
            raise unsupported_media_type(["application/json"], f" (the lab does not read {kind} as Protobuf)")
        return {"apiVersion": api_version, "kind": kind, **_message(_bytes(outer.get(2, b"")), kind)}
    except (IndexError, ValueError, TypeError) as error:
        raise bad_request(f"the Protobuf body cannot be read: {error}") from None


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where bytes are expected")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == 0:
            value, at = _varint(data, at)
        else:
            if wire == 2:
                size, at = _varint(data, at)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise ValueError(f"wire type {wire}")
            value, at = data[at : at + size], at + size
            if at > len(data):
                raise ValueError("it ends early")
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _message(data: bytes, name: str) -> Object:
    table = MESSAGES[name]
    result: Object = {}
    for number, value in _fields(data):
        if number not in table:
            continue
        field, kind = table[number]
        if kind in ("map", "bytesmap"):
            pair = dict(_fields(_bytes(value)))
            text = _bytes(pair.get(2, b""))
            shown = b64encode(text).decode() if kind == "bytesmap" else text.decode()
            result.setdefault(field, {})[_bytes(pair.get(1, b"")).decode()] = shown
        elif kind.startswith("*"):
            result.setdefault(field, []).append(_value(value, kind[1:]))
        else:
            shown = _value(value, kind)
            if shown not in ("", None):
                result[field] = shown
    return result


def _value(value: int | bytes, kind: str) -> Any:
    if kind == "string":
        return _bytes(value).decode()
    if kind == "bool":
        return bool(value)
    if kind == "int":
        number = int(value) if isinstance(value, int) else 0
        return number - (1 << 64) if number >> 63 else number
    if kind == "Time":
        seconds = _message(_bytes(value), "Time").get("seconds")
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None
    return _message(_bytes(value), kind)
