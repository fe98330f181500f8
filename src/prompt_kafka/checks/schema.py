"""An object compared with the schema of its kind: unknown fields, wrong types, wrong words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.checks.subject import Path, mapping, sequence

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One difference.

    Attributes
    ----------
    unknown
        The field is not in the schema; else `said` tells what is wrong with its value.
    """

    path: Path
    unknown: bool
    said: str = ""


def compare(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Wrong]:
    """Compare the spec of an object with the schema of its kind."""
    properties = mapping(schema.get("properties"))
    for key, value in manifest.items():
        if key in ("apiVersion", "kind", "metadata", "status"):
            continue
        if key in properties:
            yield from _value(value, properties[key], (key,))
        else:
            yield Wrong((key,), True)
    for key in sequence(schema.get("required")):
        if manifest.get(key) is None:
            yield Wrong((key,), False, "is required")


def _value(value: Any, schema: Mapping[str, Any], path: Path) -> Iterator[Wrong]:
    if value is None:
        return
    if schema.get("x-kubernetes-int-or-string"):
        return
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _TYPES and not _is(value, kind):
        yield Wrong(path, False, f"is {_said(value)}, which must be of type {kind}")
        return
    words = schema.get("enum")
    if isinstance(words, list) and value not in words:
        yield Wrong(path, False, f"is {value!r}, which must be one of {', '.join(map(str, words))}")
    if isinstance(value, dict):
        yield from _mapping(value, schema, path)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for number, each in enumerate(value):
            yield from _value(each, schema["items"], (*path, str(number)))


def _mapping(value: dict[str, Any], schema: Mapping[str, Any], path: Path) -> Iterator[Wrong]:
    properties = mapping(schema.get("properties"))
    more = schema.get("additionalProperties")
    # A definition without properties keeps everything (`config`, affinity terms of old versions).
    kept = schema.get("x-kubernetes-preserve-unknown-fields") or more is True
    for key, each in value.items():
        if key in properties:
            yield from _value(each, properties[key], (*path, str(key)))
        elif isinstance(more, Mapping):
            yield from _value(each, more, (*path, str(key)))
        elif not kept and each is not None:
            yield Wrong((*path, str(key)), True)
    for key in sequence(schema.get("required")):
        if value.get(key) is None:
            yield Wrong((*path, key), False, "is required")


def _is(value: Any, kind: str) -> bool:
    if kind != "boolean" and isinstance(value, bool):
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _said(value: Any) -> str:
    return "true or false" if isinstance(value, bool) else f"{value!r}"[:60]
