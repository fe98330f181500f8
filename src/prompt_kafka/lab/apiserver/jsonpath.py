"""The JSON paths of printer columns: fields, indexes and one kind of filter."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

_STEP = re.compile(
    r"""\.?(?:
        \[\?\(\s*@\.(?P<field>[\w.-]+)\s*(?P<operator>==|!=)\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')\s*\)\]
      | \[(?P<index>-?\d+|\*)\]
      | \[['"](?P<quoted>[^'"]+)['"]\]
      | \.?(?P<name>(?:\\\.|[^.\[\]\\])+)
    )""",
    re.VERBOSE,
)
Step = Callable[[Any], list[Any]]


@functools.lru_cache(256)
def _steps(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    text = path.strip().strip("{}")
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or match.end() == at:
            return ((lambda value: []),)
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["field"]:
        fields = match["field"].split(".")
        wanted = match["double"] if match["double"] is not None else match["single"]
        equal = match["operator"] == "=="

        def chosen(value: Any) -> list[Any]:
            if not isinstance(value, list):
                return []
            return [item for item in value if (str(_below(item, fields)) == wanted) == equal]

        return chosen
    if match["index"] is not None:
        index = match["index"]
        if index == "*":
            return lambda value: (
                value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
            )
        number = int(index)
        return lambda value: (
            [value[number]] if isinstance(value, list) and -len(value) <= number < len(value) else []
        )
    name = match["quoted"] or match["name"].replace("\\.", ".")
    return lambda value: [value[name]] if isinstance(value, dict) and name in value else []


def _below(value: Any, fields: list[str]) -> Any:
    for field in fields:
        value = value.get(field) if isinstance(value, dict) else None
    return value


def first(obj: Any, path: str) -> Any:
    """Return the first value at a path, or None."""
    found = [obj]
    for step in _steps(path):
        found = [value for item in found for value in step(item)]
    return found[0] if found else None


def text(value: Any) -> str:
    """Return a value as a column of type string shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
