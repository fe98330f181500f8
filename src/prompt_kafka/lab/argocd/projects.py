"""What an AppProject permits: sources, destinations, kinds.

Phalanx's projects permit everything; those of a stricter repository are meant to stop something, and a
rehearsal that lets it pass would be worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from prompt_kafka.lab.argocd.targets import Identity

Spec = Mapping[str, Any]


def permits_source(project: Spec, url: str) -> bool:
    """Return whether a project permits a repository."""
    return _one_of(project.get("sourceRepos") or (), url.removesuffix(".git"), strip=".git")


def permits_destination(project: Spec, server: str, namespace: str) -> bool:
    """Return whether a project permits a namespace of a cluster; ``!`` before a pattern forbids."""
    found = False
    for each in project.get("destinations") or ():
        where, space = str(each.get("server") or ""), str(each.get("namespace") or "")
        if where.startswith("!") or space.startswith("!"):
            against_server = _matches(where.removeprefix("!"), server)
            against_space = _matches(space.removeprefix("!"), namespace)
            if against_server and against_space:
                return False
        elif _matches(where, server) and _matches(space, namespace):
            found = True
    return found


def refused_kinds(project: Spec, objects: Iterable[Identity]) -> list[Identity]:
    """Return the objects of kinds that a project does not permit.

    Kinds of the whole cluster must be listed; kinds inside namespaces are permitted unless a list of them
    exists or forbids them.
    """
    return [each for each in objects if not _permits_kind(project, each)]


def _permits_kind(project: Spec, which: Identity) -> bool:
    group, kind, namespace, _ = which
    if namespace:
        allowed, denied = project.get("namespaceResourceWhitelist"), project.get("namespaceResourceBlacklist")
        return (not allowed or _listed(allowed, group, kind)) and not _listed(denied or (), group, kind)
    allowed, denied = project.get("clusterResourceWhitelist"), project.get("clusterResourceBlacklist")
    return _listed(allowed or (), group, kind) and not _listed(denied or (), group, kind)


def _listed(kinds: Sequence[Mapping[str, str]], group: str, kind: str) -> bool:
    return any(
        _matches(each.get("group", ""), group) and _matches(each.get("kind", ""), kind) for each in kinds
    )


def _one_of(patterns: Iterable[str], value: str, *, strip: str = "") -> bool:
    found = False
    for pattern in patterns:
        plain = pattern.removeprefix("!").removesuffix(strip)
        if _matches(plain, value):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _matches(pattern: str, value: str) -> bool:
    return pattern == "*" or fnmatchcase(value, pattern)
