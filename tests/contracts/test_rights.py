"""``doctor`` asks the real API server for rights, as a user who has only some."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from prompt_kafka.adapters.doctor import examine
from prompt_kafka.core.doctor import findings
from prompt_kafka.core.service import Environment
from prompt_kafka.core.verdict import Answer
from tests.contracts.servers import Api
from tests.contracts.test_ways_in import client_certificate, only_the_real_one

RBAC = "/apis/rbac.authorization.k8s.io/v1"
LOOKS = [
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"]},
    {
        "apiGroups": ["kafka.strimzi.io", "core.strimzi.io", "argoproj.io", "apps"],
        "resources": ["*"],
        "verbs": ["get", "list"],
    },
]
RESTARTS = {"apiGroups": ["core.strimzi.io"], "resources": ["strimzipodsets"], "verbs": ["patch"]}


@only_the_real_one
def test_a_user_who_may_only_look(
    api: Api, space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    api.ok(
        "POST",
        f"{RBAC}/namespaces/{space}/roles",
        {"metadata": {"name": "looks"}, "rules": [*LOOKS, RESTARTS]},
    )
    subject = {"kind": "User", "name": "viewer", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "Role", "name": "looks", "apiGroup": "rbac.authorization.k8s.io"}
    body = {"metadata": {"name": "looks"}, "subjects": [subject], "roleRef": reference}
    api.ok("POST", f"{RBAC}/namespaces/{space}/rolebindings", body)
    environment = Environment(
        "here",
        kubeconfig=str(kubeconfig(api, tmp_path)),
        namespace=space,
        operator_namespace=space,
        argocd_namespace=space,
    )
    found = {f.name: f for f in findings(examine(environment, variables={}))}
    assert found["look"].answer is Answer.YES
    annotate = found["Annotate: restart, pause and resume"]
    assert annotate.answer is Answer.NO
    assert annotate.said.startswith(
        f"no right to patch pods in {space}, patch kafkas.kafka.strimzi.io in {space}"
    )
    assert found["keep runs with the cluster"].answer is Answer.NO
    assert found["Sync: deployment: sync"].said == f"no right to patch applications.argoproj.io in {space}"
    assert found["reach pods by port-forward"].answer is Answer.UNKNOWN
    assert found["API"].said.startswith("answers, v1.")


def kubeconfig(api: Api, folder: Path) -> Path:
    made = client_certificate(api, "viewer", group="viewers")
    document = json.loads(api.kubeconfig.read_text())
    document["users"][0]["user"] = {
        "client-certificate-data": base64.b64encode(made["clientCertificateData"].encode()).decode(),
        "client-key-data": base64.b64encode(made["clientKeyData"].encode()).decode(),
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    return file
