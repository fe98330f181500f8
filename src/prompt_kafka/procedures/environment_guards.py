"""Refusals of *Reproduce Service*, each by the name of its rule."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.environment_files import Copied, applications_of, files_of, values
from prompt_kafka.procedures.environment_rules import (
    NEVER_SHARED,
    Kind,
    Own,
    addresses,
    is_telling,
    names,
    owned,
)
from prompt_kafka.procedures.rendered import Manifest, key

SHORT = 4
"""Shorter values are too common to be told from words."""


def legal(name: str) -> None:
    """Refuse a name that cannot be a file's, a label's and a namespace's (``illegal-name``)."""
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name) or "--" in name:
        raise RefusedError(
            "illegal-name",
            f"{name!r} cannot be the name of an environment",
            next="use lower-case letters, digits and inner hyphens, a letter first",
        )


def there(git: GitState, name: str) -> None:
    """Refuse an environment that the tree does not have (``unknown-environment``)."""
    if name not in git.environments:
        raise RefusedError(
            "unknown-environment",
            f"the tree has no environment {name}",
            where=f"{git.repository}, {git.branch} at {git.head[:12]}",
            next=f"it has {', '.join(git.environments)}",
        )


def not_taken(git: GitState, name: str) -> None:
    """Refuse a name that is taken (``name-taken``)."""
    found = files_of(git.files, name)
    if found or name in git.environments:
        raise RefusedError(
            "name-taken",
            f"there is an environment {name}, or what is left of one",
            where=found[0] if found else f"{git.repository}, {git.branch}",
            next=f"choose another name, or take it away: prompt-kafka environment delete {name}",
        )


def on_in_source(git: GitState, source: str, applications: Iterable[str]) -> None:
    """Refuse an application that the source does not have (``not-in-source``)."""
    on = applications_of(git.files, source)
    for each in applications:
        if each not in on:
            raise RefusedError(
                "not-in-source",
                f"{source} has no application {each}",
                where=values("", source),
                next=f"it has {', '.join(on)}",
            )


def addresses_are_free(git: GitState, name: str, made: Copied, applications: tuple[str, ...]) -> None:
    """Refuse to give what another environment has and two cannot share (``address-of-another``)."""
    kinds = {each.setting: each for each in made.own}
    seen: dict[str, str] = {}
    for setting, value in made.given.items():
        for each in addresses(value):
            if seen.setdefault(each, setting) != setting:
                raise RefusedError(
                    "duplicate-address",
                    f"{each} is asked for twice: {seen[each]} and {setting}",
                    next="give each its own address",
                )
        own = kinds.get(setting)
        for other in (each for each in git.environments if each != name):
            for theirs in owned(git.files, other, applications):
                if _clashes(own, value, theirs):
                    raise RefusedError(
                        "address-of-another",
                        f"--set {setting}: {value} is the {theirs.kind} of {other}",
                        where=f"{theirs.file}:{theirs.leaf.node.start[0] + 1}",
                        next="give one that nobody has, or leave it out: it is marked then",
                    )


def _clashes(own: Own | None, value: str, theirs: Own) -> bool:
    if set(addresses(value)) & set(addresses(theirs.leaf.text)):
        return True
    never = theirs.kind in NEVER_SHARED and (own is None or own.kind in NEVER_SHARED)
    return never and value == theirs.leaf.text and len(value) >= SHORT and value != "localhost"


def nothing_copied(
    git: GitState, source: str, name: str, made: Copied, rendered: Mapping[str, tuple[Manifest, ...]]
) -> None:
    """Refuse a new environment whose objects hold what is the source's own (``copied-value``)."""
    mine = {name, git.repository, *made.given.values()} - {""}
    foreign = [each for each in made.own if _is_telling(each.leaf.text, mine)]
    telling = [source] if is_telling(source) else []
    named = _words((*telling, *(each.leaf.text.strip() for each in foreign if each.kind is not Kind.NAME)))
    whole = {source, *(each.leaf.text.strip() for each in foreign if each.kind is Kind.NAME)}
    for application, manifests in rendered.items():
        for manifest in manifests:
            for path, text in _texts(manifest, ()):
                for each in mine:
                    text = text.replace(each, " ")
                found = named.search(text)
                value = (found[0] if found else "") or (text if text in whole else "")
                if value and not _is_usual(git, application, value):
                    raise RefusedError(
                        "copied-value",
                        f"{name} would have {value} of {source}",
                        where=f"{application or 'parent'}: {' '.join(key(manifest))}, {'.'.join(path)}",
                        next="find the value that makes it and give another with --set",
                    )


def _is_telling(text: str, mine: Collection[str]) -> bool:
    text = text.strip()
    return len(text) >= SHORT and text not in mine and text != "localhost" and "\n" not in text


def _words(values: Iterable[str]) -> re.Pattern[str]:
    found = sorted(set(values), key=len, reverse=True)
    return re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(each)}(?![A-Za-z0-9])" for each in found))


def _is_usual(git: GitState, application: str, value: str) -> bool:
    """Return whether a chart itself says a value: then it is no environment's own."""
    folder = f"applications/{application}/" if application else "environments/"
    charts = (
        t for p, t in git.files.items() if p.startswith(folder) and not re.search(r"/(values|secrets)-", p)
    )
    return any(names(value, text) for text in charts)


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _texts(each, (*path, str(number)))
    elif isinstance(value, str):
        yield path, value
