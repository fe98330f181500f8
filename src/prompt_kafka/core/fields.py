"""JSON paths of fields: the small part of RFC 9535 that names fields and no values.

``$.user.email``, ``$.visits[*].token``, ``$.items[0]``, ``$..password``, ``$['odd name'].*``. A name also
goes through the elements of a list that stands where an object was expected: a mask rather hides too much.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from prompt_kafka.core.errors import UsageError

REMOVED = object()
"""What a change returns when the field is to go."""

Change = Callable[[Any], Any]

_STEP = re.compile(
    r"""(?P<deep>\.\.)? (?:
        (?<=\.\.)(?P<after>\*|[\w-]+) | \.(?P<name>\*|[\w-]+)
        | \[(?: (?P<index>-?\d+) | (?P<any>\*)
            | '(?P<single>(?:[^'\\]|\\.)*)' | "(?P<double>(?:[^"\\]|\\.)*)" )\]
    )""",
    re.VERBOSE,
)


class Step(NamedTuple):
    """One step: a name, an index, or anything (``None``); `deep` at any depth."""

    to: str | int | None
    deep: bool


def parse(text: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises
    ------
    UsageError
        It is none, or a part of the language that is not known here.
    """
    at = 1 if text.startswith("$") else 0
    steps: list[Step] = []
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            break
        steps.append(_step(found))
        at = found.end()
    if at < len(text) or not steps or not text.startswith("$"):
        raise UsageError(
            f"{text!r} is no path of a field", next="write $.name, $.list[*].name, $..name or $['odd name']"
        )
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    deep = bool(found["deep"])
    word = found["after"] or found["name"]
    if found["any"] or word == "*":
        return Step(None, deep)
    if found["index"]:
        return Step(int(found["index"]), deep)
    if word:
        return Step(word, deep)
    quoted = found["single"] if found["single"] is not None else found["double"]
    return Step(re.sub(r"\\(.)", r"\1", quoted), deep)


def changed(node: Any, steps: tuple[Step, ...], change: Change) -> Any:
    """Return a document with a change made to every field that a path leads to; the document stays."""
    if not steps:
        return change(node)
    step, rest = steps[0], steps[1:]
    if step.deep:
        node = _each(node, lambda _, inner: changed(inner, steps, change))
    if isinstance(node, list) and isinstance(step.to, str) and not step.deep:
        return [changed(inner, steps, change) for inner in node]

    def here(key: str | int, inner: Any) -> Any:
        return changed(inner, rest, change) if step.to is None or _same(node, key, step.to) else inner

    return _each(node, here)


def _same(node: Any, key: str | int, wanted: str | int) -> bool:
    if isinstance(wanted, int) and wanted < 0:
        wanted += len(node)
    return key == wanted and type(key) is type(wanted)


def _each(node: Any, change: Callable[[str | int, Any], Any]) -> Any:
    """Change every field or element of a node; what has none stays."""
    if isinstance(node, dict):
        fields = ((key, change(key, inner)) for key, inner in node.items())
        return {key: inner for key, inner in fields if inner is not REMOVED}
    if isinstance(node, list):
        return [e for e in (change(index, inner) for index, inner in enumerate(node)) if e is not REMOVED]
    return node
