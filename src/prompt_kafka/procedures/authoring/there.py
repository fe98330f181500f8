"""A topic that a chart has already: where it is, how a setting of it is changed, how it is taken out.

A topic stands in lists of values, or in a template of its own. Which value drives which setting is nobody's
guess: each candidate is edited and rendered, and the one that makes the wanted object is it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.configured import said
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.authoring import cut, users, values
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.lines import splice
from prompt_kafka.procedures.authoring.tree import Path, lines_of, load, scalar

PARTITIONS = "partitions"
"""The field of a ``KafkaTopic`` that is no setting of Kafka's."""

Edits = dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """An entry in a list of values, or (with `document`) a template's document."""

    file: str
    path: Path = ()
    document: int = -1


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be changed.

    Attributes
    ----------
    name
        ``partitions``, or Kafka's name of a setting.
    old, new
        As the charts have it, and as it is to be; `old` is empty where they do not say it.
    words
        The new one for people, for a comment that says it.
    """

    name: str
    old: str
    new: str
    words: str = ""


def places(
    files: Mapping[str, str], folder: str, topic: str, resource: str, environments: tuple[str, ...]
) -> list[Place]:
    """Return where a topic stands: in environments' values, in those of all, in templates."""
    found: list[Place] = []
    shared = [f"{folder}/values.yaml"]
    shared += sorted(
        each for each in files if re.fullmatch(rf"{re.escape(folder)}/charts/[^/]+/values\.yaml", each)
    )
    for file in [*(f"{folder}/values-{each}.yaml" for each in environments), *shared]:
        if file in files and resource in files[file]:
            for root in load(files[file], file)[:1]:
                found += [Place(file, path) for path in _entries(root, (), topic, resource)]
    document = users.where(files, folder, resource, "KafkaTopic")
    return [*found, Place(document[0], document=document[1])] if document else found


def _entries(value: Any, path: Path, topic: str, resource: str) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _entries(each, (*path, str(key)), topic, resource)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            named = isinstance(each, dict) and each.get("name") in (topic, resource)
            if named and (PARTITIONS in each or "replicas" in each or "retention" in each or len(each) == 1):
                yield (*path, str(index))


def change(
    files: Mapping[str, str],
    folder: str,
    environment: str,
    found: list[Place],
    setting: Setting,
    makes: Callable[[Edits], bool],
) -> Edits:
    """Return the files in which a setting is changed where it lives.

    Parameters
    ----------
    found
        Where the topic stands.
    makes
        Renders with files edited; whether the topic then is as wanted, and nothing else is different.

    Raises
    ------
    RefusedError
        No value and no line drives it (``cannot-edit``).
    """
    tried = (*_in_places(files, found, setting), *_driving(files, folder, environment, setting))
    for edits in tried:
        if makes(edits):
            return edits
    raise RefusedError(
        "cannot-edit",
        f"no value in the charts drives {setting.name} of this topic alone",
        where=found[0].file if found else folder,
        next="make this edit by hand, commit it, and run the command again",
    )


def _in_places(files: Mapping[str, str], found: list[Place], setting: Setting) -> Iterator[Edits]:
    for place in found:
        template = place.document >= 0
        yaml = Yaml(files[place.file], place.file, template=template, document=max(place.document, 0))
        if template:
            under: list[Path] = [("spec",)] if setting.name == PARTITIONS else [("spec", "config")]
        else:
            under = [place.path, (*place.path, "config")]
        for path in under:
            for name in yaml.names(path):
                if _means(name, setting.name) and not (template and _is_made(yaml, (*path, name))):
                    yield from _set(yaml, (*path, name), setting)
        if setting.name != PARTITIONS:
            yield from _added(yaml, under[-1], setting)


def _means(key: str, name: str) -> bool:
    """Return whether a key may drive a setting: ``retention`` for ``retention.ms``."""
    key, name = re.sub(r"[^a-z0-9]", "", key.lower()), re.sub(r"[^a-z0-9]", "", name.lower())
    return len(key) > 2 and name.startswith(key)


def _is_made(yaml: Yaml, path: Path) -> bool:
    """Return whether a template makes a value by an action, instead of saying it."""
    node = yaml.find(path)[1]
    if node is None or node.kind != "scalar":
        return True
    return "{{" in yaml.lines[node.start[0]][node.start[1] : node.end[1]]


def _set(yaml: Yaml, path: Path, setting: Setting) -> Iterator[Edits]:
    node = yaml.find(path)[1]
    try:
        if node is not None and node.style in ("'", '"'):
            text = yaml.set_scalar(path, f"{node.style}{setting.new}{node.style}")
        else:
            text = yaml.set_scalar(path, plain(setting.new))
    except RefusedError:
        return
    assert node is not None
    yield {yaml.where: _comment(text, node.start[0], setting.words)}


_DURATION = re.compile(
    r"(?P<head>.*\S\s+#\s*)(?:(?:a|one|two|three|four|five|six|seven|eight|ten|twelve|thirty|\d+) ?"
    r"(?:ms|s|m|h|d|w|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?)|for ever)"
    r"(?P<end>\s*)"
)


def _comment(text: str, line: int, words: str) -> str:
    """Return the text in which a comment that only says a duration says the new one."""
    lines = lines_of(text)
    found = _DURATION.fullmatch(lines[line]) if words else None
    return splice(lines, line, found.end("head"), found.start("end"), words) if found else text


def plain(value: str) -> str:
    """Return a setting's value as YAML: a number and a word as they are, anything else in quotes."""
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?|true|false", value):
        return value
    return value if re.fullmatch(r"[A-Za-z][\w.-]*(,[A-Za-z][\w.-]*)+", value) else scalar(value)


def _added(yaml: Yaml, path: Path, setting: Setting) -> Iterator[Edits]:
    """Yield the file with a setting more among the topic's own."""
    line = f"{setting.name}: {plain(setting.new)}"
    parent, shift = path[:-1], " " * yaml.indent
    tries = (
        [(path, [line])]
        if yaml.has(path)
        else [(parent, [f"{path[-1]}:", f"{shift}{line}"]), (parent, [f"{path[-1]}: {{{line}}}"])]
    )
    for at, body in tries:
        try:
            yield {yaml.where: yaml.add_entry(at, body)}
        except RefusedError:
            continue


def _driving(files: Mapping[str, str], folder: str, environment: str, setting: Setting) -> Iterator[Edits]:
    """Yield the environment's values with a single value changed that has the old one."""
    file = f"{folder}/values-{environment}.yaml"
    names = dict.fromkeys((setting.name.replace(".", ""), setting.name.partition(".")[0]))
    for name in names if setting.old else ():
        for path in values.candidates(files, folder, environment, name, setting.old):
            try:
                yield {file: values.set_value(files.get(file, ""), file, path, setting.new, number=True)}
            except RefusedError:
                continue


def has(manifest: Mapping[str, Any], name: str) -> str:
    """Return a setting of a ``KafkaTopic`` as Kafka writes it; empty where it has none."""
    spec = manifest.get("spec") or {}
    value = spec.get(PARTITIONS) if name == PARTITIONS else (spec.get("config") or {}).get(name)
    return "" if value is None else said(value)


def without(files: Mapping[str, str], found: list[Place]) -> dict[str, str | None]:
    """Return the files without a topic, each None that has nothing left.

    Raises
    ------
    RefusedError
        It cannot be taken out without touching something else (``cannot-edit``).
    """
    edits: dict[str, str | None] = {}
    for place in reversed(found):  # of several entries in one list, the last one first
        text = edits.get(place.file, files[place.file])
        if text is None:
            continue
        if place.document >= 0:
            edits[place.file] = cut.document(text, place.file, place.document)
        else:
            edits[place.file] = cut.item(Yaml(text, place.file), place.path[:-1], int(place.path[-1]))
    return edits
