"""Frozen dataclasses to JSON and back, by their type hints.

Plans and run records outlive the process that made them, so conditions and actions are data. A value of a
closed union carries its class name under ``kind``; nothing else is guessed.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, Union

from prompt_kafka.core.errors import UsageError

T = TypeVar("T")
Json = Any


def encode(value: Any) -> Json:
    """Return `value` as what JSON can hold; a dataclass becomes an object with its class name as ``kind``."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "kind": type(value).__name__,
            **{f.name: encode(getattr(value, f.name)) for f in fields(value)},
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(encode(item) for item in value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return value


def decode(data: Json, hint: Any) -> Any:
    """Return the value of type `hint` that `data` stands for.

    Raises
    ------
    UsageError
        `data` does not have the shape of `hint`.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return data
    if origin in (Union, types.UnionType):
        return _decode_union(data, arguments)
    if isinstance(hint, type) and is_dataclass(hint):
        return _decode_dataclass(data, hint)
    if origin is tuple:
        _expect(isinstance(data, list), data, hint)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(decode(item, arguments[0]) for item in data)
        _expect(len(data) == len(arguments), data, hint)
        return tuple(decode(item, part) for item, part in zip(data, arguments, strict=True))
    if origin is frozenset:
        _expect(isinstance(data, list), data, hint)
        return frozenset(decode(item, arguments[0]) for item in data)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, dict), data, hint)
        return {key: decode(item, arguments[1]) for key, item in data.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    if hint is datetime:
        return datetime.fromisoformat(data)
    if hint is float:
        _expect(isinstance(data, (int, float)) and not isinstance(data, bool), data, hint)
        return float(data)
    _expect(isinstance(data, hint if hint is not None else type(None)), data, hint)
    return data


def _decode_union(data: Json, options: tuple[Any, ...]) -> Any:
    if data is None and type(None) in options:
        return None
    if isinstance(data, dict) and "kind" in data:
        for option in options:
            if isinstance(option, type) and is_dataclass(option) and option.__name__ == data["kind"]:
                return _decode_dataclass(data, option)
    for option in options:
        if isinstance(option, type) and is_dataclass(option):
            continue
        try:
            return decode(data, option)
        except (UsageError, TypeError, ValueError):
            continue
    raise UsageError(f"not a value known to this version: {str(data)[:80]}")


def _decode_dataclass(data: Json, cls: type[T]) -> T:
    _expect(isinstance(data, dict) and data.get("kind") == cls.__name__, data, cls)
    hints = typing.get_type_hints(cls)
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    unknown = data.keys() - known - {"kind"}
    if unknown:
        raise UsageError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
    try:
        return cls(**{name: decode(item, hints[name]) for name, item in data.items() if name != "kind"})
    except TypeError as error:
        raise UsageError(f"{cls.__name__} lacks a field: {error}") from None


def _expect(right: bool, data: Json, hint: Any) -> None:
    if not right:
        raise UsageError(f"expected {getattr(hint, '__name__', hint)}, found {str(data)[:80]!r}")
