"""Production and development have the same values, or somebody has written down why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.lines import Entry, Layout, layout
from prompt_kafka.checks.own import Identity, kind_of
from prompt_kafka.checks.subject import CheckInput, Path, at

ABOUT = About(
    "differs-from-development",
    Severity.INFO,
    "Value that production and development do not share, without a reason noted",
    "What was tried in development is not what runs in production, and nobody can tell whether that is "
    "meant.",
    "this project",
    "write the reason as a comment at one of the two, or make them the same",
)

_PRODUCTION = re.compile(r"(?<![a-z])prod(uction)?(?![a-z])|(?<=[a-z])prod(?![a-z])")
_DEVELOPMENT = {"prod": "dev", "production": "development"}
_STAGE = re.compile(r"(production|development|testing|prod|devel|dev|test|int)(?![a-z])", re.IGNORECASE)
_KINDS = re.compile(
    r"^kind:\s*[\"']?Kafka(?:NodePool|Topic|User|Connect|Connector|MirrorMaker2|Bridge)?[\"']?\s*$",
    re.MULTILINE,
)
_UNIT = (
    r"(?:[\d.,_=~≈()*×]+|ms|milliseconds?|s|seconds?|min(?:ute)?s?|hours?|h|days?|d|weeks?|w|months?|years?)"
)
_ONLY_UNITS = re.compile(rf"\W*(?:{_UNIT}(?:\W+|$))*")
_NAMES = ("name", "username", "broker", "id", "alias", "key")
_MANY = 5


@dataclass(frozen=True, slots=True)
class _Difference:
    path: Path
    here: Entry | None
    there: Entry | None
    said: str


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the values files of the two environments, as far as charts with Kafka's resources read them."""
    other = counterpart(subject.environment)
    mine, theirs = f"values-{subject.environment}.yaml", f"values-{other}.yaml"
    if not other or mine not in subject.files or theirs not in subject.files:
        return
    production, development = _Tree(layout(subject.files[mine])), _Tree(layout(subject.files[theirs]))
    scopes = _scopes(subject)
    for each in _differences(production, development, (), (), other):
        concerns = next((has for scope, has in scopes if each.path[: len(scope)] == scope), False)
        if not concerns or _own(each, subject.environment, other):
            continue
        if (each.here and production.noted(each.here.path)) or (
            each.there and development.noted(each.there.path)
        ):
            continue
        entry, file, tree = (each.here, mine, production) if each.here else (each.there, theirs, development)
        if entry and not (each.here and each.there) and _is_default(subject, tree, entry):
            continue
        yield ABOUT.found(
            f"{'.'.join(each.path)} {each.said}", Place(subject.path(file), entry.line if entry else 0)
        )


def counterpart(environment: str) -> str:
    """Return the name that the development environment of a production one would have; empty for others."""
    found = _PRODUCTION.search(environment)
    if not found:
        return ""
    return environment[: found.start()] + _DEVELOPMENT[found[0]] + environment[found.end() :]


class _Tree:
    """The entries of a values file by what encloses them."""

    def __init__(self, found: Layout) -> None:
        self.found = found
        self.below: dict[Path, list[Entry]] = {}
        for entry in found.last.values():
            self.below.setdefault(entry.path[:-1], []).append(entry)

    def keys(self, path: Path) -> dict[str, Entry]:
        """Return what lies below a path: the items of a list by their names, or by their texts."""
        found = self.below.get(path, [])
        if not all(entry.path[-1].isdecimal() for entry in found):
            return {entry.path[-1]: entry for entry in found}
        return {self.name(entry): entry for entry in found}

    def is_list(self, path: Path) -> bool:
        """Return whether a list lies there."""
        found = self.below.get(path, [])
        return bool(found) and all(entry.path[-1].isdecimal() for entry in found)

    def name(self, item: Entry) -> str:
        """Return by what an item of a list is recognised."""
        below = {entry.path[-1]: entry for entry in self.below.get(item.path, [])}
        named = next((_bare(below[key]) for key in _NAMES if key in below and below[key].text), "")
        return named or _bare(item) or item.path[-1]

    def noted(self, path: Path) -> bool:
        """Return whether a comment stands at the value or at what encloses it.

        What stands above a top-level key says what that part is.
        """
        for length in range(min(2, len(path)), len(path) + 1):
            entry = self.found.find(path[:length])
            if entry and not _ONLY_UNITS.fullmatch(entry.comment):
                return True
        return False


def _differences(one: _Tree, two: _Tree, path1: Path, path2: Path, other: str) -> Iterator[_Difference]:
    """Yield the highest paths at which two trees differ; a list with other items is one difference."""
    mine, theirs = one.keys(path1), two.keys(path2)
    if one.is_list(path1) and two.is_list(path2):
        parts = [
            f"{_listed([name for name in ours if name not in others])} only {place}"
            for ours, others, place in ((mine, theirs, "here"), (theirs, mine, f"in {other}"))
            if any(name not in others for name in ours)
        ]
        if parts:
            said = f"has {' and '.join(parts)}"
            yield _Difference(path1, one.found.find(path1), two.found.find(path2), said)
        names = [name for name in mine if name in theirs]
    else:
        names = list({**mine, **theirs})
    for name in names:
        here, there = mine.get(name), theirs.get(name)
        if here and there:
            if _bare(here) != _bare(there):
                said = f"is {_shown(here)} here and {_shown(there)} in {other}"
                yield _Difference(here.path, here, there, said)
            else:
                yield from _differences(one, two, here.path, there.path, other)
        elif here:
            yield _Difference(here.path, here, None, f"is set here and not in {other}")
        elif there:
            yield _Difference(there.path, None, there, f"is set in {other} and not here")


def _scopes(subject: CheckInput) -> list[tuple[Path, bool]]:
    """Return where values belong to which chart, and whether that chart has resources of Kafka."""
    found = []
    for chart in subject.charts:
        prefix = chart.file("templates/")
        has = any(_kafkas(text) for file, text in subject.files.items() if file.startswith(prefix))
        found += [(scope, has) for scope in chart.scope]
    return sorted(found, key=lambda each: -len(each[0]))


@lru_cache(maxsize=512)
def _kafkas(text: str) -> bool:
    return "strimzi.io/" in text and _KINDS.search(text) is not None


def _own(each: _Difference, environment: str, other: str) -> bool:
    """Return whether each environment must have a value of its own there."""
    found = [(name, _bare(entry)) for name, entry in ((environment, each.here), (other, each.there)) if entry]
    if len(found) == 2 and found[0][1] and _STAGE.sub("", found[0][1]) == _STAGE.sub("", found[1][1]):
        return True
    return any(kind_of(each.path, text, Identity(name), "x") for name, text in found)


def _bare(entry: Entry) -> str:
    return "" if entry.text in ("{}", "[]") else entry.text.strip("\"'")


def _shown(entry: Entry) -> str:
    text = _bare(entry) or "empty"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _is_default(subject: CheckInput, tree: _Tree, entry: Entry) -> bool:
    """Return whether what only one of the two says is what the charts say anyway."""
    leaves = [entry] if entry.path not in tree.below else []
    for path in tree.below:
        if path[: len(entry.path)] == entry.path:
            leaves += [each for each in tree.below[path] if each.path not in tree.below]
    for leaf in leaves:
        for chart in subject.charts:
            defaults = [
                at(chart.values, *leaf.path[len(scope) :])
                for scope in chart.scope
                if leaf.path[: len(scope)] == scope
            ]
            if any(each is not None and _written(each) == _bare(leaf) for each in defaults):
                break
        else:
            return False
    return True


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= _MANY else [*names[:_MANY], f"{len(names) - _MANY} more"]
    return ", ".join(each if len(each) <= 40 else f"{each[:39]}…" for each in shown)
