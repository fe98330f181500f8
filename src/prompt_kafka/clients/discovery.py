"""Which kinds an API server serves, asked of the server itself.

Kinds come and go with CustomResourceDefinitions, and the lab's API serves fewer than a production one: who
applies or collects objects of any kind asks here instead of carrying a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients.kinds import Kind
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound


@dataclass(frozen=True, slots=True)
class Served:
    """The kinds of an API server.

    Attributes
    ----------
    preferred : Mapping
        Group and kind to the kind in the group's preferred version.
    exact : Mapping
        ``apiVersion`` and kind to the kind, for every served version.
    watchable : frozenset
        Group and kind of those that can be listed and watched.
    """

    preferred: Mapping[tuple[str, str], Kind] = field(default_factory=dict)
    exact: Mapping[tuple[str, str], Kind] = field(default_factory=dict)
    watchable: frozenset[tuple[str, str]] = frozenset()

    def of(self, manifest: Mapping[str, Any]) -> Kind | None:
        """Return the kind of a manifest, None when it is not served in that version."""
        return self.exact.get((str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))))


def served(kubernetes: Kubernetes) -> Served:
    """Ask the API server what it serves, by the discovery documents that kubectl reads."""
    preferred: dict[tuple[str, str], Kind] = {}
    exact: dict[tuple[str, str], Kind] = {}
    watchable: set[tuple[str, str]] = set()
    for group, version in _versions(kubernetes):
        try:
            document = kubernetes.read(f"/apis/{group}/{version}" if group else f"/api/{version}")
        except NotFound:
            continue  # the last definition of the group went away between the two questions
        for entry in document.get("resources") or ():
            if "/" in entry["name"]:
                continue
            kind = Kind(group, version, entry["kind"], entry["name"], bool(entry["namespaced"]))
            preferred.setdefault((group, kind.kind), kind)
            exact[(kind.api_version, kind.kind)] = kind
            if {"list", "watch"} <= set(entry.get("verbs") or ()):
                watchable.add((group, kind.kind))
    return Served(preferred, exact, frozenset(watchable))


def _versions(kubernetes: Kubernetes) -> Iterator[tuple[str, str]]:
    yield "", "v1"
    for group in kubernetes.read("/apis").get("groups") or ():
        versions = [each["version"] for each in group["versions"]]
        first = group.get("preferredVersion", {}).get("version")
        for version in sorted(versions, key=lambda each: each != first):
            yield group["name"], version
