"""From a field of a rendered object back to the line that a person edits: the value, else the template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from prompt_kafka.checks.finding import Place
from prompt_kafka.checks.lines import Entry, documents, layout
from prompt_kafka.checks.subject import CheckInput, Item, Path

_VALUE = re.compile(r"\.Values((?:\.[A-Za-z_][\w-]*)+)")

_RANGE = re.compile(r"\{\{-?\s*range\s+\$\w+\s*,\s*\$\w+\s*:=\s*\$?\.Values((?:\.[A-Za-z_][\w-]*)+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a field comes from.

    Attributes
    ----------
    place
        The line to edit.
    file
        Its file inside the application's folder.
    path
        Of the value in that file; empty when the template itself says it.
    text
        As it is written there.
    comment
        Of that line.
    """

    place: Place
    file: str
    path: Path = ()
    text: str = ""
    comment: str = ""


def field(subject: CheckInput, item: Item, *path: str) -> Origin:
    """Return where a field of an object comes from; what is nearest to it where it has no line of its own."""
    template = subject.files.get(item.template, "")
    before, entry = _in_template(template, item, path)
    if entry is None:
        return Origin(Place(subject.path(item.template) if item.template else "(rendered)"), item.template)
    here = Origin(
        Place(subject.path(item.template), before + entry.line), item.template, (), entry.text, entry.comment
    )
    if entry.path != path and (ranged := _ranged(subject, item, path)):
        return ranged
    exact = entry.path == path or entry.path[-1:] == path[-1:]
    used = _VALUE.findall(entry.text)
    if exact and len(used) == 1:
        return value(subject, item.template, tuple(used[0].strip(".").split("."))) or here
    return here


def line(subject: CheckInput, item: Item, *path: str) -> Place:
    """Return the line of a template that writes a field, whichever value it takes."""
    before, entry = _in_template(subject.files.get(item.template, ""), item, path)
    if entry is None:
        return Place(subject.path(item.template) if item.template else "(rendered)")
    return Place(subject.path(item.template), before + entry.line)


def where(subject: CheckInput, item: Item, *path: str) -> Place:
    """Return the line of a field."""
    return field(subject, item, *path).place


def written(subject: CheckInput, item: Item, text: str, path: Path) -> Place:
    """Return the line on which a text stands: in the values, else in the template."""
    chart = subject.chart(item.template)
    own = (f"values-{subject.environment}.yaml", "values.yaml")
    for file in (*own, chart.file("values.yaml") if chart else "", item.template):
        for number, each in enumerate(subject.files.get(file, "").splitlines(), start=1):
            if text in each and not each.lstrip().startswith("#"):
                return Place(subject.path(file), number)
    return where(subject, item, *path)


def value(subject: CheckInput, template: str, path: Path) -> Origin | None:
    """Return where the value is set that a template reads as ``.Values.<path>``."""
    chart = subject.chart(template)
    if chart is None:
        return None
    own = (f"values-{subject.environment}.yaml", "values.yaml")
    tries = [(name, (*scope, *path)) for name in own for scope in chart.scope]
    if path[:1] == ("global",):
        tries += [(name, path) for name in own]
    for file, full in [*tries, (chart.file("values.yaml"), path)]:
        entry = layout(subject.files.get(file, "")).find(full)
        if entry is not None:
            return Origin(Place(subject.path(file), entry.line), file, full, entry.text, entry.comment)
    return None


def setting(subject: CheckInput, path: Path) -> Place:
    """Return the line of a value by its path from the top."""
    for file in (f"values-{subject.environment}.yaml", "values.yaml"):
        entry = layout(subject.files.get(file, "")).find(path)
        if entry is not None:
            return Place(subject.path(file), entry.line)
    for chart in sorted(subject.charts, key=lambda each: -len(each.folder)):
        for scope in chart.scope:
            if chart.folder and path[: len(scope)] == scope:
                file = chart.file("values.yaml")
                entry = layout(subject.files.get(file, "")).nearest(path[len(scope) :])
                if entry is not None:
                    return Place(subject.path(file), entry.line)
    entry = layout(subject.files.get("values.yaml", "")).nearest(path)
    return Place(subject.path("values.yaml"), entry.line if entry else 0)


def _in_template(text: str, item: Item, path: Path) -> tuple[int, Entry | None]:
    best: tuple[int, int, Entry | None] = (-1, 0, None)
    for before, document in _split(text):
        found = layout(document)
        kind = found.find(("kind",))
        if kind is None or kind.text.strip("\"'") != item.kind:
            continue
        named = next((each for each in found.all(("metadata", "name"))), None)
        score = 2 if named and _could_be(named.text, item.name) else 1
        if named and score == 1 and "{{" not in named.text:
            continue
        if score > best[0]:
            best = (score, before, found.nearest(path) or kind)
    return best[1], best[2]


def _ranged(subject: CheckInput, item: Item, path: Path) -> Origin | None:
    """Return where a field is set that the template writes in a loop over a mapping of values."""
    text = subject.files.get(item.template, "")
    before, entry = _in_template(text, item, (*path[:-1], "*"))
    if entry is None or entry.path != (*path[:-1], "*"):
        return None
    lines = text.splitlines()[: before + entry.line]
    for each in reversed(lines):
        if match := _RANGE.search(each):
            return value(subject, item.template, (*match[1].strip(".").split("."), path[-1]))
    return None


@lru_cache(maxsize=512)
def _split(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(documents(text))


def _could_be(template: str, name: str) -> bool:
    parts = re.split(r"\{\{.*?\}\}", template.strip("\"'"))
    literal = "".join(parts)
    return bool(literal) and re.fullmatch(".*".join(map(re.escape, parts)), name) is not None
