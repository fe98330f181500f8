"""Which kinds are served at the moment: the built-in ones and those of the definitions in the store."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.lab.apiserver.definitions import priority, resources
from prompt_kafka.lab.apiserver.kinds import BUILT_IN
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.store import Collection, Event, Object, Store

DEFINITIONS: Collection = ("apiextensions.k8s.io", "customresourcedefinitions")


class Registry:
    """The kinds that are served; follows the definitions in the store."""

    def __init__(self, store: Store) -> None:
        self._served: dict[tuple[str, str, str], Resource] = {}
        self._custom: dict[str, list[Resource]] = {}
        #: Rises whenever what is served changes.
        self.revision = 0
        for resource in BUILT_IN:
            self._served[resource.group, resource.version, resource.plural] = resource
        for entry in store.entries(DEFINITIONS):
            self._define(entry.name, entry.object)
            entry.keep_raw_only()
        store.after_write(self._follow)

    def _follow(self, collection: Collection, event: Event) -> None:
        if collection != DEFINITIONS:
            return
        if event.new is not None:
            self._define(event.new.name, event.new.object)
            # A definition is large and seldom read: it is kept as bytes only.
            event.new.keep_raw_only()
        elif event.old is not None:
            self._forget(event.old.name)

    def _define(self, name: str, definition: Object) -> None:
        self._forget(name)
        found = resources(definition)
        self._custom[name] = found
        for resource in found:
            self._served[resource.group, resource.version, resource.plural] = resource
        self.revision += 1

    def _forget(self, name: str) -> None:
        for resource in self._custom.pop(name, []):
            self._served.pop((resource.group, resource.version, resource.plural), None)
        self.revision += 1

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return a kind by where it stands in a URL."""
        return self._served.get((group, version, plural))

    def of(self, group: str, version: str) -> list[Resource]:
        """Return the kinds of a group and version."""
        return [r for r in self._served.values() if r.group == group and r.version == version]

    def all(self) -> Iterable[Resource]:
        """Return all kinds."""
        return list(self._served.values())

    def stored_kinds(self) -> list[Resource]:
        """Return one kind for each collection of the store."""
        found: dict[Collection, Resource] = {}
        for resource in self._served.values():
            if not resource.not_stored:
                found.setdefault(resource.storage, resource)
        return list(found.values())

    def groups(self) -> dict[str, list[str]]:
        """Return the versions of each group besides the core, the preferred one first."""
        found: dict[str, list[str]] = {}
        for resource in self._served.values():
            if resource.group:
                versions = found.setdefault(resource.group, [])
                if resource.version not in versions:
                    versions.append(resource.version)
        return {group: sorted(versions, key=priority) for group, versions in found.items()}
