"""One pass over the sources of all applications: which have Strimzi's resources, which only refer to them.

It looks for words and reads nothing: a rendering has the last word about what it finds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from prompt_kafka.adapters.checking.files import roots
from prompt_kafka.clients.gitops import Repository
from prompt_kafka.core.errors import PromptKafkaError

WORD = b"strimzi.io"
_NAMES = (b"-kafka-bootstrap", b"-kafka-brokers", b"-cluster-ca-cert", b"-schema-registry")
_SUFFIXES = (".yaml", ".yml", ".tpl")

# A key like consumerGroup, group.id or KAFKA_GROUP_ID with its value; a variable has it on the next line.
_KEY = (
    r"[\"']?(?:[\w.-]*consumer[-_.]?group(?:[-_.]?(?:id|name))?|(?:[\w.-]*[-_.])?group[-_.]?id|groupId)[\"']?"
)
_VALUE = r"[\"']?([A-Za-z0-9][\w.-]*)[\"']?\s*(?:#.*)?$"
_SET = re.compile(rf"^\s*(?:-\s+)?{_KEY}\s*[:=]\s*{_VALUE}", re.MULTILINE | re.IGNORECASE)
_VARIABLE = re.compile(
    rf"name:\s*[\"']?\w*GROUP(?:_?(?:ID|NAME))?[\"']?\s*\n\s*value:\s*{_VALUE}", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the sources of an application say.

    Attributes
    ----------
    strimzi
        A template of it, or of a chart that it shares, has Strimzi's resources.
    refers
        It has the names of Services or Secrets that Strimzi makes.
    groups
        The consumer groups that its files name, by file.
    """

    strimzi: bool
    refers: bool
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()


@lru_cache(maxsize=4)
def survey(top: Path) -> Mapping[str, Sources]:
    """Return what the sources of each application say, in the order of their names."""
    repository = Repository(top)
    shared: dict[Path, Sources] = {}
    found = {}
    for application in repository.applications():
        folder = top / "applications" / application
        own = _look(folder)
        if not (own.strimzi and own.refers) and _shares(folder):
            try:
                below = [each for each in roots(repository, application).values() if each != folder]
            except PromptKafkaError:
                below = []  # said when it is read
            for each in below:
                if each not in shared:
                    shared[each] = _look(each)
                there = shared[each]
                own = Sources(own.strimzi or there.strimzi, own.refers or there.refers, own.groups)
        found[application] = own
    return found


def groups(top: Path, environment: str, applications: frozenset[str]) -> frozenset[str]:
    """Return the consumer groups that the sources of some applications name for an environment."""
    return frozenset(
        name
        for application, sources in survey(top).items()
        if application in applications
        for file, names in sources.groups
        if not file.startswith("values-") or file == f"values-{environment}.yaml"
        for name in names
    )


def named(text: str) -> Iterator[str]:
    """Yield the consumer groups that a YAML text names; the id of a system's group is a number, and none."""
    for pattern in (_SET, _VARIABLE):
        yield from (each for each in pattern.findall(text) if not each.isdecimal())


def _look(folder: Path) -> Sources:
    strimzi = refers = False
    groups_: list[tuple[str, tuple[str, ...]]] = []
    for path, template in _files(str(folder), False):
        try:
            data = Path(path).read_bytes()
        except OSError:
            continue
        strimzi = strimzi or (template and WORD in data)
        refers = refers or any(name in data for name in _NAMES)
        if b"roup" in data or b"GROUP" in data:
            names = tuple(named(data.decode(errors="replace")))
            if names:
                groups_.append((os.path.relpath(path, folder), names))
    return Sources(strimzi, refers, tuple(groups_))


def _files(folder: str, template: bool) -> Iterator[tuple[str, bool]]:
    """Yield files of YAML and templates, and whether they lie below ``templates``; no link is followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, template or entry.name == "templates")
        elif entry.name.endswith(_SUFFIXES) and entry.is_file():
            yield entry.path, template


def _shares(folder: Path) -> bool:
    try:
        return b"file://" in (folder / "Chart.yaml").read_bytes()
    except OSError:
        return False
