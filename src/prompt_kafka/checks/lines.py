"""Where the entries of a YAML text are, Helm templates included: a path of keys, a line.

A whole parser takes seconds for the values of a large application and refuses templates. Block layout can be
told by indentation alone; what stands in braces belongs to the line of the key before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Path = tuple[str, ...]

_DASH = re.compile(r"-(?=\s|$)")
_KEY = re.compile(
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^']|'')*)'|(?P<action>\{\{.*?\}\})"""
    r"""|(?P<plain>[^\s#"'\[\]{},&*!|>%@`?-][^#:]*?(?::[^\s#:][^#:]*?)*|-[^\s#:][^#:]*?))\s*:(?=\s|$)"""
)
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
_PROPERTIES = re.compile(r"(?:[&!]\S+\s+)+")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a mapping or an item of a list.

    Attributes
    ----------
    line
        From 1.
    text
        What follows the key on its line, without the comment.
    comment
        The lines of comment right above it and the comment on its line.
    """

    path: Path
    line: int
    text: str
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The entries of a text.

    Attributes
    ----------
    last
        The last entry at each path, the one that counts.
    """

    entries: tuple[Entry, ...]
    last: Mapping[Path, Entry]

    def all(self, path: Path) -> list[Entry]:
        """Return every entry at a path: two of one mapping mean that a key is there twice."""
        return [each for each in self.entries if each.path == path]

    def find(self, path: Path) -> Entry | None:
        """Return the last entry at a path, the one that counts."""
        return self.last.get(path)

    def nearest(self, path: Path) -> Entry | None:
        """Return the entry at a path, or the closest one above it."""
        for length in range(len(path), 0, -1):
            found = self.find(path[:length])
            if found:
                return found
        return None


@lru_cache(maxsize=512)
def layout(text: str) -> Layout:
    """Read where the entries of one YAML document are."""
    entries = tuple(_Reader(text.splitlines()).read())
    return Layout(entries, {each.path: each for each in entries})


def documents(text: str) -> list[tuple[int, str]]:
    """Return the documents of a stream, each with the number of lines before it."""
    found: list[tuple[int, str]] = []
    start = 0
    lines = text.splitlines()
    for number, line in enumerate([*lines, "---"]):
        if re.match(r"---(\s|$)", line):
            found.append((start, "\n".join(lines[start:number])))
            start = number + 1
    return found


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.stack: list[tuple[float, Path]] = []
        self.counts: dict[Path, int] = {}
        self.found: list[Entry] = []
        self.at = 0
        self.comments: list[str] = []

    def read(self) -> list[Entry]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                self.comments = [*self.comments, stripped.lstrip("# ")] if stripped else []
                continue
            if stripped.startswith("{{") and not _KEY.match(stripped):
                continue
            self._line(line)
            self.comments = []
        return self.found

    def _line(self, line: str) -> None:
        column = len(line) - len(line.lstrip())
        number = self.at
        while _DASH.match(line, column):
            parent = self._above(column + 0.5)
            index = self.counts.get(parent, 0)
            self.counts[parent] = index + 1
            path = (*parent, str(index))
            self.stack.append((column + 0.5, path))
            rest = line[column + 1 :]
            column += 1 + len(rest) - len(rest.lstrip())
            if not rest.strip() or not (_DASH.match(line, column) or _KEY.match(line, column)):
                text, comment = _split(rest)
                self._add(path, number, text, comment)
                self._skip(text, column - 1)
                return
            self._add(path, number, "", "")
        match = _KEY.match(line, column)
        if not match:
            return
        name = match["plain"] if match["plain"] is not None else match["double"]
        name = name if name is not None else match["single"]
        parent = self._above(column)
        path = (*parent, (name if name is not None else "*").strip())
        self.stack.append((column, path))
        self.counts = {key: n for key, n in self.counts.items() if key[: len(path)] != path}
        text, comment = _split(line[match.end() :])
        self._add(path, number, text, comment)
        self._skip(text, column)

    def _above(self, weight: float) -> Path:
        while self.stack and self.stack[-1][0] >= weight:
            self.stack.pop()
        return self.stack[-1][1] if self.stack else ()

    def _add(self, path: Path, number: int, text: str, comment: str) -> None:
        comments = [*self.comments, comment] if comment else self.comments
        self.found.append(Entry(path, number, text, "\n".join(comments)))

    def _skip(self, text: str, column: int) -> None:
        """Go past a value of several lines."""
        text = _PROPERTIES.sub("", text, count=1) if text[:1] in "&!" else text
        if _BLOCK.match(text):
            while self.at < len(self.lines):
                line = self.lines[self.at]
                if line.strip() and len(line) - len(line.lstrip()) <= column:
                    return
                self.at += 1
        elif text[:1] in ("'", '"') and not _closed(text):
            quote = text[0]
            while self.at < len(self.lines):
                line = self.lines[self.at]
                self.at += 1
                if quote in line:
                    return
        elif text[:1] in ("{", "[") and not text.startswith("{{"):
            depth = _depth(text)
            while depth > 0 and self.at < len(self.lines):
                depth += _depth(self.lines[self.at])
                self.at += 1


def _closed(text: str) -> bool:
    quote = text[0]
    return bool(re.match(r'"(?:[^"\\]|\\.)*"' if quote == '"' else r"'(?:[^']|'')*'", text))


def _depth(text: str) -> int:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|\{\{.*?\}\}', "", text)
    bare = re.sub(r"(?:^|\s)#.*", "", bare)
    return sum(bare.count(each) for each in "{[") - sum(bare.count(each) for each in "}]")


def _split(text: str) -> tuple[str, str]:
    """Return a value and the comment behind it."""
    text = text.strip()
    quoted = re.match(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', text)
    begin = quoted.end() if quoted else 0
    found = re.search(r"(?:^|\s)#(.*)", text[begin:])
    if not found:
        return text, ""
    return text[: begin + found.start()].strip(), found[1].strip()
