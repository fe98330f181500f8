from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.lab import git
from prompt_kafka.lab.argocd.controller import ApplicationController
from prompt_kafka.lab.argocd.rendering import Renderer
from prompt_kafka.lab.cache import ClusterCache
from tests.lab.cluster import KINDS, Cluster, eventually, running

TERMINAL = ("Succeeded", "Failed", "Error")


def pytest_collection_modifyitems(config, items):
    missing = {"KUBEBUILDER_ASSETS": "kube_apiserver", "PHALANX_CHECKOUT": "phalanx"}
    absent = {marker for name, marker in missing.items() if not os.environ.get(name)}
    here = Path(__file__).parent
    out = [item for item in items if here in item.path.parents and absent & set(item.keywords)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session", params=KINDS)
def cluster(request, tmp_path_factory):
    with running(request.param, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def argocd(cluster, tmp_path_factory):
    cache = ClusterCache(cluster.kubernetes)
    cache.start()
    renderer = Renderer(tmp_path_factory.mktemp("checkouts"))
    controller = ApplicationController(cluster.kubernetes, cache, renderer, factor=20.0)
    controller.start()
    yield controller
    controller.stop()
    cache.stop()


@dataclass
class App:
    """An application of its own, with its own repository and namespace."""

    cluster: Cluster
    name: str
    space: str
    tree: Path
    bare: Path
    url: str = ""
    written: dict[str, str] = field(default_factory=dict)

    def write(self, **templates: str) -> None:
        """Commit these templates (and no others)."""
        folder = self.tree / "applications" / self.name
        (folder / "templates").mkdir(parents=True, exist_ok=True)
        (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {self.name}\nversion: 1.0.0\n")
        (folder / "values.yaml").write_text("{}\n")
        for old in (folder / "templates").iterdir():
            old.unlink()
        for name, text in templates.items():
            (folder / "templates" / f"{name}.yaml").write_text(text)
        environments = self.tree / "environments"
        environments.mkdir(exist_ok=True)
        (environments / "Chart.yaml").write_text("apiVersion: v2\nname: environments\nversion: 1.0.0\n")
        self.url = git.seed(self.tree, self.bare)

    @property
    def head(self) -> str:
        return git.resolve(self.bare, "main")

    def create(self, **spec: Any) -> None:
        self.cluster.kubernetes.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": self.name, "namespace": "argocd"},
                "spec": {
                    "project": "default",
                    "destination": {"server": "https://kubernetes.default.svc", "namespace": self.space},
                    "source": {
                        "repoURL": self.url,
                        "targetRevision": "main",
                        "path": f"applications/{self.name}",
                        "helm": {"valueFiles": ["values.yaml"]},
                    },
                    **spec,
                },
            }
        )
        eventually(lambda: self.status.get("reconciledAt"))

    @property
    def object(self) -> dict[str, Any]:
        return self.cluster.kubernetes.get(APPLICATION, self.name, "argocd")

    @property
    def status(self) -> dict[str, Any]:
        return self.object.get("status") or {}

    @property
    def sync(self) -> str:
        return self.status.get("sync", {}).get("status", "")

    def resources(self) -> dict[str, str]:
        return {f"{r['kind']}/{r['name']}": r["status"] for r in self.status.get("resources") or ()}

    def patch(self, body: dict[str, Any]) -> None:
        self.cluster.kubernetes.patch(APPLICATION, self.name, "argocd", body)

    def refresh(self, how: str = "normal", stamp: str = "2026-01-01T00:00:00.123456789Z") -> None:
        names = {"argocd.argoproj.io/refresh": how, "argocd.argoproj.io/refresh-timestamp": stamp}
        self.patch({"metadata": {"annotations": names}})
        eventually(lambda: not set(names) & set(self.object["metadata"].get("annotations") or {}))

    def operate(
        self, *, wait: bool = True, retry: dict[str, Any] | None = None, **sync: Any
    ) -> dict[str, Any]:
        run = uuid.uuid4().hex
        operation = {
            "initiatedBy": {"username": "test"},
            "info": [{"name": "run", "value": run}],
            "sync": sync,
            **({"retry": retry} if retry else {}),
        }
        self.patch({"operation": operation, "status": {"operationState": None}})

        def mine() -> dict[str, Any]:
            state = self.status.get("operationState") or {}
            info = (state.get("operation") or {}).get("info") or []
            return state if {"name": "run", "value": run} in info else {}

        if not wait:
            return eventually(mine)
        return eventually(lambda: (s := mine()).get("phase") in TERMINAL and s)


@pytest.fixture
def app(cluster, argocd, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    name = f"app-{uuid.uuid4().hex[:8]}"
    return App(cluster, name, cluster.namespace(), tree, tmp_path / "bare.git")
