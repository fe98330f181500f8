"""Single values of a YAML text, found with their places and changed where they stand; all other bytes stay.

For files that are copied for another environment: many values change at once, each may get a mark behind it,
and a value may be a block of lines, have an anchor, or stand between braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any

from prompt_kafka.procedures.authoring.lines import newline_of
from prompt_kafka.procedures.authoring.tree import Node, Path, cannot, documents, lines_of, load

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_COMMENT = re.compile(r"(?:^|\s)#")
_SAID = re.compile(r"(^\s*|\s)#.*")
_KEPT = re.compile(r"#\s*(yaml-language-server|yamllint|prettier|SPDX)")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is neither mapping nor list, and where it stands."""

    path: Path
    value: Any
    node: Node

    @property
    def text(self) -> str:
        """The value as text; empty for null."""
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True, slots=True)
class Change:
    """What comes in the place of a value: YAML for it, and a comment behind it where there is one."""

    yaml: str
    mark: str = ""


@lru_cache(maxsize=256)
def leaves(text: str, where: str) -> tuple[Leaf, ...]:
    """Return every value of the first document that is written out there; aliases follow their anchors."""
    root = next(iter(documents(text, where)), None)
    return tuple(Leaf(path, _value(node), node) for path, node in _walk(root, ())) if root else ()


def _walk(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if node.kind == "scalar":
        yield path, node
    for key, value in node.pairs:
        yield from _walk(value, (*path, key.value))
    for number, item in enumerate(node.items):
        yield from _walk(item, (*path, str(number)))


def _value(node: Node) -> Any:
    return node.value if node.style else load(node.value, "a value")[0] if node.value else None


def quoted(style: str, value: str) -> str:
    """Return a text as YAML in the quotes that were there; plain where it is then still read as a text."""
    if style == "'" and "\n" not in value:
        return "'" + value.replace("'", "''") + "'"
    plain = not style and re.fullmatch(r"[\w./][\w./:@+-]*(?: [\w./@+-]+)*", value)
    if plain and load(value, "the value")[0] == value:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def retouch(
    text: str, where: str, changes: Mapping[Path, Change], dropped: AbstractSet[Path] = frozenset()
) -> str:
    """Return the text with other values at some paths, and without some entries of block mappings.

    Raises
    ------
    RefusedError
        ``cannot-edit``: anything else would have changed with it.
    """
    found = leaves(text, where)
    places = sorted((leaf for leaf in found if leaf.path in changes), key=lambda leaf: leaf.node.start)
    lines = lines_of(text)
    for leaf in reversed(places):
        _replace(lines, leaf.node, changes[leaf.path], newline_of(text))
    root = next(iter(documents(text, where)), None)
    if dropped and root is not None and len(lines) == len(lines_of(text)):
        for begin, end in sorted(_entries(root, (), dropped), reverse=True):
            del lines[begin:end]
    elif dropped:
        return retouch(retouch(text, where, changes), where, {}, dropped)
    after = "".join(lines)
    _check(text, after, where, changes, dropped)
    return after


def _replace(lines: list[str], node: Node, change: Change, newline: str) -> None:
    """Put a value in the place of a node; from the end of the text to its beginning, so places stay."""
    (first, begin), (last, end) = node.start, node.end
    if node.style in ("|", ">"):
        last, end = node.last - 1, len(lines[node.last - 1].rstrip("\r\n"))
    head, rest = lines[first], lines[last][end:]
    properties = _PROPERTIES.match(head[begin:])
    begin += properties.end() if properties else 0
    space = "" if begin and head[begin - 1 : begin] in (" ", "\t", "[", "{", "") else " "
    line = head[:begin].rstrip("\r\n") + (space if begin else "") + change.yaml
    body = rest.rstrip("\r\n")
    ends = rest[len(body) :] or ("" if last == len(lines) - 1 else newline)
    if change.mark:
        body = body.rstrip() + ("; " if _COMMENT.search(body) else "  # ") + change.mark
    lines[first : last + 1] = [line + body + ends]


def _entries(node: Node, path: Path, dropped: AbstractSet[Path]) -> Iterator[tuple[int, int]]:
    for key, value in node.pairs:
        below = (*path, key.value)
        if below in dropped and not node.flow:
            yield key.start[0], value.last
        else:
            yield from _entries(value, below, dropped)


def _flat(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    if not children:
        yield path, value
    for key, each in children:
        yield from _flat(each, (*path, str(key)))


def _check(
    before: str, after: str, where: str, changes: Mapping[Path, Change], dropped: AbstractSet[Path]
) -> None:
    """Refuse a text in which anything else is different than what was to be, or what follows an anchor."""
    old, new = (load(each, where) for each in (before, after))
    wanted: dict[Path, Any] = dict(_flat(old[0] if old else None))
    for path, change in changes.items():
        wanted[path] = load(change.yaml, where)[0]
    wanted = {p: v for p, v in wanted.items() if not any(p[: len(each)] == each for each in dropped)}
    found: dict[Path, Any] = dict(_flat(new[0] if new else None))
    emptied = {each[:-1] for each in dropped}
    aliased = "*" in before
    for path in wanted.keys() | found.keys():
        if path in emptied and found.get(path) in (None, {}):
            continue
        if (path in wanted) != (path in found) or (wanted[path] != found[path] and not aliased):
            raise cannot(where, f"the edit of {'.'.join(path)} would change something else")
    if old[1:] != new[1:]:
        raise cannot(where, "it has several documents")


def reworded(text: str, where: str, head: str, words: re.Pattern[str] | None, mark: str) -> str:
    """Return the text with the comment at its top and comments with some words replaced.

    Parameters
    ----------
    head
        What comes in the place of the first comment; the comment's settings for tools stay.
    words
        What no comment may hold.
    mark
        What comes in the place of a comment that does.
    """
    lines = lines_of(text)
    root = next(iter(documents(text, where)), None)
    first = root.start[0] if root is not None else len(lines)
    blocks = {n for each in _blocks(root) for n in range(each.start[0] + 1, each.last)} if root else set()
    ended = {leaf.node.end[0]: leaf.node.end[1] for leaf in leaves(text, where)}
    top = takewhile(lambda n: lines[n].startswith(("#", "---")), range(first))
    said = [n for n in top if lines[n].startswith("#") and not _KEPT.match(lines[n])]
    for number, line in enumerate(lines):
        if number in blocks:
            continue
        ends = line[len(line.rstrip("\r\n")) :]
        if number in said:
            lines[number] = f"# {head}{ends}" if number == said[0] else ""
            continue
        after_values = ended.get(number, 0)
        found = _SAID.search(line, after_values)
        if found and words and words.search(found[0]):
            lines[number] = f"{line[: found.start()]}{found[1]}# {mark}{ends}"
    after = "".join(lines)
    if load(after, where) != load(text, where):
        raise cannot(where, "its comments cannot be told from its values")
    return after


def _blocks(node: Node) -> Iterator[Node]:
    if node.style in ("|", ">"):
        yield node
    for each in (*(part for pair in node.pairs for part in pair), *node.items):
        yield from _blocks(each)
