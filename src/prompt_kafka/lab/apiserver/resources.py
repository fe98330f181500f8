"""What the API serves: one value per kind and version. The built-in ones are in :mod:`.kinds`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.apiserver.schema import Schema

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a server-side table, by a path into the object (custom resources)."""

    name: str
    type: str
    path: str
    format: str = ""
    description: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an object keeps what the ``scale`` subresource shows: paths below ``spec`` and ``status``."""

    spec_replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] | None = ("spec", "selector")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind under one version.

    Attributes
    ----------
    group, version, kind, plural, singular, namespaced
        As in discovery.
    status
        The kind has a ``status`` subresource.
    generation
        ``metadata.generation`` is kept.
    must_match
        An update must name the resource version that it changes.
    create_on_update
        A PUT of an object that is not there creates it.
    returned
        A deletion answers with the object instead of a Status.
    stored
        Where objects are kept, when not under this group and plural.
    custom, schema, columns, deprecation, storage_version
        For custom resources: comes from a definition, with these.
    not_stored
        For reviews: answered, never kept.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    scale: Scale | None = None
    generation: bool = False
    must_match: bool = False
    create_on_update: bool = False
    returned: bool = False
    subresources: tuple[str, ...] = ()
    stored: tuple[str, str] | None = None
    custom: bool = False
    storage_version: str = ""
    schema: Schema | None = None
    columns: tuple[Column, ...] = ()
    deprecation: str = ""
    list_kind: str = ""
    not_stored: bool = False

    @property
    def api_version(self) -> str:
        """``apiVersion`` of an object of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def storage(self) -> tuple[str, str]:
        """Group and plural under which objects are kept."""
        return self.stored or (self.group, self.plural)

    @property
    def stored_api_version(self) -> str:
        """``apiVersion`` of an object of this kind as it is kept."""
        if self.stored:
            return "v1"
        if self.storage_version:
            return f"{self.group}/{self.storage_version}"
        return self.api_version

    @property
    def list_of(self) -> str:
        """Kind of a list of these."""
        return self.list_kind or f"{self.kind}List"

    def discovery(self) -> list[dict[str, Any]]:
        """Return the entries of this kind in the list of its group and version."""
        verbs = ["create"] if self.not_stored else list(VERBS)
        if self.plural == "namespaces":
            verbs.remove("deletecollection")
        entry: dict[str, Any] = {
            "name": self.plural,
            "singularName": self.singular or self.kind.lower(),
            "namespaced": self.namespaced,
            "kind": self.kind,
            "verbs": verbs,
        }
        if self.short_names:
            entry["shortNames"] = list(self.short_names)
        if self.categories:
            entry["categories"] = list(self.categories)
        entries = [entry]

        def sub(name: str, kind: str, verbs: list[str], **extra: str) -> None:
            entries.append(
                {
                    "name": f"{self.plural}/{name}",
                    "singularName": "",
                    "namespaced": self.namespaced,
                    **extra,
                    "kind": kind,
                    "verbs": verbs,
                }
            )

        if self.status:
            sub("status", self.kind, ["get", "patch", "update"])
        if self.scale:
            sub("scale", "Scale", ["get", "patch", "update"], group="autoscaling", version="v1")
        for name in self.subresources:
            if name == "binding":
                sub(name, "Binding", ["create"])
            elif name == "eviction":
                sub(name, "Eviction", ["create"], group="policy", version="v1")
            elif name == "log":
                sub(name, self.kind, ["get"])
            elif name == "exec":
                sub(name, "PodExecOptions", ["create", "get"])
            elif name == "portforward":
                sub(name, "PodPortForwardOptions", ["create", "get"])
            elif name == "finalize":
                sub(name, self.kind, ["update"])
        return entries
