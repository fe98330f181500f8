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


def with_rows(text: str, own: Iterable[Row], inherited: Iterable[Row] = ()) -> str:
    """Return the text with these rows where the order of their keys puts them.

    A row that is there stays; a README without such a table stays as it is. helm-docs lists a chart's own
    settings first and those of its subcharts after them, each in order; where the table has those two parts,
    `own` rows go into the first and `inherited` ones into the second.
    """
    lines = lines_of(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    for part, rows in ((0, own), (1, inherited)):
        for row in rows:
            begin, end = _table(lines)
            listed = [found[1] for line in lines[begin:end] if (found := _ROW.match(line))]
            if begin == end == 0 or row.key in listed:
                continue
            first, last = _part(listed, part)
            at = begin + first + sum(key < row.key for key in listed[first:last])
            if at == len(lines) and lines and not lines[-1].endswith(newline):
                lines[-1] += newline
            lines.insert(at, f"{row}{newline}")
    return "".join(lines)


def _part(listed: list[str], part: int) -> tuple[int, int]:
    """Return where a part of the table begins and ends: the order begins anew between them."""
    breaks = [n for n in range(1, len(listed)) if listed[n] < listed[n - 1]]
    if not breaks:
        return 0, len(listed)
    return (0, breaks[0]) if part == 0 else (breaks[0], len(listed))


def _table(lines: list[str]) -> tuple[int, int]:
    """Return the first line of the table's rows and the line after its last; zeros without a table."""
    for number, line in enumerate(lines[:-1]):
        if line.strip() == HEAD and lines[number + 1].startswith("|--"):
            end = begin = number + 2
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            return begin, end
    return 0, 0
