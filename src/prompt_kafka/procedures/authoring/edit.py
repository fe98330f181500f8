"""Edits of a YAML text by inserting lines: an entry into a mapping, an item into a sequence, one scalar.

Each edit is read again: it must have changed what it was to change and nothing else.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from prompt_kafka.procedures.authoring.lines import insert, newline_of, splice
from prompt_kafka.procedures.authoring.tree import (
    Node,
    Path,
    cannot,
    child,
    documents,
    ends_with_blanks,
    lines_of,
    load,
    unshared,
)

INDENT = 2


class Yaml:
    """One document of a YAML file.

    Parameters
    ----------
    text
        The whole file.
    where
        Its path, for refusals.
    template
        Whether it is a Helm template.
    document
        Which of its documents.
    """

    def __init__(self, text: str, where: str, *, template: bool = False, document: int = 0) -> None:
        self.text = text
        self.where = where
        self.template = template
        self.document = document
        self.lines = lines_of(text)
        found = documents(text, where, template=template)
        self.root = found[document] if document < len(found) else None
        self.newline = newline_of(text)

    # Looking

    def find(self, path: Path) -> tuple[Node | None, Node | None]:
        """Return the key and the value at a path, None where it leads nowhere."""
        key: Node | None = None
        value = self.root
        for name in path:
            if value is not None and value.kind == "seq" and name.isdecimal():
                key, value = None, value.items[int(name)] if int(name) < len(value.items) else None
                continue
            if value is None or value.kind != "map":
                return None, None
            if sum(each.value == name for each, _ in value.pairs) > 1:
                raise cannot(self.where, f"{name} is there twice", value.start[0])
            found = value.get(name)
            key, value = found if found else (None, None)
        return key, value

    def has(self, path: Path) -> bool:
        """Return whether the path leads somewhere."""
        return self.find(path)[1] is not None

    def names(self, path: Path = ()) -> list[str]:
        """Return the keys of a mapping in their order."""
        node = self.find(path)[1]
        return [key.value for key, _ in node.pairs] if node is not None and node.kind == "map" else []

    def value(self, path: Path = ()) -> Any:
        """Return the plain value at a path; None where there is none."""
        loaded = load(self.text, self.where, template=self.template)
        found = loaded[self.document] if self.document < len(loaded) else None
        for name in path:
            found = child(found, name)
        return found

    @property
    def indent(self) -> int:
        """Columns by which this file sets a nested mapping in."""
        return self._shift("map") or INDENT

    @property
    def dash(self) -> int:
        """Columns by which this file sets a sequence in."""
        shift = self._shift("seq")
        return INDENT if shift is None else shift

    def _shift(self, kind: str, node: Node | None = None) -> int | None:
        node = self.root if node is None else node
        if node is None:
            return None
        for key, value in node.pairs:
            if value.kind == kind and not value.flow and value.start[0] > key.start[0]:
                return value.start[1] - key.start[1]
            deeper = self._shift(kind, value)
            if deeper is not None:
                return deeper
        return next((s for s in (self._shift(kind, each) for each in node.items) if s is not None), None)

    # Changing

    def add_entry(
        self,
        path: Path,
        body: Sequence[str],
        *,
        after: str | None = None,
        first: bool = False,
        blank: bool = False,
    ) -> str:
        """Return the text with an entry more in the mapping at `path`.

        Parameters
        ----------
        body
            Its lines without indentation; comments may come before the key.
        after
            Put it after this entry; at the end otherwise.
        first
            Put it before all others, where no comment that may be theirs is in between.
        blank
            Put a blank line before it.
        """
        key, node = self.find(path)
        added = load("\n".join(body) + "\n", self.where)[0]

        def change(value: Any) -> None:
            value.update(added)

        if node is None and path:
            raise cannot(self.where, f"it has no {'.'.join(path)}")
        if node is None or (node.nothing and node.kind != "seq"):
            text = self._fill(key, node, body, self.indent, blank)
        elif node.kind != "map":
            raise cannot(self.where, f"{'.'.join(path) or 'it'} is no mapping", node.start[0])
        elif node.flow:
            text = self._into_flow(node, body)
        else:
            line, column = node.pairs[0][0].start
            if not (first and (line == 0 or not self.lines[line - 1].strip())):
                line = self._place(node, path, after)
            blank = blank and not ends_with_blanks(self.root, self.lines, line)
            text = insert(self.lines, line, column, body, self.newline, blank=blank)
        return self.checked(text, path, change, {})

    def add_item(self, path: Path, body: Sequence[str], flow: str) -> str:
        """Return the text with an item more at the end of the sequence at `path`.

        Parameters
        ----------
        body
            Its lines without dash and indentation.
        flow
            The same as it goes between brackets.
        """
        key, node = self.find(path)
        added = load("\n".join(body) + "\n", self.where, template=self.template)[0]

        def change(value: Any) -> None:
            value.append(added)

        if node is None:
            raise cannot(self.where, f"it has no {'.'.join(path)}")
        item = [f"- {body[0]}", *(f"  {line}" for line in body[1:])]
        if node.nothing and node.kind != "map":
            text = self._fill(key, node, item, self.dash, False)
        elif node.kind != "seq":
            raise cannot(self.where, f"{'.'.join(path)} is no list", node.start[0])
        elif node.flow:
            text = splice(self.lines, node.end[0], node.end[1] - 1, node.end[1] - 1, f", {flow}")
        else:
            column = self.dash_column(node)
            line = self.over_comments(node.last, column)
            text = insert(self.lines, line, column, item, self.newline)
        return self.checked(text, path, change, [])

    def set_scalar(self, path: Path, new: str) -> str:
        """Return the text with another plain scalar at `path`."""
        _, node = self.find(path)
        if node is None or node.kind != "scalar" or node.start[0] != node.end[0]:
            raise cannot(self.where, f"{'.'.join(path)} is no plain value")
        value = load(new, self.where)[0]

        def change(parent: Any) -> None:
            parent[path[-1]] = value

        text = splice(self.lines, node.start[0], node.start[1], node.end[1], new)
        return self.checked(text, path[:-1], change, {})

    # Where

    def _place(self, node: Node, path: Path, after: str | None) -> int:
        """Return the line before which a new entry of a block mapping goes."""
        column = node.pairs[0][0].start[1]
        if after is not None and (found := node.get(after)) is not None:
            return self.over_comments(found[1].last, column + 1)
        if path:
            return self.over_comments(node.last, column)
        line = node.last
        while line < len(self.lines) and not re.match(r"(---|\.\.\.)(\s|$)", self.lines[line]):
            line += 1
        while line > node.last and not self.lines[line - 1].strip():
            line -= 1
        return line

    def over_comments(self, line: int, column: int) -> int:
        """Return the line after comments that are set in at least as far as `column`."""
        ahead = line
        while ahead < len(self.lines):
            stripped = self.lines[ahead].strip()
            if stripped.startswith("#") and not self._is_action(ahead):
                if len(self.lines[ahead]) - len(self.lines[ahead].lstrip()) < max(column, 1):
                    break
                line = ahead + 1
            elif stripped:
                break
            ahead += 1
        return line

    def _is_action(self, line: int) -> bool:
        return self.lines[line].lstrip().startswith("{{")

    def dash_column(self, node: Node) -> int:
        """Return the column in which the dashes of a block sequence stand."""
        for line in range(node.items[0].start[0], node.start[0] - 1, -1):
            found = re.match(r"( *)-(?=\s|$)", self.lines[line])
            if found:
                return len(found[1])
        raise cannot(self.where, "its list is not laid out in lines", node.start[0])

    # How

    def _fill(self, key: Node | None, node: Node | None, body: Sequence[str], shift: int, blank: bool) -> str:
        """Put the first lines below a key that has nothing, or into a document that has none."""
        if key is None:
            return self._into_empty(node, body, blank)
        assert node is not None
        lines = self.lines
        if node.start != node.end:
            if node.start[0] != key.start[0]:
                raise cannot(self.where, f"{key.value} is not on one line", key.start[0])
            before, rest = lines[node.start[0]][: node.start[1]], lines[node.end[0]][node.end[1] :]
            begin = node.start[1] if rest.strip() else len(before.rstrip())
            lines = lines_of(splice(lines, node.start[0], begin, node.end[1], ""))
        return insert(lines, key.last, key.start[1] + shift, body, self.newline)

    def _into_empty(self, node: Node | None, body: Sequence[str], blank: bool) -> str:
        if node is not None:  # a flow collection without anything in it
            line = node.start[0]
            lines = lines_of(splice(self.lines, line, node.start[1], node.end[1], ""))
            left = lines[line].strip() if line < len(lines) else ""
            lines[line : line + 1] = lines[line : line + 1] if left else []
            return insert(lines, line + bool(left), 0, body, self.newline)
        return insert(self.lines, len(self.lines), 0, body, self.newline, blank=blank)

    def _into_flow(self, node: Node, body: Sequence[str]) -> str:
        entry = [line for line in body if not line.lstrip().startswith("#")]
        if len(entry) != 1:
            raise cannot(self.where, "its mapping is in braces", node.start[0])
        last = self.lines[node.end[0]][: node.end[1] - 1]
        at = len(last.rstrip()) if last.strip() else node.end[1] - 1
        return splice(self.lines, node.end[0], at, at, f", {entry[0]}")

    def checked(self, text: str, path: Path, change: Callable[[Any], None], empty: Any) -> str:
        """Return the text; refuse it where it is not what `change` makes of the value at `path`."""
        before = load(self.text, self.where, template=self.template)
        after = load(text, self.where, template=self.template)
        while len(before) <= self.document:
            before.append(None)
        wanted = unshared(before)
        if not path:
            if wanted[self.document] is None:
                wanted[self.document] = copy.copy(empty)
            change(wanted[self.document])
        else:
            parent = wanted[self.document]
            for name in path[:-1]:
                parent = child(parent, name)
            if child(parent, path[-1]) is None:
                parent[path[-1]] = copy.copy(empty)
            change(child(parent, path[-1]))
        if after != wanted:
            raise cannot(self.where, f"the edit of {'.'.join(path) or 'it'} would change something else")
        return text
