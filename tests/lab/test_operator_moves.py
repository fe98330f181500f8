"""The operator's version is a commit: the lab's Argo CD brings another one like any other change."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from prompt_kafka.clients.gitops import shipped
from prompt_kafka.clients.kinds import APPLICATION, CRD, DEPLOYMENT
from prompt_kafka.lab import forced, git
from prompt_kafka.lab.argocd import install
from tests.killing.scene import IDENTITY
from tests.lab.cluster import Cluster, eventually
from tests.lab.test_controllers import cluster, process, settings

__all__ = ["cluster", "process", "settings"]


def test_the_operator_and_its_definitions_move_by_a_commit(
    cluster: Cluster,
    settings,  # type: ignore[no-untyped-def]
    process: object,
    tmp_path: Path,
) -> None:
    old = replace(settings, strimzi_version="0.50.1")
    bare = tmp_path / "lab" / "git" / "phalanx.git"
    url = git.seed(shipped(), bare, edits=forced.edits(shipped(), old, print))
    install(cluster.kubernetes, old, url)
    assert _image(cluster) == "strimzi/operator:0.50.1"

    _commit(bare, tmp_path / "work")
    annotation = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
    cluster.kubernetes.patch(APPLICATION, "strimzi", "argocd", annotation)

    def different() -> bool:
        status = cluster.kubernetes.get(APPLICATION, "strimzi", "argocd").get("status") or {}
        return bool(status.get("sync", {}).get("status") == "OutOfSync")

    eventually(different)
    operation = {"initiatedBy": {"username": "ada"}, "sync": {"prune": False}}
    cluster.kubernetes.patch(APPLICATION, "strimzi", "argocd", {"operation": operation})

    def synced() -> bool:
        status = cluster.kubernetes.get(APPLICATION, "strimzi", "argocd").get("status") or {}
        revision = status.get("sync", {}).get("revision")
        head = git.resolve(bare, "main")
        return bool(status.get("sync", {}).get("status") == "Synced" and revision == head)

    eventually(synced)
    assert _image(cluster) == "strimzi/operator:0.51.0"
    kafkas = cluster.kubernetes.get(CRD, "kafkas.kafka.strimzi.io")
    assert kafkas["status"]["storedVersions"] == ["v1beta2"]
    assert {each["name"] for each in kafkas["spec"]["versions"] if each["served"]} == {"v1", "v1beta2"}


def _image(cluster: Cluster) -> str:
    deployment = cluster.kubernetes.get(DEPLOYMENT, "strimzi-cluster-operator", "strimzi")
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def _commit(bare: Path, folder: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(bare), str(folder)], check=True)
    chart = folder / forced.CHART
    chart.write_text(chart.read_text().replace("version: 0.50.1", "version: 0.51.0"))
    for words in (("commit", "-qam", "Operator 0.51.0"), ("push", "-q", "origin", "HEAD:main")):
        subprocess.run(["git", "-C", str(folder), *words], check=True, env={**os.environ, **IDENTITY})
