"""The controllers as a process of their own, and an environment set up through them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prompt_kafka.clients.gitops import UnknownEnvironmentError
from prompt_kafka.clients.kinds import APPLICATION, CONFIG_MAP, DEPLOYMENT, LEASE, POD, SECRET
from prompt_kafka.lab import git
from prompt_kafka.lab.apiserver import prepare
from prompt_kafka.lab.argocd import InstallError, install
from prompt_kafka.lab.settings import LabSettings
from tests.contracts.servers import free_port
from tests.lab.cluster import Cluster, eventually, running

APPLICATION_TEMPLATE = """{{- range $name, $on := .Values.applications }}{{ if $on }}
---
apiVersion: v1
kind: Namespace
metadata: {name: {{ $name }}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: {{ $name }}, namespace: argocd}
spec:
  project: default
  destination: {namespace: {{ $name }}, server: "https://kubernetes.default.svc"}
  source:
    repoURL: {{ $.Values.repoUrl | quote }}
    targetRevision: {{ $.Values.targetRevision }}
    path: applications/{{ $name }}
    helm:
      valueFiles: [values.yaml, "values-{{ $.Values.name }}.yaml"]
      parameters: [{name: global.host, value: localhost}]
{{- end }}{{ end }}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: version}\ndata: {kafka: {{ VALUE | quote }}}\n"
WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "x:1"}]}
"""
VAULT = """apiVersion: ricoberger.de/v1alpha1
kind: VaultSecret
metadata: {name: v}
spec: {path: secret/lab/prompt-kafka, type: Opaque}
"""


def chart(folder: Path, values: str = "{}\n", **templates: str) -> None:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text(values)
    (folder / "values-lab.yaml").write_text("name: lab\n")
    for name, text in templates.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    switches = (
        "applications: {strimzi: true, prompt-kafka: true, sasquatch: true}\nappOfAppsName: everything\n"
    )
    chart(root / "environments", switches, apps=APPLICATION_TEMPLATE)
    chart(root / "applications" / "strimzi", web=WEB)
    value = '(index .Values "strimzi-kafka").kafka.version'
    values = "strimzi-kafka: {kafka: {version: 4.1.1}}\n"
    chart(root / "applications" / "prompt-kafka", values, c=CONFIG.replace("VALUE", value), v=VAULT)
    (root / "applications" / "prompt-kafka" / "secrets.yaml").write_text("a-password: {description: x}\n")
    chart(root / "applications" / "sasquatch", web=WEB)
    return root


@pytest.fixture
def cluster(tmp_path):
    with running("lab", tmp_path / "lab") as found:
        yield found


@pytest.fixture
def settings(tmp_path):
    settings = LabSettings("t", "127.99", free_port(), free_port())
    (tmp_path / "lab").mkdir(exist_ok=True)
    (tmp_path / "lab" / "lab.json").write_text(settings.to_json())
    return settings


def start(cluster, folder):
    command = [sys.executable, "-m", "prompt_kafka.lab.controllers", "--kubeconfig", str(cluster.kubeconfig)]
    names = "slack,deployments,endpoints,load-balancers,vault-secrets,garbage,argocd,lease"
    command += ["--settings", str(folder / "lab.json"), "--controllers", names]
    with (folder / "controllers.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


@pytest.fixture
def process(cluster, settings, tmp_path):
    process = start(cluster, tmp_path / "lab")
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(10)


def lease(cluster):
    found = cluster.kubernetes.find(LEASE, "lab-controllers", "kube-system")
    return found["spec"] if found else None


def test_an_environment_is_set_up_as_an_administrator_does(cluster, settings, process, tree, tmp_path):
    url = git.seed(tree, tmp_path / "lab" / "git" / "phalanx.git")
    said = []
    done = install(cluster.kubernetes, settings, url, say=said.append)
    assert done.root == "everything"
    assert done.synced == ("everything", "strimzi", "prompt-kafka")
    assert [name for name, _ in done.not_run] == ["sasquatch"]
    assert cluster.kubernetes.get(CONFIG_MAP, "version", "prompt-kafka")["data"] == {"kafka": "4.1.1"}
    eventually(lambda: cluster.kubernetes.find(SECRET, "v", "prompt-kafka"))
    eventually(lambda: cluster.kubernetes.list(POD, "strimzi"))
    assert cluster.kubernetes.find(DEPLOYMENT, "web", "sasquatch") is None

    def out_of_sync():
        status = cluster.kubernetes.get(APPLICATION, "sasquatch", "argocd").get("status") or {}
        return status.get("sync", {}).get("status") == "OutOfSync"

    eventually(out_of_sync)
    again = install(cluster.kubernetes, settings, url)
    assert again.synced == ()


def test_a_failed_sync_stops_with_its_reason(cluster, settings, process, tree, tmp_path):
    (tree / "applications" / "strimzi" / "templates" / "web.yaml").write_text('{{ fail "not today" }}\n')
    url = git.seed(tree, tmp_path / "lab" / "git" / "phalanx.git")
    with pytest.raises(InstallError, match=r"sync of strimzi ended Error.*not today"):
        install(cluster.kubernetes, settings, url)


def test_an_unknown_environment_is_named_with_those_there_are(cluster, tree, tmp_path):
    url = git.seed(tree, tmp_path / "bare.git")
    wrong = LabSettings("t", "127.99", 1, 2, environment="nowhere")
    with pytest.raises(UnknownEnvironmentError) as raised:
        install(cluster.kubernetes, wrong, url)
    assert "known environments: lab" in str(raised.value)


def test_the_lease_is_renewed_and_given_up_at_the_end(cluster, process):
    first = eventually(lambda: lease(cluster))
    later = eventually(lambda: (now := lease(cluster))["renewTime"] > first["renewTime"] and now)
    age = datetime.now(UTC) - datetime.fromisoformat(later["renewTime"])
    assert age.total_seconds() < later["leaseDurationSeconds"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert lease(cluster)["holderIdentity"] == ""


def test_a_second_process_waits_until_the_first_has_died(cluster, process, tmp_path):
    holder = eventually(lambda: (lease(cluster) or {}).get("holderIdentity"))
    second = start(cluster, tmp_path / "lab")
    try:
        log = tmp_path / "lab" / "controllers.log"
        eventually(lambda: "another controllers process is running" in log.read_text())
        assert lease(cluster)["holderIdentity"] == holder
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        eventually(lambda: lease(cluster)["holderIdentity"] == f"controllers-{second.pid}")
    finally:
        second.terminate()
        second.wait(10)


def test_killed_in_the_middle_of_a_sync_the_next_one_ends_it(cluster, settings, process, tree, tmp_path):
    wave = "  annotations: {argocd.argoproj.io/sync-wave: '1'}\n"
    later = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: later\n{wave}"
    (tree / "applications" / "strimzi" / "templates" / "later.yaml").write_text(later)
    url = git.seed(tree, tmp_path / "lab" / "git" / "phalanx.git")
    up = threading.Thread(target=install, args=(cluster.kubernetes, settings, url))
    up.start()

    def waiting():
        found = cluster.kubernetes.find(APPLICATION, "strimzi", "argocd") or {}
        state = (found.get("status") or {}).get("operationState") or {}
        return "waiting for healthy state of apps/Deployment/web" in state.get("message", "")

    eventually(waiting, seconds=60)
    process.kill()
    process.wait(10)
    second = start(cluster, tmp_path / "lab")
    try:
        pod = eventually(lambda: cluster.kubernetes.list(POD, "strimzi"))[0]["metadata"]["name"]
        ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
        cluster.kubernetes.patch(POD, pod, "strimzi", ready, subresource="status")

        def ended():
            status = cluster.kubernetes.get(APPLICATION, "strimzi", "argocd")["status"]
            return status["operationState"]["phase"] == "Succeeded" and status

        assert len(eventually(ended, seconds=60)["history"]) == 1
        assert cluster.kubernetes.find(CONFIG_MAP, "later", "strimzi") is not None
        up.join(60)
        assert cluster.kubernetes.find(CONFIG_MAP, "version", "prompt-kafka") is not None
    finally:
        second.terminate()
        second.wait(10)


def test_an_api_server_that_restarts_is_followed_again(settings, tree, tmp_path):
    folder, port = tmp_path / "lab", free_port()
    url = git.seed(tree, folder / "git" / "phalanx.git")
    prepare(folder, port)
    cluster = Cluster(None, folder / "kubeconfig", False)
    process = start(cluster, folder)
    try:
        with running("lab", folder, port) as cluster:
            install(cluster.kubernetes, settings, url)
        with running("lab", folder, port) as cluster:
            renewed = lease(cluster)["renewTime"]
            eventually(lambda: lease(cluster)["renewTime"] > renewed, seconds=60)
            cluster.kubernetes.delete(
                POD, cluster.kubernetes.list(POD, "strimzi")[0]["metadata"]["name"], "strimzi"
            )
            eventually(lambda: cluster.kubernetes.list(POD, "strimzi"), seconds=60)
            path = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}
            cluster.kubernetes.patch(APPLICATION, "strimzi", "argocd", path)

            def answered():
                found = cluster.kubernetes.get(APPLICATION, "strimzi", "argocd")["metadata"]
                return "argocd.argoproj.io/refresh" not in (found.get("annotations") or {})

            eventually(answered, seconds=60)
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(10)
