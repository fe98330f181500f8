"""Validation of custom resources against their schema, in the words of the real API server.

The keywords are those that a structural schema may use. Rules in CEL are not evaluated here;
:func:`prompt_kafka.lab.crds.not_enforced` names them.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prompt_kafka.lab.apiserver.errors import Cause

Object = dict[str, Any]
_INT_OR_STRING = "x-kubernetes-int-or-string"


def validate(value: Any, schema: Object, path: str = "") -> list[Cause]:
    """Return what is wrong with `value`; `path` is where it stands."""
    return list(_check(value, schema, path))


def _check(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    if value is None and schema.get("nullable"):
        return
    wrong = _wrong_type(value, schema)
    if wrong:
        found = _type_name(value)
        yield Cause(
            path or "<nil>",
            f'Invalid value: "{found}": {path} in body must be of type {wrong}: "{found}"',
            "FieldValueTypeInvalid",
            types=(found, wrong),
        )
        return
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(_quoted(option) for option in schema["enum"])
        yield Cause(
            path,
            f"Unsupported value: {_quoted(value)}: supported values: {supported}",
            "FieldValueNotSupported",
        )
    if isinstance(value, dict):
        yield from _check_object(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path)
    elif isinstance(value, str):
        yield from _check_string(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _check_number(value, schema, path)
    yield from _check_combined(value, schema, path)


def _wrong_type(value: Any, schema: Object) -> str | None:
    """Return the type that was wanted when `value` is of another."""
    if schema.get(_INT_OR_STRING):
        right = isinstance(value, str | int) and not isinstance(value, bool)
        return None if right else "integer,string"
    wanted = schema.get("type")
    if not wanted:
        return None
    if wanted == "integer":
        right = isinstance(value, int) and not isinstance(value, bool)
        right = right or (isinstance(value, float) and value.is_integer())
    elif wanted == "number":
        right = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        kinds: dict[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list}
        right = isinstance(value, kinds.get(wanted, object))
    return None if right else str(wanted)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _quoted(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _invalid(path: str, value: Any, text: str) -> Cause:
    return Cause(path, f"Invalid value: {_quoted(value)}: {path} in body {text}")


def _check_object(value: Object, schema: Object, path: str) -> Iterator[Cause]:
    for name in schema.get("required") or []:
        if name not in value:
            yield Cause(f"{path}.{name}" if path else name, "Required value", "FieldValueRequired")
    properties = schema.get("properties") or {}
    extra = schema.get("additionalProperties")
    for name, item in value.items():
        below = properties.get(name)
        if below is None and isinstance(extra, dict):
            below = extra
        if below is not None:
            yield from _check(item, below, f"{path}.{name}" if path else name)
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")
    if least is not None and len(value) < least:
        yield _invalid(path, value, f"should have at least {least} properties")


def _check_list(value: list[Any], schema: Object, path: str) -> Iterator[Cause]:
    most, least = schema.get("maxItems"), schema.get("minItems")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")
    if least is not None and len(value) < least:
        yield Cause(path, f"Invalid value: {len(value)}: {path} in body should have at least {least} items")
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            yield from _check(item, items, f"{path}[{index}]")
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("set", "map") and not schema.get("uniqueItems"):
        return
    keys = schema.get("x-kubernetes-list-map-keys") or []
    seen: list[Any] = []
    for index, item in enumerate(value):
        mark = {key: item.get(key) for key in keys} if kind == "map" and isinstance(item, dict) else item
        if mark in seen:
            yield Cause(f"{path}[{index}]", f"Duplicate value: {_quoted(mark)}", "FieldValueDuplicate")
        seen.append(mark)


def _check_string(value: str, schema: Object, path: str) -> Iterator[Cause]:
    most, least = schema.get("maxLength"), schema.get("minLength")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too long: may not be more than {most} bytes", "FieldValueTooLong")
    if least is not None and len(value) < least:
        yield _invalid(path, value, f"should be at least {least} chars long")
    pattern = schema.get("pattern")
    if pattern is not None and not _compiled(pattern).search(value):
        yield _invalid(path, value, f"should match '{pattern}'")
    wanted = schema.get("format")
    if wanted in ("date-time", "date") and not _is_time(value):
        yield _invalid(path, value, f"must be of type {wanted}: {_quoted(value)}")


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


@functools.lru_cache(512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _check_number(value: float, schema: Object, path: str) -> Iterator[Cause]:
    most, least = schema.get("maximum"), schema.get("minimum")
    if most is not None:
        strict = schema.get("exclusiveMaximum") is True
        if value > most or (strict and value == most):
            yield _invalid(path, value, f"should be less than {'' if strict else 'or equal to '}{most}")
    if least is not None:
        strict = schema.get("exclusiveMinimum") is True
        if value < least or (strict and value == least):
            yield _invalid(path, value, f"should be greater than {'' if strict else 'or equal to '}{least}")
    step = schema.get("multipleOf")
    if step and value % step:
        yield _invalid(path, value, f"should be a multiple of {step}")
    bits = {"int32": 31, "int64": 63}.get(schema.get("format", ""))
    if bits and not -(1 << bits) <= value < 1 << bits:
        yield _invalid(path, value, f"must be of type {schema['format']}: {_quoted(str(value))}")


def _check_combined(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    for option in schema.get("allOf") or []:
        yield from _check(value, option, path)
    options = [] if schema.get(_INT_OR_STRING) else schema.get("anyOf") or []
    if options and all(validate(value, option, path) for option in options):
        yield _combined(path, value, "must validate at least one schema (anyOf)")
        yield from _first_reason(value, options, path)
    if schema.get("oneOf"):
        right = sum(not validate(value, option, path) for option in schema["oneOf"])
        if right != 1:
            found = "Found none valid" if right == 0 else f"Found {right} valid alternatives"
            yield _combined(path, value, f"must validate one and only one schema (oneOf). {found}")
            if right == 0:
                yield from _first_reason(value, schema["oneOf"], path)
    if schema.get("not") and not validate(value, schema["not"], path):
        yield _combined(path, value, "must not validate the schema (not)")


def _first_reason(value: Any, options: list[Object], path: str) -> Iterator[Cause]:
    """Yield why the alternative that is nearest to being right is not."""
    reasons = sorted((validate(value, option, path) for option in options), key=len)
    if reasons:
        yield from reasons[0]


def _combined(path: str, value: Any, text: str) -> Cause:
    return Cause(path or "<nil>", f'Invalid value: "": "{path}" {text}')
