"""The README's table of values lists the values there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from prompt_kafka.checks.finding import About, AddReadmeRow, Finding, Place, Severity
from prompt_kafka.checks.lines import Entry, Layout, layout
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "readme-out-of-date",
    Severity.WARNING,
    "Table of values that does not match values.yaml",
    "Who sets a value that is gone changes nothing; one that is missing is not found.",
    "helm-docs; Phalanx checks the same in its CI",
    "run helm-docs, or edit the table",
    fixes=True,
)

_ROW = re.compile(r"^\| (?P<key>[^|]+?) \|(?: [^|]*? \| (?P<default>.*?) \|)?")
_HEAD = "| Key | Type | Default | Description |"


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the keys and defaults of each chart's table with its documented values."""
    for chart in subject.charts:
        file, values = chart.file("README.md"), chart.file("values.yaml")
        text = subject.files.get(file, "")
        if _HEAD not in text:
            continue
        below, remote = [], set()
        for each in chart.dependencies:
            name = each.get("alias") or each.get("name", "")
            below.append(
                (name, subject.files.get(chart.file(f"charts/{each.get('name', '')}/values.yaml"), ""))
            )
            if each.get("repository"):
                remote.add(name)
        for wrong in _wrong(text, subject.files.get(values, ""), tuple(below), frozenset(remote)):
            place = Place(subject.path(file if wrong.here else values), wrong.line)
            fix = _row(subject.path(file), wrong.lacking) if wrong.lacking else None
            yield ABOUT.found(wrong.said, place, fix=fix)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with a table: at a line of it, else of the values."""

    said: str
    line: int
    here: bool = True
    lacking: Entry | None = None


@lru_cache(maxsize=512)
def _wrong(
    text: str, values: str, below: tuple[tuple[str, str], ...], remote: frozenset[str]
) -> tuple[_Wrong, ...]:
    own, others = layout(values), {name: layout(each) for name, each in below}
    rows: dict[str, list[tuple[int, str | None]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _ROW.match(line)
        if match and match["key"] not in ("Key", "-----"):
            # A subchart's own default follows in the table of the chart that sets another one.
            rows.setdefault(match["key"].strip(), []).append((number, match["default"]))
    found = []
    for key, ((at, _), *_) in rows.items():
        head = key.partition(".")[0]
        if head in remote or _exists(own, key) or head == "global":
            continue
        if head not in others or not _exists(others[head], key.partition(".")[2]):
            found.append(_Wrong(f"the table lists {key}, which values.yaml does not have", at))
    listed = {row[:end] for row in rows for end in (*_dots(row), len(row))}
    for entry in own.entries:
        lines = entry.comment.splitlines()
        if not any(line.startswith("-- ") for line in lines) or "@ignored" in entry.comment:
            continue
        item = own.find(entry.path[:-1])
        if item and item.line == entry.line:
            continue  # the comment is the list's item's
        names = {_dotted(entry.path), ".".join(entry.path)}
        if names.isdisjoint(listed):
            said = f"the table lacks {'.'.join(entry.path)}, which values.yaml documents"
            found.append(_Wrong(said, entry.line, here=False, lacking=entry))
            continue
        row, shown = next((rows[name] for name in names if name in rows), None), _shown(entry)
        if not row or not shown or "@default" in entry.comment or any(each[1] == shown[1] for each in row):
            continue
        said = f"the table says that {'.'.join(entry.path)} is {row[0][1]}; values.yaml says {shown[1]}"
        found.append(_Wrong(said, row[0][0]))
    return tuple(found)


def _row(file: str, entry: Entry) -> AddReadmeRow | None:
    """Return the row as helm-docs writes it, for a plain value."""
    lines = entry.comment.splitlines()
    begin = max(number for number, line in enumerate(lines) if line.startswith("-- "))
    about, shown = lines[begin:], _shown(entry)
    if shown is None or any("@" in line or "|" in line for line in about):
        return None
    return AddReadmeRow(file, _dotted(entry.path), *shown, " ".join(about).removeprefix("-- "))


def _shown(entry: Entry) -> tuple[str, str] | None:
    """Return type and default as helm-docs shows them, for a plain value of one line."""
    text = entry.text
    if not text or text[0] in "[{|>&*!" or "\\" in text or "''" in text[1:-1]:
        return None
    if re.fullmatch(r"-?\d+", text):
        return "int", f"`{text}`"
    if text in ("null", "~"):
        return None
    if text in ("true", "false"):
        return "bool", f"`{text}`"
    if text[0] in "\"'":
        return ("string", f'`"{text[1:-1]}"`') if text[-1] == text[0] and len(text) > 1 else None
    return ("string", f'`"{text}"`') if re.fullmatch(r"[A-Za-z][\w./:@ -]*", text) else None


def _dots(row: str) -> list[int]:
    return [number for number, letter in enumerate(row) if letter == "."]


def _dotted(path: tuple[str, ...]) -> str:
    found = ""
    for part in path:
        if part.isdecimal():
            found += f"[{part}]"
        else:
            shown = f'"{part}"' if re.search(r"[.\s]", part) else part
            found += f".{shown}" if found else shown
    return found


def _exists(values: Layout, key: str) -> bool:
    return not key or key.replace('"', "") in _names(values)


@lru_cache(maxsize=256)
def _names(values: Layout) -> frozenset[str]:
    """Return every path of a values file as helm-docs may write it."""
    shown = {_dotted(each.path).replace('"', "") for each in values.entries}
    return frozenset(shown | {".".join(each.path) for each in values.entries})
