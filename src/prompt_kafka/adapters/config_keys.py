"""Checks the keys of a configuration file; each complaint names the line at fault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.core.errors import UsageError

Types = type | tuple[type, ...]
_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


def check_keys(path: Path, data: Any, known: Mapping[str, Types], under: str) -> None:
    """Refuse what is no mapping, an unknown key and a value of another type.

    Raises
    ------
    UsageError
        With the file and the line.
    """
    if not isinstance(data, Mapping):
        raise UsageError(f"{under.rstrip('.') or 'the file'} must be a mapping", where=str(path))
    for key, value in data.items():
        where = line_of(path, data, key)
        if key not in known:
            raise UsageError(f"unknown key {under}{key}", where=where, next=f"known: {', '.join(known)}")
        types = _types(known[key])
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            wanted = " or ".join(dict.fromkeys(_NAMES[each] for each in types))
            raise UsageError(f"{under}{key} must be {wanted}", where=where)


def _types(known: Types) -> tuple[type, ...]:
    return known if isinstance(known, tuple) else (known,)


def line_of(path: Path, data: Any, key: Any) -> str:
    """Return ``file:line`` of a key; of a JSON document, which keeps no lines, its first."""
    try:
        return f"{path}:{data.lc.key(key)[0] + 1}"
    except (AttributeError, KeyError):
        return f"{path}:1"
