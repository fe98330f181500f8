"""What a chart says once rendered, and what it declares to depend on: values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.core.errors import PromptKafkaError


class RenderError(PromptKafkaError):
    """A chart that does not render; ``where`` is the template and its line."""

    code = "render"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a resource comes from.

    Parameters
    ----------
    template
        Path inside the chart, such as ``charts/strimzi-kafka/templates/kafka.yaml``.
    line
        Line (from 1) at which the document starts in the *rendered* template.
    """

    template: str
    line: int

    def __str__(self) -> str:
        return f"{self.template} (rendered line {self.line})"


@dataclass(frozen=True, slots=True)
class Resource:
    """One rendered object and its place in the chart."""

    manifest: dict[str, Any]
    source: Source

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        """The object's name."""
        metadata = self.manifest["metadata"]
        return str(metadata.get("name") or metadata["generateName"])


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of ``dependencies`` in Chart.yaml."""

    name: str
    version: str
    repository: str = ""
    alias: str = ""
    condition: str = ""

    @property
    def remote(self) -> bool:
        """Whether it must be downloaded: neither a folder of the chart nor one of the repository."""
        return bool(self.repository) and not self.shared

    @property
    def shared(self) -> bool:
        """Whether it is another folder of the same repository (``file://``)."""
        return self.repository.startswith("file://")

    @property
    def values_key(self) -> str:
        """The key under which the parent's values address it."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a chart says, given its values.

    Parameters
    ----------
    resources
        The objects, in the order of their templates.
    skipped_dependencies
        Remote dependencies that are wanted but absent from ``charts/``: nothing of them is in `resources`.
    texts
        The rendered text of each template, by its path inside the chart.
    values
        The merged values the chart was given, its own defaults included.
    """

    resources: tuple[Resource, ...]
    skipped_dependencies: tuple[Dependency, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Resource, ...]:
        """All resources of a kind."""
        return tuple(each for each in self.resources if each.kind == kind)

    def one(self, kind: str, name: str) -> Resource:
        """The one resource of that kind and name."""
        for each in self.of(kind):
            if each.name == name:
                return each
        raise RenderError(f"the chart renders no {kind} named {name}")
