"""One application compared: render, look at the cluster, compare. Used by refreshes and by operations."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients import documents
from prompt_kafka.clients.kinds import APP_PROJECT
from prompt_kafka.clients.kubernetes import Object
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.argocd import comparison, projects, status
from prompt_kafka.lab.argocd.comparison import Comparison
from prompt_kafka.lab.argocd.live import LiveState, instance
from prompt_kafka.lab.argocd.rendering import ManifestError, Manifests, Renderer
from prompt_kafka.lab.argocd.targets import Identity, Manifest, Targets, describe, prepare
from prompt_kafka.lab.cache import ClusterCache

IN_CLUSTER = "https://kubernetes.default.svc"
_EVERYTHING: Mapping[str, Any] = {
    "sourceRepos": ["*"],
    "destinations": [{"server": "*", "namespace": "*"}],
    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
}


class InvalidSpecError(PromptKafkaError):
    """The Application itself is wrong."""

    code = "application"


@dataclass(frozen=True, slots=True)
class Compared:
    """An application at one commit, against the cluster."""

    revision: str
    targets: Targets
    live: Mapping[Identity, Object]
    comparison: Comparison
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Memory:
    """What is kept of an application's last comparison, so that an unchanged object costs nothing."""

    manifests: Manifests
    served: object
    ignored: object
    targets: Targets
    verdicts: dict[tuple[Identity, str, str], bool] = field(default_factory=dict)


class Comparer:
    """Compares applications.

    Parameters
    ----------
    renderer, live, cache
        Git's side, the cluster's side, and its kinds.
    """

    def __init__(self, renderer: Renderer, live: LiveState, cache: ClusterCache) -> None:
        self.renderer = renderer
        self._live = live
        self._cache = cache
        self._lock = threading.Lock()
        self._memory: dict[str, _Memory] = {}

    def check(self, application: Object) -> None:
        """Check the Application itself.

        Raises
        ------
        InvalidSpecError
            Its project or its destination does not exist, or the project does not permit it.
        """
        spec = application["spec"]
        destination = spec.get("destination") or {}
        name, server = spec.get("project") or "default", destination.get("server") or IN_CLUSTER
        if server != IN_CLUSTER or destination.get("name") not in (None, "", "in-cluster"):
            where = destination.get("name") or server
            raise InvalidSpecError(f"cluster {where} is not in this lab", next=f"use {IN_CLUSTER}")
        project = self._project(application)
        if project is None:
            raise InvalidSpecError(f"Application referencing project {name} which does not exist")
        for source in [spec.get("source") or {}, *(spec.get("sources") or ())]:
            url = str(source.get("repoURL") or "")
            if url and not projects.permits_source(project, url):
                raise InvalidSpecError(f"application repo {url} is not permitted in project '{name}'")
        namespace = str(destination.get("namespace") or "")
        if not projects.permits_destination(project, server, namespace):
            raise InvalidSpecError(
                f"application destination server '{server}' and namespace '{namespace}' do not match any of "
                f"the allowed destinations in project '{name}'"
            )

    def refused(self, application: Object, targets: Targets) -> list[Identity]:
        """Return the objects that the application's project does not permit."""
        return projects.refused_kinds(self._project(application) or {}, targets.objects)

    def _project(self, application: Object) -> Mapping[str, Any] | None:
        """Return the specification of an application's project; a missing ``default`` permits everything."""
        name = application["spec"].get("project") or "default"
        namespace = application["metadata"]["namespace"]
        found = self._cache.get(APP_PROJECT.group, APP_PROJECT.kind, namespace, name)
        if found is None:
            return _EVERYTHING if name == "default" else None
        spec: Mapping[str, Any] = found.get("spec") or {}
        return spec

    def compare(
        self,
        application: Object,
        revision: str,
        *,
        source: Mapping[str, Any] | None = None,
        manifests: list[str] | None = None,
    ) -> Compared:
        """Compare an application at a commit.

        Parameters
        ----------
        application
            The Application.
        revision
            The commit.
        source
            Of an operation that overrides the Application's.
        manifests
            Given instead of what Git says (a local sync): documents as text.

        Raises
        ------
        ManifestError
            The manifests cannot be made.
        """
        name = application["metadata"]["name"]
        ignored = application["spec"].get("ignoreDifferences") or []
        if manifests is not None:
            made = Manifests(revision, tuple(documents.parse(each) for each in manifests))
        else:
            made = self.renderer.render(application, source or status.source_of(application), revision)
        memory = self._remember(application, made, ignored)
        live = self._live.of(memory.targets)
        owned = self._live.owned(name)

        def differs(which: Identity, wanted: Manifest, there: Manifest) -> bool:
            metadata = there["metadata"]
            key = (which, metadata.get("uid", ""), metadata.get("resourceVersion", ""))
            if key not in memory.verdicts:
                memory.verdicts[key] = comparison.differs(wanted, there, ignored)
            return memory.verdicts[key]

        outcome = comparison.compare(memory.targets, live, owned, differs=differs)
        notes = [("LabStandIn", note) for note in made.notes]
        notes += [
            ("SharedResourceWarning", f"{describe(which)} is part of applications {name} and {other}")
            for which, obj in live.items()
            if (other := instance(obj)) and other != name
        ]
        return Compared(revision, memory.targets, live, outcome, tuple(notes))

    def _remember(self, application: Object, made: Manifests, ignored: object) -> _Memory:
        name, served = application["metadata"]["name"], self._cache.served
        with self._lock:
            memory = self._memory.get(name)
        if (
            memory is not None
            and memory.manifests is made
            and memory.served is served
            and memory.ignored == ignored
            and len(memory.verdicts) < 5000
        ):
            return memory
        targets = prepare(
            made.objects,
            application=name,
            namespace=application["spec"]["destination"].get("namespace") or "default",
            served=served,
        )
        memory = _Memory(made, served, ignored, targets)
        with self._lock:
            self._memory[name] = memory
        return memory

    def targets_of(self, name: str) -> Targets | None:
        """Return what an application wanted when it was last compared."""
        with self._lock:
            memory = self._memory.get(name)
        return memory.targets if memory else None


__all__ = ["Compared", "Comparer", "InvalidSpecError", "ManifestError"]
