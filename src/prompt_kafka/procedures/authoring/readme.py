"""The README of a chart: its table of values kept up to date, in the form that helm-docs gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from prompt_kafka.procedures.authoring.tree import lines_of

HEAD = "| Key | Type | Default | Description |"
RULE = "|-----|------|---------|-------------|"
_ROW = re.compile(r"^\| ([^|]+?) \|")


@dataclass(frozen=True, slots=True)
class Row:
    """A setting in the table."""

    key: str
    type: str
    default: str
    description: str

    def __str__(self) -> str:
        return f"| {self.key} | {self.type} | {self.default} | {self.description} |"


def new(name: str, description: str, rows: Iterable[Row]) -> str:
    """Return the README of a new chart."""
    table = "\n".join([HEAD, RULE, *map(str, sorted(rows, key=lambda row: row.key))])
    return f"# {name}\n\n{description}\n\n## Values\n\n{table}\n"


def keys(text: str) -> list[str]:
    """Return the settings that the table lists."""
    begin, end = _table(lines_of(text))
    return [found[1] for line in lines_of(text)[begin:end] if (found := _ROW.match(line))]


def with_rows(text: str, rows: Iterable[Row]) -> str:
    """Return the text with these rows where the order of their keys puts them.

    A row that is there stays; a README without such a table stays as it is.
    """
    lines = lines_of(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    for row in sorted(rows, key=lambda row: row.key):
        begin, end = _table(lines)
        if begin == end == 0:
            return text
        listed = [found[1] for line in lines[begin:end] if (found := _ROW.match(line))]
        if row.key in listed:
            continue
        ordered = listed == sorted(listed)
        index = sum(key < row.key for key in listed) if ordered else len(listed)
        at = begin + index
        if at == len(lines) and lines and not lines[-1].endswith(newline):
            lines[-1] += newline
        lines.insert(at, f"{row}{newline}")
    return "".join(lines)


def _table(lines: list[str]) -> tuple[int, int]:
    """Return the first line of the table's rows and the line after its last; zeros without a table."""
    for number, line in enumerate(lines[:-1]):
        if line.strip() == HEAD and lines[number + 1].startswith("|--"):
            end = begin = number + 2
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            return begin, end
    return 0, 0
