"""The same service and the same restart with a real kube-apiserver, etcd and kube-controller-manager in the
place of the lab's API server: the lab's own hides nothing.

The lab's kubelet registers nodes and binds pods there; logs, exec and port-forward are left out, they are a
real kubelet's part. Kubernetes' own controllers do deployments, endpoints and garbage collection.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.clients import gitops
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab import argocd, crds, git, processes, service_file
from prompt_kafka.lab.controllers import BESIDE_CONTROLLER_MANAGER
from prompt_kafka.lab.kubelet.kubelet import Kubelet
from prompt_kafka.lab.state import LabState
from tests.contracts.conftest import install
from tests.contracts.servers import kube_server
from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.kube_apiserver]


@pytest.fixture(scope="module")
def state(user: User) -> Iterator[LabState]:
    """Everything of a lab but its API server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(user.home / "state"))
        made = LabState.create("lab")
    with kube_server(made.root, Path(os.environ["KUBEBUILDER_ASSETS"])) as api:
        for definition in crds.lab():
            install(api, definition)
        url = git.seed(gitops.shipped(), made.git, say=print)
        with Kubernetes.connect(made.kubeconfig) as kubernetes:
            kubelet = Kubelet(kubernetes, made)
            kubelet.start()
            controllers = processes.start(
                [
                    *(sys.executable, "-m", "prompt_kafka.lab.controllers"),
                    *("--kubeconfig", str(made.kubeconfig), "--settings", str(made.settings_file)),
                    *("--controllers", ",".join(BESIDE_CONTROLLER_MANAGER)),
                ],
                state=made.root,
                log=made.log("controllers"),
            )
            try:
                argocd.install(kubernetes, made.settings, url, say=print)
                service_file.write(made, ())
                yield made
            finally:
                kubelet.stop()
                processes.stop([controllers], 10)
                processes.stop(processes.marked(made.root), 20)


def test_the_service_comes_up_and_is_proved(user: User, state: LabState) -> None:
    def healthy() -> bool:
        return user.run("status", code=None).returncode == 0

    wait_until(healthy, 180, "a healthy service")
    found = user.json("status")
    assert found["healthy"] is True
    assert [pod["ready"] for pod in found["world"]["nodes"]["value"]["pods"]] == [True] * 6
    # A real API server fills in defaults, which the lab's Argo CD counts as a change of the operator.
    assert [each for each in found["warnings"] if each["objects"] != ["strimzi"]] == []


def test_a_restart_passes(user: User, state: LabState) -> None:
    record = user.json("restart", "--yes")
    assert record["state"] == "done"
    assert "canary back in" in " ".join(record["steps"][-1]["evidence"])


def test_it_is_a_real_one(state: LabState) -> None:
    version = subprocess.run(
        [Path(os.environ["KUBEBUILDER_ASSETS"]) / "kube-apiserver", "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with Kubernetes.connect(state.kubeconfig) as kubernetes:
        assert str(kubernetes.version()) in version or version.split()[-1] in str(kubernetes.version())
