"""What is checked: an application in an environment, read and rendered by others, as plain values.

A part that could not be seen is None or empty *and* named in ``unseen``; a rule says nothing about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Manifest = Mapping[str, Any]
Path = tuple[str, ...]

STRIMZI = "kafka.strimzi.io"


@dataclass(frozen=True, slots=True)
class Item:
    """A rendered object.

    Attributes
    ----------
    template
        Path of its template inside the application's folder; empty where it is not known.
    line
        Line of the rendered text at which it begins.
    """

    manifest: Manifest
    template: str = ""
    line: int = 0

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest.get("kind") or "")

    @property
    def group(self) -> str:
        """Its API group."""
        return str(self.manifest.get("apiVersion") or "").rpartition("/")[0]

    @property
    def version(self) -> str:
        """Its API version, without the group."""
        return str(self.manifest.get("apiVersion") or "").rpartition("/")[2]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        found = self.manifest.get("metadata")
        return found if isinstance(found, Mapping) else {}

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.metadata.get("name") or "")

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        found = self.manifest.get("spec")
        return found if isinstance(found, Mapping) else {}

    @property
    def labels(self) -> Mapping[str, Any]:
        """Its labels."""
        return mapping(self.metadata.get("labels"))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """Its annotations."""
        return mapping(self.metadata.get("annotations"))

    @property
    def cluster(self) -> str:
        """The Kafka cluster that its label names."""
        return str(self.labels.get("strimzi.io/cluster") or "")

    @property
    def strimzi(self) -> bool:
        """Whether it is one of Strimzi's kinds."""
        return self.group in (STRIMZI, "core.strimzi.io")

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: the application's own, or one below its ``charts/``.

    Attributes
    ----------
    folder
        Inside the application's folder: empty, ``charts/x``.
    scope
        Keys under which the application's values address it; several where it has several aliases.
    dependencies
        As in Chart.yaml: name, alias, condition, repository.
    values
        What its own values.yaml says.
    home
        Its folder below the top of the repository: a shared chart lies elsewhere than where it is rendered.
    """

    folder: str
    scope: tuple[Path, ...]
    dependencies: tuple[Mapping[str, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    home: str = ""

    def file(self, name: str) -> str:
        """Return the path of one of its files inside the application's folder."""
        return f"{self.folder}/{name}" if self.folder else name


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator of the environment, as its application says.

    Attributes
    ----------
    version
        Of the chart that it depends on.
    namespaces
        Those it watches; None for all.
    place
        File and line that name the version.
    schemas, next_schemas
        Of its resources by kind and API version, of this version and of the next one published.
    """

    version: str
    namespaces: frozenset[str] | None = None
    place: tuple[str, int] = ("", 0)
    schemas: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    next_version: str = ""
    next_schemas: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What secrets.yaml declares.

    Attributes
    ----------
    declared
        All keys: the file and line of each.
    wanted
        Those whose condition holds in this environment.
    copied
        Those that another application copies.
    """

    declared: Mapping[str, tuple[str, int]]
    wanted: frozenset[str]
    copied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An object of the same environment that others may refer to, and its application."""

    application: str
    namespace: str
    item: Item


@dataclass(frozen=True, slots=True)
class Failure:
    """A rendering that failed after a switch was turned.

    Attributes
    ----------
    switch
        Path of the value.
    turned
        To what.
    """

    switch: Path
    turned: bool
    said: str
    template: str
    line: int


@dataclass(frozen=True, slots=True)
class CheckInput:
    """An application in an environment.

    Attributes
    ----------
    folder
        The application's, below the top of the repository.
    items
        What it renders.
    files
        Texts by path inside the folder: templates, values, Chart.yaml, secrets.yaml, READMEs.
    values
        All values merged, the subcharts' defaults included.
    charts
        Its own chart first, then those below it.
    texts
        The rendered text of each template.
    neighbours
        Strimzi's objects of the whole environment, this application's included.
    groups
        The consumer groups that the sources of the environment's applications name. None: not known.
    whole
        Whether every application of the environment that has such objects could be seen.
    unread
        Values of which rendering has shown that no template reads them.
    failures
        Renderings that failed with a switch turned.
    label_tracking
        Argo CD tells its objects by a label here: Strimzi hands it on to volumes. None: not known.
    unseen
        What could not be looked at, and why.
    """

    environment: str
    application: str
    namespace: str
    folder: str = ""
    items: tuple[Item, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    operator: Operator | None = None
    secrets: Secrets | None = None
    vault_secret: str = ""
    neighbours: tuple[Neighbour, ...] = ()
    groups: frozenset[str] | None = None
    whole: bool = False
    unread: tuple[Path, ...] = ()
    failures: tuple[Failure, ...] = ()
    label_tracking: bool | None = None
    unseen: tuple[str, ...] = ()

    def of(self, *kinds: str) -> tuple[Item, ...]:
        """Return Strimzi's objects of some kinds."""
        return tuple(each for each in self.items if each.kind in kinds and each.strimzi)

    def namespace_of(self, item: Item) -> str:
        """Return the namespace that an object lands in."""
        return str(item.metadata.get("namespace") or self.namespace)

    def path(self, file: str) -> str:
        """Return where a file of the application is, below the top of the repository."""
        chart = self.chart(file)
        if chart is not None and chart.home:
            return f"{chart.home}/{file[len(chart.folder) :].lstrip('/')}"
        return f"{self.folder}/{file}" if self.folder else file

    def chart(self, file: str) -> Chart | None:
        """Return the chart that a file belongs to."""
        within = [each for each in self.charts if not each.folder or file.startswith(f"{each.folder}/")]
        return max(within, key=lambda each: len(each.folder), default=None)

    def around(self, *kinds: str) -> tuple[Neighbour, ...]:
        """Return the environment's objects of some kinds; this application's alone where no more is known."""
        found = self.neighbours or tuple(
            Neighbour(self.application, self.namespace_of(each), each) for each in self.items
        )
        return tuple(each for each in found if each.item.kind in kinds)


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping, empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[Any]:
    """Return a list, empty for anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def at(value: Any, *path: str) -> Any:
    """Return what lies at a path; None where it leads nowhere."""
    for part in path:
        if isinstance(value, list | tuple):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def number(value: object) -> int | None:
    """Return a whole number, also one written as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else None
    text = str(value).strip()
    digits = text[1:] if text.startswith("-") else text
    return int(text) if digits.isdecimal() else None
