"""The README's table of values lists the values there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
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

_ROW = re.compile(r"^\| ([^|]+?) \|")
_HEAD = "| Key | Type | Default | Description |"


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the keys of each chart's table with its documented values."""
    for chart in subject.charts:
        file = chart.file("README.md")
        text = subject.files.get(file, "")
        if _HEAD not in text:
            continue
        own = layout(subject.files.get(chart.file("values.yaml"), ""))
        below = {
            (each.get("alias") or each.get("name", "")): layout(
                subject.files.get(chart.file(f"charts/{each.get('name', '')}/values.yaml"), "")
            )
            for each in chart.dependencies
        }
        remote = {
            each.get("alias") or each.get("name", "") for each in chart.dependencies if each.get("repository")
        }
        rows = {
            match[1].strip(): number
            for number, line in enumerate(text.splitlines(), start=1)
            if (match := _ROW.match(line)) and match[1] not in ("Key", "-----")
        }
        for key, line in rows.items():
            head = key.partition(".")[0]
            if head in remote or _exists(own, key):
                continue
            if head in below and _exists(below[head], key.partition(".")[2]):
                continue
            if head == "global":
                continue
            yield ABOUT.found(
                f"the table lists {key}, which values.yaml does not have", Place(subject.path(file), line)
            )
        listed = {row[:end] for row in rows for end in (*_dots(row), len(row))}
        for entry in own.entries:
            lines = entry.comment.splitlines()
            if not any(line.startswith("-- ") for line in lines) or "@ignored" in entry.comment:
                continue
            if not {_dotted(entry.path), ".".join(entry.path)}.isdisjoint(listed):
                continue
            yield ABOUT.found(
                f"the table lacks {'.'.join(entry.path)}, which values.yaml documents",
                Place(subject.path(chart.file("values.yaml")), entry.line),
                fix=_row(subject.path(file), entry),
            )


def _row(file: str, entry: Entry) -> AddReadmeRow | None:
    """Return the row as helm-docs writes it, for a plain value."""
    lines = entry.comment.splitlines()
    begin = max(number for number, line in enumerate(lines) if line.startswith("-- "))
    text, about = entry.text, lines[begin:]
    if not text or text[0] in "[{|>&*!" or any("@" in line or "|" in line for line in about):
        return None
    if re.fullmatch(r"-?\d+", text):
        kind, shown = "int", text
    elif text in ("true", "false"):
        kind, shown = "bool", text
    elif text[0] in "\"'":
        kind, shown = "string", f'"{text[1:-1]}"'
    else:
        kind, shown = "string", f'"{text}"'
    return AddReadmeRow(file, _dotted(entry.path), kind, f"`{shown}`", " ".join(about).removeprefix("-- "))


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
