"""A checkout of a GitOps repository in Phalanx's layout, read as values.

The layout is ``environments/`` (the app-of-apps chart, one values file per environment), ``applications/``
(one chart per application) and ``charts/`` (charts that applications share). ``deploy/`` here has it, and so
has a real Phalanx checkout; nothing below knows which one it reads. An Application resource says what to
render, so a render here is what Argo CD would apply for the same commit.
"""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_kafka.clients import documents, helm
from prompt_kafka.clients.helm import Dependency, Rendered, RenderError
from prompt_kafka.core.errors import UsageError

APP_OF_APPS_NAMESPACE = "argocd"


class UnknownEnvironmentError(UsageError):
    """An environment that the repository does not have."""

    code = "unknown-environment"


class LayoutError(UsageError):
    """A folder that is not a GitOps checkout of this layout."""

    code = "layout"


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: the values that its app of apps is rendered with.

    Parameters
    ----------
    name
        As in ``environments/values-<name>.yaml``.
    values
        ``values.yaml`` with the environment's own values over it.
    """

    name: str
    values: Mapping[str, Any] = field(hash=False)

    @property
    def fqdn(self) -> str:
        """Host name of the environment's web pages."""
        return str(self.values.get("fqdn") or "")

    @property
    def app_of_apps_name(self) -> str:
        """Name of the parent Application."""
        return str(self.values.get("appOfAppsName") or self.name)

    @property
    def vault_path_prefix(self) -> str:
        """Where the environment's secrets lie in Vault."""
        return str(self.values.get("vaultPathPrefix") or "")

    @property
    def applications(self) -> tuple[str, ...]:
        """The applications that are switched on, in the order of the alphabet."""
        switches = self.values.get("applications") or {}
        return tuple(sorted(name for name, wanted in switches.items() if wanted is True))


class Repository:
    """A checkout.

    Parameters
    ----------
    path
        Folder that holds ``environments/`` and ``applications/``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / "environments" / "Chart.yaml").is_file() or not (path / "applications").is_dir():
            raise LayoutError(
                "this is not a GitOps checkout in Phalanx's layout",
                where=str(path),
                next="give a folder that holds environments/Chart.yaml and applications/",
            )

    def environments(self) -> list[str]:
        """Names of the environments."""
        found = (self.path / "environments").glob("values-*.yaml")
        return sorted(each.stem.removeprefix("values-") for each in found)

    def environment(self, name: str) -> Environment:
        """Read an environment.

        Raises
        ------
        UnknownEnvironmentError
            There is none of that name; lists those there are.
        """
        values: dict[str, Any] = {}
        for path in self._environment_files(name):
            values = helm.merge(values, documents.read(path))
        return Environment(name, values)

    def applications(self) -> list[str]:
        """Names of the application charts."""
        return sorted(each.parent.name for each in (self.path / "applications").glob("*/Chart.yaml"))

    def chart(self, application: str) -> Path:
        """Folder of an application's chart."""
        folder = self.path / "applications" / application
        if not (folder / "Chart.yaml").is_file():
            raise UsageError(
                f"there is no application {application}",
                where=str(folder),
                next=f"known applications: {', '.join(self.applications())}",
            )
        return folder

    def chart_dependencies(self, application: str) -> tuple[Dependency, ...]:
        """What an application's chart depends on; a remote one (an operator) carries its version."""
        return helm.dependencies(self.chart(application))

    def secret_keys(self, application: str, environment: str) -> dict[str, dict[str, Any]]:
        """Read the keys that an application needs in Vault, each with its description and origin.

        A key with an ``if`` whose value is not true there is left out. As in Phalanx, only the application's
        own values files decide; a subchart's defaults are not looked at.
        """
        folder = self.chart(application)
        found: dict[str, Any] = {}
        values: dict[str, Any] = {}
        self.environment(environment)
        for suffix in ("", f"-{environment}"):
            if (path := folder / f"secrets{suffix}.yaml").is_file():
                found |= documents.read(path)
            if (path := folder / f"values{suffix}.yaml").is_file():
                values = helm.merge(values, documents.read(path))
        wanted = (each for each in found.items() if helm.lookup(values, each[1].get("if") or "", True))
        return dict(sorted(wanted))

    def app_of_apps(self, name: str, repo_url: str, revision: str) -> Rendered:
        """Render the parent of an environment: namespaces, projects and Applications.

        Parameters
        ----------
        name
            The environment.
        repo_url, revision
            Where the Applications find their charts.
        """
        files = self._environment_files(name)
        return helm.render(
            self.path / "environments",
            release=self.environment(name).app_of_apps_name,
            namespace=APP_OF_APPS_NAMESPACE,
            value_files=files,
            parameters={"repoUrl": repo_url, "targetRevision": revision},
        )

    def render_application(self, application: Mapping[str, Any]) -> Rendered:
        """Render what an Argo CD Application describes, from this checkout.

        Parameters
        ----------
        application
            The Application resource; ``spec.source.targetRevision`` is not looked at, this checkout *is* it.
        """
        name = str(application["metadata"]["name"])
        source = _only_source(name, application["spec"])
        options = source.get("helm") or {}
        parameters = options.get("parameters") or []
        folder = self._inside(self.path / str(source.get("path") or "."), name)
        if not (folder / "Chart.yaml").is_file():
            raise RenderError(
                f"application {name} is not a Helm chart in this repository",
                where=str(folder),
                next="only charts that lie in the repository are rendered",
            )
        with _with_shared_charts(folder) as chart:
            return helm.render(
                chart,
                release=str(options.get("releaseName") or name),
                namespace=str(options.get("namespace") or application["spec"]["destination"]["namespace"]),
                value_files=list(self._value_files(name, folder, options)),
                values=helm.merge(
                    documents.parse(str(options.get("values") or "")), options.get("valuesObject") or {}
                ),
                parameters={
                    each["name"]: str(each["value"]) for each in parameters if not each.get("forceString")
                },
                string_parameters={
                    each["name"]: str(each["value"]) for each in parameters if each.get("forceString")
                },
                crds=not options.get("skipCrds"),
                origin=folder,
            )

    def _environment_files(self, name: str) -> list[Path]:
        folder = self.path / "environments"
        if name not in self.environments():
            raise UnknownEnvironmentError(
                f"there is no environment {name}",
                where=str(folder),
                next=f"known environments: {', '.join(self.environments())}",
            )
        return [folder / "values.yaml", folder / f"values-{name}.yaml"]

    def _value_files(self, name: str, folder: Path, options: Mapping[str, Any]) -> Iterator[Path]:
        for each in options.get("valueFiles") or []:
            text = str(each)
            if text.startswith("$") or "://" in text:
                raise RenderError(f"application {name} takes a values file from elsewhere: {text}")
            path = self._inside(self.path / text[1:] if text.startswith("/") else folder / text, name)
            if options.get("ignoreMissingValueFiles") and not path.exists():
                continue
            yield path

    def _inside(self, path: Path, name: str) -> Path:
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise RenderError(f"application {name} points outside of the repository", where=str(path))
        return path


def shipped() -> Path:
    """The GitOps tree that comes with this package: ``deploy/`` of the checkout, or its copy in the wheel."""
    package = Path(str(importlib.resources.files("prompt_kafka")))
    for candidate in (package / "deploy", package.parents[1] / "deploy"):
        if (candidate / "environments" / "Chart.yaml").is_file():
            return candidate
    raise LayoutError("the shipped charts are missing", where=str(package), next="install the package again")


def _only_source(name: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    sources = spec.get("sources") or [spec.get("source") or {}]
    if len(sources) > 1:
        raise RenderError(f"application {name} has several sources; only one is rendered")
    source: Mapping[str, Any] = sources[0]
    return source


@contextmanager
def _with_shared_charts(chart: Path) -> Iterator[Path]:
    """Give the chart its ``file://`` dependencies, which a checkout does not have under ``charts/``."""
    if not any(each.shared and not helm.is_present(chart, each) for each in helm.dependencies(chart)):
        yield chart
        return
    with TemporaryDirectory(prefix="prompt-kafka-chart-") as scratch:
        yield _assemble(chart, Path(scratch) / chart.name)


def _assemble(chart: Path, target: Path) -> Path:
    shutil.copytree(chart, target)
    for each in helm.dependencies(chart):
        # Under several aliases one folder serves them all.
        if not each.shared or helm.is_present(target, each):
            continue
        shared = (chart / each.repository.removeprefix("file://")).resolve()
        if not (shared / "Chart.yaml").is_file():
            raise RenderError(
                f"the shared chart {each.name} does not exist",
                where=str(chart / "Chart.yaml"),
                next=f"its repository says {each.repository}",
            )
        _assemble(shared, target / "charts" / each.name)
    return target
