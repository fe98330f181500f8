"""The files of an environment: which there are, and those of a new one, written like another's.

A copy keeps every line of its source but those whose value is the source's own: asked for by ``--set`` they
get the new value, else they are blank and say so.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.world import FilesIn, Look, Part
from prompt_kafka.procedures.authoring.leaves import Change, Leaf, leaves, quoted, retouch, reworded
from prompt_kafka.procedures.authoring.tree import Path, load
from prompt_kafka.procedures.authoring.values import set_value
from prompt_kafka.procedures.environment_pages import PAGES, mark, pages
from prompt_kafka.procedures.environment_rules import Kind, Own, is_telling, names, owned, setting

LOOKS: frozenset[Look] = frozenset(
    {Part.GIT, FilesIn("applications"), FilesIn("environments"), FilesIn("docs")}
)
"""Where the files of environments are."""

PLACEHOLDER = "todo.invalid"
"""A host that never exists: for values without which no chart renders."""


def values(application: str, environment: str) -> str:
    """Return the path of an application's values for an environment; of the environment's own without one."""
    folder = f"applications/{application}" if application else "environments"
    return f"{folder}/values-{environment}.yaml"


def secrets(application: str, environment: str) -> str:
    """Return the path of what an environment has different in an application's list of secrets."""
    return f"applications/{application}/secrets-{environment}.yaml"


def files_of(files: Mapping[str, str], environment: str) -> list[str]:
    """Return the files that a tree has for an environment."""
    name = re.escape(environment)
    own = re.compile(
        rf"environments/values-{name}\.yaml|applications/[^/]+/(values|secrets)-{name}\.yaml"
        rf"|docs/environments/{name}/.*"
    )
    return sorted(path for path in files if own.fullmatch(path))


def switches(files: Mapping[str, str], environment: str) -> tuple[dict[str, bool], dict[str, bool]]:
    """Return which applications are on by default, and which an environment switches itself."""
    found = []
    for path in ("environments/values.yaml", values("", environment)):
        values_of = leaves(files[path], path) if path in files else ()
        found.append({each.path[1]: each.value is True for each in values_of if _switches(each.path)})
    return found[0], found[1]


def _switches(path: Path) -> bool:
    return path[0] == "applications" and len(path) == 2


def applications_of(files: Mapping[str, str], environment: str) -> tuple[str, ...]:
    """Return the applications that are on in an environment, in the order of the alphabet."""
    usual, own = switches(files, environment)
    return tuple(sorted(name for name, on in {**usual, **own}.items() if on))


def mentions(files: Mapping[str, str], name: str) -> list[str]:
    """Return the other files that name an environment."""
    own = {*files_of(files, name), PAGES}
    return sorted(path for path, text in files.items() if path not in own and names(name, text))


@dataclass(frozen=True, slots=True)
class Copied:
    """A new environment's files.

    Attributes
    ----------
    files
        The whole text of each new or changed file.
    own
        What the source has of its own.
    given
        The values that were asked for, by the setting that they are for.
    blank
        What is left to be filled in.
    """

    files: Mapping[str, str]
    own: tuple[Own, ...]
    given: Mapping[str, str]
    blank: tuple[Own, ...]


def copied(
    files: Mapping[str, str],
    source: str,
    name: str,
    applications: tuple[str, ...],
    settings: tuple[tuple[str, str], ...],
) -> Copied:
    """Write the files of an environment like another one.

    Raises
    ------
    UsageError
        A setting names no value.
    RefusedError
        ``cannot-edit``.
    """
    own = tuple(owned(files, source, applications))
    parts = [("", values("", source), values("", name))]
    for each in applications:
        parts += [(each, values(each, source), values(each, name))]
        parts += [(each, secrets(each, source), secrets(each, name))]
    parts = [part for part in parts if part[1] in files]
    given, more = _given(files, source, parts, settings)
    words = _words(source, own)
    made = {}
    for application, old, new in parts:
        text = files[old]
        changes = dict(_changes(text, old, application, name, own, given))
        dropped = _switched_off(files, source, applications) if not application else frozenset()
        text = reworded(
            text, old, f"{name}, made from {source}.", words, mark(name, f"a comment on {source}")
        )
        text = retouch(text, old, changes, dropped)
        for path, value in more.get(old, ()):
            text = set_value(text, new, path, value)
        made[new] = text
    blank = tuple(each for each in own if each.setting not in given)
    return Copied({**made, **pages(files, source, name)}, own, given, blank)


def _changes(
    text: str, file: str, application: str, name: str, own: Iterable[Own], given: Mapping[str, str]
) -> Iterator[tuple[Path, Change]]:
    kinds = {each.leaf.path: each for each in own if each.file == file}
    for leaf in leaves(text, file):
        path = leaf.path
        if not application and path == ("name",):
            yield path, Change(quoted(leaf.node.style, name))
        elif (new := given.get(setting(application, path))) is not None:
            yield path, Change(_as(leaf, new))
        elif (found := kinds.get(path)) is not None:
            empty = quoted(leaf.node.style, _blank(found.kind, name)) if not application else '""'
            yield path, Change(empty, mark(name, found.what))


def _as(leaf: Leaf, new: str) -> str:
    """Return a value as YAML of the kind that was there: a number stays one."""
    if isinstance(leaf.value, bool | int | float) and isinstance(load(new, "--set")[0], bool | int | float):
        return new
    return quoted(leaf.node.style, new)


def _blank(kind: Kind, name: str) -> str:
    """Return what stands in the environment's own values until somebody fills it in."""
    return {Kind.HOST: PLACEHOLDER, Kind.VAULT: f"todo/{name}"}.get(kind, "")


def _switched_off(files: Mapping[str, str], source: str, applications: tuple[str, ...]) -> frozenset[Path]:
    _, own = switches(files, source)
    return frozenset(("applications", each) for each, on in own.items() if on and each not in applications)


def _words(source: str, own: Iterable[Own]) -> re.Pattern[str]:
    """Return what a comment must not say of the new environment: the source's name and its own values.

    A name that is a common word says nothing.
    """
    said = {each.leaf.text for each in own if len(each.leaf.text) > 4 and "\n" not in each.leaf.text}
    said |= {source} if is_telling(source) else set()
    return re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(said)))


# What is asked for

Parts = Iterable[tuple[str, str, str]]


def _given(
    files: Mapping[str, str], source: str, parts: Parts, settings: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], dict[str, list[tuple[Path, str]]]]:
    """Return the value of each setting that stands in the source's files, and those that only charts have."""
    known = {
        setting(application, each.path): None
        for application, old, _ in parts
        for each in (leaves(files[old], old) if settings else ())
    }
    given: dict[str, str] = {}
    more: dict[str, list[tuple[Path, str]]] = {}
    for pattern, value in settings:
        found = [each for each in known if each == pattern or fnmatch.fnmatchcase(each, pattern)]
        given |= dict.fromkeys(found, value)
        if found:
            continue
        named = pattern.rpartition(":")[0]
        defaults = {setting(named, path): path for path in _defaults(files, named)}
        file = values(named, source)
        if pattern not in defaults or file not in files:
            raise _unknown(pattern, (*known, *defaults))
        more.setdefault(file, []).append((defaults[pattern], value))
    return given, more


def _defaults(files: Mapping[str, str], application: str) -> Iterator[Path]:
    """Yield the paths of the values that a chart and its subcharts have."""
    folder = f"applications/{application}" if application else "environments"
    for file, text in files.items():
        found = re.fullmatch(rf"{re.escape(folder)}/(?:charts/([^/]+)/)?values\.yaml", file)
        for leaf in leaves(text, file) if found else ():
            yield (found[1], *leaf.path) if found and found[1] else leaf.path


def _unknown(pattern: str, known: tuple[str, ...]) -> UsageError:
    import difflib

    last = pattern.rpartition(".")[2]
    near = difflib.get_close_matches(pattern, known, n=3, cutoff=0.5) or [
        each for each in known if each.endswith(last)
    ]
    return UsageError(
        f"--set {pattern}: there is no such value",
        next=f"did you mean {' or '.join(near[:3])}" if near else "write [APPLICATION:]path=value",
    )
