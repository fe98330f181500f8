"""Paths of ``ignoreDifferences``: JSON pointers, and of jq the paths that charts use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_STEP = re.compile(r'\.(?:"([^"]+)"|([\w-]+))|\["([^"]+)"\]|\[(\d*)\]')


def drop(obj: dict[str, Any], pointers: Iterable[str], jq_paths: Iterable[str] = ()) -> None:
    """Remove the fields that the paths name from `obj`; what is not there is no matter."""
    for pointer in pointers:
        _remove(obj, [_unescape(each) for each in pointer.split("/")[1:]])
    for path in jq_paths:
        if (steps := jq_steps(path)) is not None:
            _remove(obj, steps)


def jq_steps(path: str) -> list[str | None] | None:
    """Return the steps of a jq path, None for "each element".

    Returns
    -------
    list or None
        None for an expression that is more than a path; the lab does not evaluate those.
    """
    text = path.strip().replace("?", "")
    steps: list[str | None] = []
    end = 0
    for found in _STEP.finditer(text):
        if found.start() != end and text[end : found.start()] != ".":
            return None
        quoted, plain, bracketed, index = found.groups()
        name = quoted or plain or bracketed
        steps.append(name if name is not None else (index or None))
        end = found.end()
    return steps if end == len(text) and steps else None


def _unescape(text: str) -> str:
    return text.replace("~1", "/").replace("~0", "~")


def _remove(value: Any, steps: list[Any]) -> None:
    first, rest = steps[0], steps[1:]
    if first is None:
        for each in list(value) if isinstance(value, list) else []:
            if rest:
                _remove(each, rest)
            else:
                value.remove(each)
    elif isinstance(value, dict) and first in value:
        if rest:
            _remove(value[first], rest)
        else:
            del value[first]
    elif isinstance(value, list) and first.isdigit() and int(first) < len(value):
        if rest:
            _remove(value[int(first)], rest)
        else:
            del value[int(first)]
