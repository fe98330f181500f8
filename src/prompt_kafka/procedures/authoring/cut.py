"""Lines taken out of a YAML text: an item of a list, an entry of a mapping, a document of a template.

What was said about it goes with it: comments right above it, set in as it is, and those inside of it. All
other lines stay byte for byte, and each cut is read again as every edit is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.lines import splice
from prompt_kafka.procedures.authoring.tree import Node, Path, cannot, lines_of, load, mask

_MARK = re.compile(r"---(\s|$)")
_CONTROL = re.compile(r"\{\{-?\s*(if|range|with|define|block|end)\b")


def item(yaml: Yaml, path: Path, index: int) -> str:
    """Return the text without an item of the sequence at `path`; what was the last one leaves ``[]``."""

    def change(value: Any) -> None:
        del value[index]

    key, node = yaml.find(path)
    if node is None or node.kind != "seq" or index >= len(node.items):
        raise cannot(yaml.where, f"{'.'.join(path)} has no such item")
    if node.flow:
        text = _from_flow(yaml, node, [each.start for each in node.items], index)
    else:
        column = yaml.dash_column(node)
        first, last = _dash_line(yaml, node, index, column), node.items[index].last
        text = _without(yaml, key, column, first, last, "[]" if len(node.items) == 1 else "")
    return yaml.checked(text, path, change, [])


def entry(yaml: Yaml, path: Path, name: str) -> str:
    """Return the text without an entry of the mapping at `path`; what was the last one leaves ``{}``."""

    def change(value: Any) -> None:
        del value[name]

    key, node = yaml.find(path)
    pair = node.get(name) if node is not None and node.kind == "map" else None
    if node is None or pair is None:
        raise cannot(yaml.where, f"it has no {'.'.join((*path, name))}")
    if node.flow:
        starts = [each.start for each, _ in node.pairs]
        text = _from_flow(yaml, node, starts, node.pairs.index(pair))
    else:
        alone = len(node.pairs) == 1
        if alone and key is None and path:
            raise cannot(yaml.where, f"{name} is all that {'.'.join(path)} has", pair[0].start[0])
        text = _without(
            yaml, key, pair[0].start[1], pair[0].start[0], pair[1].last, "{}" if alone and path else ""
        )
    if not path and len(node.pairs) == 1:
        return text
    return yaml.checked(text, path, change, {})


def _dash_line(yaml: Yaml, node: Node, index: int, column: int) -> int:
    for line in range(node.items[index].start[0], -1, -1):
        if re.match(rf" {{{column}}}-(\s|$)", yaml.lines[line]):
            return line
    raise cannot(yaml.where, "its list is not laid out in lines", node.start[0])


def _without(yaml: Yaml, key: Node | None, column: int, first: int, last: int, empty: str) -> str:
    """Return the text without some lines and what belongs to them; `empty` goes behind the key then."""
    lines = list(yaml.lines)
    if len(lines[first]) - len(lines[first].lstrip(" ")) != column:
        raise cannot(yaml.where, "it does not begin on a line of its own", first)
    while first > 0 and re.match(rf" {{{column}}}#", lines[first - 1]):
        first -= 1
    last = yaml.over_comments(last, column + 1)
    if first > 0 and last < len(lines) and not lines[first - 1].strip() and not lines[last].strip():
        last += 1
    lines[first:last] = []
    if last >= len(yaml.lines) and column == 0:
        while len(lines) > 1 and not lines[-1].strip():
            lines.pop()
    if not empty:
        return "".join(lines)
    if key is None:
        raise cannot(yaml.where, "it is all that there is")
    return splice(lines, key.end[0], *_behind(yaml, key), f" {empty}")


def _behind(yaml: Yaml, key: Node) -> tuple[int, int]:
    """Return the place right behind a key's colon, where nothing but a comment may follow."""
    rest = yaml.lines[key.end[0]][key.end[1] :]
    found = re.match(r"\s*:(?=\s*(#.*)?$)", rest)
    if found is None:
        raise cannot(yaml.where, f"{key.value} has an anchor or a tag", key.start[0])
    at = key.end[1] + found.end()
    return at, at


def _from_flow(yaml: Yaml, node: Node, starts: Sequence[tuple[int, int]], index: int) -> str:
    """Return the text without one of the things between brackets or braces, and one comma less."""
    if node.start[0] != node.end[0]:
        raise cannot(yaml.where, "its brackets are on several lines", node.start[0])
    line = node.start[0]
    if index + 1 < len(starts):
        begin, end = starts[index][1], starts[index + 1][1]
    elif index:
        head = yaml.lines[line][: starts[index][1]].rstrip()
        begin, end = len(head) - 1, len(yaml.lines[line][: node.end[1] - 1].rstrip())
        if not head.endswith(","):
            raise cannot(yaml.where, "its brackets cannot be taken apart", line)
    else:
        begin, end = node.start[1] + 1, node.end[1] - 1
    return splice(yaml.lines, line, begin, end, "")


def document(text: str, where: str, number: int) -> str | None:
    """Return a template without one of its documents; None when nothing is left of it.

    Raises
    ------
    RefusedError
        A block of the template's language begins or ends in it (``cannot-edit``).
    """
    lines, masked = lines_of(text), lines_of(mask(text))
    marks = [n for n, line in enumerate(masked) if _MARK.match(line)]
    head = masked[: marks[0]] if marks else masked
    begins = marks if marks and not _says(head) else [0, *marks]
    before = load(text, where, template=True)
    if number >= len(begins) or len(begins) != len(before):
        raise cannot(where, "its documents cannot be told apart")
    first = begins[number]
    last = begins[number + 1] if number + 1 < len(begins) else len(lines)
    piece = "".join(lines[first:last])
    depth = 0
    for found in _CONTROL.finditer(piece):
        depth += -1 if found[1] == "end" else 1
        if depth < 0:
            break
    if depth:
        raise cannot(where, "a block of the template goes beyond that document", first)
    if number == 0 and len(begins) > 1 and not _MARK.match(masked[first]):
        last += 1  # the next document becomes the first, which needs no mark
    rest = "".join([*lines[:first], *lines[last:]])
    left = load(rest, where, template=True)
    if all(each is None for each in left):
        return None
    if left != before[:number] + before[number + 1 :]:
        raise cannot(where, "without that document it would be another one")
    return rest


def _says(lines: Sequence[str]) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)
