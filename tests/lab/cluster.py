"""A running API, lab's or real, with the lab's definitions: what tests of controllers stand on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab import crds
from tests.contracts.conftest import install
from tests.contracts.servers import kube_server, lab_server

T = TypeVar("T")

KINDS = [
    "lab",
    pytest.param("kube-apiserver", marks=pytest.mark.kube_apiserver),
]


def definition(
    kind: str, group: str = "kafka.strimzi.io", versions: tuple[str, ...] = ("v1",)
) -> dict[str, Any]:
    plural = kind.lower() + "s"
    keep = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    known = {"type": "object", "properties": {"partitions": {"type": "integer"}, "config": keep}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": known, "status": keep}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": number == 0,
                    "schema": schema,
                    "subresources": {"status": {}},
                }
                for number, version in enumerate(versions)
            ],
        },
    }


@dataclass
class Cluster:
    kubernetes: Kubernetes
    kubeconfig: Path
    real: bool

    def namespace(self, name: str | None = None) -> str:
        metadata = {"name": name} if name else {"generateName": "t-"}
        made = self.kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        return str(made["metadata"]["name"])


@contextmanager
def running(kind: str, root: Path, port: int | None = None) -> Iterator[Cluster]:
    with lab_server(root, port) if kind == "lab" else kube_server(root, _without_controllers(root)) as api:
        for each in (*crds.lab(), definition("KafkaTopic"), definition("KafkaUser")):
            name = each["metadata"]["name"]
            if (
                api.send("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}").status_code
                == 404
            ):
                install(api, each)
        with Kubernetes.connect(api.kubeconfig) as kubernetes:
            if kubernetes.find(NAMESPACE, "argocd") is None:
                kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
            yield Cluster(kubernetes, api.kubeconfig, api.real)


def _without_controllers(root: Path) -> Path:
    """Return the real servers without their controller manager: here our controllers do its work."""
    folder = root / "assets"
    folder.mkdir()
    for name in ("etcd", "kube-apiserver"):
        (folder / name).symlink_to(Path(os.environ["KUBEBUILDER_ASSETS"]) / name)
    return folder


def eventually(look: Callable[[], T], *, seconds: float = 20.0) -> T:
    """Return what `look` says as soon as it is true; fail when it does not become so."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"does not become true: {look.__name__}, last {found!r}")
        time.sleep(0.01)
