"""Where things are in a YAML text: nodes with lines and columns, made from the parser's events.

Helm templates are read too. An action in braces becomes a word of the same length, a line that holds only
actions becomes a comment, so every place stays where it was.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from prompt_kafka.core.errors import RefusedError

LARGEST = 2**20
"""Characters of a file that is edited; the largest values of a real service have a twentieth of it."""

MOST = 1_000_000
"""Values of a file, each alias counted with what it stands for."""

Place = tuple[int, int]
Path = tuple[str, ...]

_BREAK = r"\r\n|[\n\r\x85\u2028\u2029]"
"""What ends a line for the parser; ``str.splitlines`` knows more."""

_LINE = re.compile(rf"[^\n\r\x85\u2028\u2029]*(?:{_BREAK})|[^\n\r\x85\u2028\u2029]+\Z")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ONLY_ACTIONS = re.compile(r"^([ \t]*)(\{\{.*?\}\}[ \t]*)+(?=\r?$)", re.MULTILINE | re.DOTALL)
_CONFLICT = re.compile(r"^(<{7} |>{7} )", re.MULTILINE)
_VISIBLE = re.compile(r"[^\n\r]")


@dataclass(slots=True)
class Node:
    """A node and where it is; lines and columns count from 0.

    Attributes
    ----------
    start, end
        As the parser gives them; the end of a block collection says nothing.
    last
        The line after its last line of content.
    pairs, items
        Children of a mapping, of a sequence.
    """

    kind: Literal["map", "seq", "scalar", "alias"]
    start: Place
    end: Place
    last: int = 0
    flow: bool = False
    value: str = ""
    style: str = ""
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """It is an empty scalar, null, or an empty flow collection."""
        if self.kind == "scalar":
            return not self.style and self.value in ("", "~", "null", "Null", "NULL")
        return self.flow and not self.pairs and not self.items

    def get(self, key: str) -> tuple[Node, Node] | None:
        """Return the key and the value of an entry."""
        return next((pair for pair in self.pairs if pair[0].kind == "scalar" and pair[0].value == key), None)


_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def scalar(text: str) -> str:
    """Return a name as YAML, quoted where it would be read as something else."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", text) and text.lower() not in _WORDS
    return text if plain else f'"{text}"'


def cannot(where: str, why: str, line: int | None = None) -> RefusedError:
    """Return the refusal to edit a file."""
    return RefusedError(
        "cannot-edit",
        f"{where} cannot be edited safely: {why}",
        where=f"{where}:{line + 1}" if line is not None else where,
        next="make this edit by hand, commit it, and run the command again",
    )


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends, as the parser counts them."""
    return _LINE.findall(text)


def mask(text: str) -> str:
    """Return a Helm template as YAML of the same shape."""

    def comment(found: re.Match[str]) -> str:
        rest = found[0][len(found[1]) :]
        return found[1] + "\n".join("#" + " " * (len(each) - 1) if each else "" for each in rest.split("\n"))

    def word(found: re.Match[str]) -> str:
        return _VISIBLE.sub("x", found[0])

    return _ACTION.sub(word, _ONLY_ACTIONS.sub(comment, text))


def documents(text: str, where: str, *, template: bool = False) -> list[Node | None]:
    """Return the root of each document; None for one without content."""
    try:
        return list(_roots(mask(text) if template else text))
    except (YAMLError, ValueError, RecursionError) as error:
        raise _refused(error, where, text) from None


@lru_cache(maxsize=256)
def _roots(text: str) -> tuple[Node | None, ...]:
    """Return the root of each document; a text is read again and again while it is edited."""
    lines = lines_of(text)
    stream = iter(_events(text))
    found: list[Node | None] = []
    for event in stream:
        if isinstance(event, DocumentStartEvent):
            node = _node(next(stream), stream, lines)
            found.append(None if node.nothing and not node.flow else node)
    return tuple(found)


def load(text: str, where: str, *, template: bool = False) -> list[Any]:
    """Return the values of all documents, to compare them before and after."""
    try:
        found: list[Any] = pickle.loads(_values(mask(text) if template else text))
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _refused(error, where, text) from None
    return found


def _refused(error: Exception, where: str, text: str) -> RefusedError:
    if isinstance(error, _TooMuch):
        return cannot(where, str(error), error.line)
    if conflict := _CONFLICT.search(text):
        return cannot(where, "a conflict of a merge is not resolved", text.count("\n", 0, conflict.start()))
    mark = getattr(error, "problem_mark", None)
    return cannot(where, "it is not YAML", mark.line if mark else None)


class _TooMuch(ValueError):
    """A text that nobody writes: it is larger than it looks, or simply too large."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


def _events(text: str) -> list[Any]:
    """Return the parser's events.

    Raises
    ------
    _TooMuch
        It is too large, or its aliases multiply.
    """
    if len(text) > LARGEST:
        raise _TooMuch(f"it has {len(text) / 2**20:.1f} MiB; more than {LARGEST // 2**20} are not edited")
    events = list(YAML(typ="safe", pure=True).parse(text))
    sizes: dict[str, int] = {}
    open_: list[tuple[str, int]] = []
    total = 0
    for event in events:
        name = getattr(event, "anchor", None)
        if isinstance(event, AliasEvent):
            total += sizes.get(name or "", 1)
            if total > MOST:
                raise _TooMuch("its aliases multiply to more than a million values", event.start_mark.line)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            open_.append((name or "", total))
            total += 1
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            anchor, before = open_.pop()
            if anchor:
                sizes[anchor] = total - before
        elif isinstance(event, ScalarEvent):
            total += 1
    return events


@lru_cache(maxsize=1024)
def _values(text: str) -> bytes:
    """Return the values of all documents, packed: each caller gets its own, and a text is read once."""
    if len(text) > LARGEST or ("&" in text and "*" in text):
        _events(text)
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    return pickle.dumps(list(yaml.load_all(text)))


def _node(event: Any, stream: Iterator[Any], lines: list[str]) -> Node:
    start = (event.start_mark.line, event.start_mark.column)
    end = (event.end_mark.line, event.end_mark.column)
    if isinstance(event, AliasEvent):
        return Node("alias", start, end, last=end[0] + 1, value=event.anchor)
    if isinstance(event, ScalarEvent):
        node = Node("scalar", start, end, value=event.value, style=event.style or "")
        node.last = _end_of_scalar(node, lines)
        return node
    if isinstance(event, MappingStartEvent):
        node = Node("map", start, end, flow=bool(event.flow_style))
        while not isinstance(event := next(stream), MappingEndEvent):
            key = _node(event, stream, lines)
            value = _node(next(stream), stream, lines)
            if value.kind == "scalar" and value.start == value.end and not value.style:
                value.last = key.last
            node.pairs.append((key, value))
        node.last = max((value.last for _, value in node.pairs), default=start[0] + 1)
    else:
        assert isinstance(event, SequenceStartEvent)
        node = Node("seq", start, end, flow=bool(event.flow_style))
        while not isinstance(event := next(stream), SequenceEndEvent):
            node.items.append(_node(event, stream, lines))
        node.last = max((item.last for item in node.items), default=start[0] + 1)
    if node.flow:
        node.end = (event.end_mark.line, event.end_mark.column)
        node.last = node.end[0] + 1
    return node


def _end_of_scalar(node: Node, lines: list[str]) -> int:
    line, column = node.end
    if node.style not in ("|", ">"):
        return line + 1
    last = line if column == 0 else line + 1
    head = lines[node.start[0]][node.start[1] :] if node.start[0] < len(lines) else ""
    if re.search(r"[|>]\d?\+", head):
        return last
    while last > node.start[0] + 1 and not lines[min(last, len(lines)) - 1].strip():
        last -= 1
    return last


def ends_with_blanks(node: Node | None, lines: list[str], line: int) -> bool:
    """Return whether a block text that keeps blank lines (``|+``) ends above `line`: it would take one."""
    if node is None:
        return False
    if node.kind == "scalar":
        head = lines[node.start[0]][node.start[1] :] if node.style in ("|", ">") else ""
        return node.last == line and bool(re.search(r"[|>]\d?\+", head))
    children = [*(each for pair in node.pairs for each in pair), *node.items]
    return any(ends_with_blanks(each, lines, line) for each in children)


def child(value: Any, name: str) -> Any:
    """Return what a mapping has under a name, or a list at a number; None where there is nothing."""
    if isinstance(value, list):
        return value[int(name)] if name.isdecimal() and int(name) < len(value) else None
    return value.get(name) if isinstance(value, dict) else None


def unshared(value: Any) -> Any:
    """Return a copy in which an anchor and its aliases are apart, so that changing one shows."""
    if isinstance(value, dict):
        return {key: unshared(each) for key, each in value.items()}
    if isinstance(value, list):
        return [unshared(each) for each in value]
    return value
