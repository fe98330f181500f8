"""``doctor`` looks at a real API and a real Kafka, and changes nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from prompt_kafka.adapters.doctor import examine
from prompt_kafka.cli.doctor import command
from prompt_kafka.core.doctor import Examined, findings, works
from prompt_kafka.core.service import Environment
from prompt_kafka.core.verdict import Answer
from prompt_kafka.lab import crds
from tests.adapters.conftest import CLUSTER, NETWORK, SPACE, Object, Stage
from tests.contracts.conftest import install
from tests.lab.cluster import definition

SECRETS = ("admin-secret-for-tests", "the-writers-password")


def git(*words: str, cwd: Path) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *words], cwd=cwd, check=True, capture_output=True)


def whole(kind: str) -> Object:
    """A definition that keeps every field."""
    made = definition(kind)
    properties = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    properties["spec"] = properties["status"]
    return made


@pytest.fixture(scope="module")
def installed(stage: Stage) -> None:
    for each in (*crds.lab(), *(whole(kind) for kind in ("Kafka", "KafkaTopic", "KafkaUser"))):
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        if stage.api.send("GET", f"{path}/{each['metadata']['name']}").status_code == 404:
            install(stage.api, each)


@pytest.fixture
def environment(
    stage: Stage, installed: None, pods: list[Object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Environment]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kafka = stage.kafka(external=stage.broker.address)
    root = "/apis/kafka.strimzi.io/v1"
    group = {"apiVersion": "kafka.strimzi.io/v1"}
    made = {**group, "kind": "Kafka", "metadata": {"name": CLUSTER}, "spec": kafka["spec"]}
    kafkas = f"{root}/namespaces/{SPACE}/kafkas"
    stage.api.ok("POST", kafkas, made)
    media = "application/merge-patch+json"
    status = {"status": {**kafka["status"], "clusterId": stage.node.cluster_id}}
    stage.api.ok("PATCH", f"{kafkas}/{CLUSTER}/status", status, media=media)
    reference = {"secretKeyRef": {"name": "prompt-kafka", "key": "butler-writer"}}
    user = {
        **group,
        "kind": "KafkaUser",
        "metadata": {"name": "butler-writer"},
        "spec": {"authentication": {"type": "scram-sha-512", "password": {"valueFrom": reference}}},
    }
    users = f"{root}/namespaces/{SPACE}/kafkausers"
    stage.api.ok("POST", users, user)
    stage.secret("prompt-kafka", **{"butler-writer": "the-writers-password"})
    bare, tree = tmp_path / "bare.git", tmp_path / "tree"
    git("init", "-q", "--bare", "-b", "main", str(bare), cwd=tmp_path)
    git("clone", "-q", str(bare), str(tree), cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "first", cwd=tree)
    git("push", "-q", "origin", "HEAD:main", cwd=tree)
    yield Environment(
        "here",
        kubeconfig=str(stage.api.kubeconfig),
        namespace=SPACE,
        cluster=CLUSTER,
        repository=str(bare),
    )
    stage.api.send("DELETE", f"{kafkas}/{CLUSTER}")
    stage.api.send("DELETE", f"{users}/butler-writer")


def answers(examined: Examined) -> dict[str, tuple[Answer, str]]:
    return {f"{f.section}/{f.name}": (f.answer, f.said) for f in findings(examined)}


def test_what_works_is_seen(environment: Environment, stage: Stage) -> None:
    before = len(stage.api.ok("GET", "/api/v1/configmaps")["items"])
    seen = answers(examine(environment, variables={"https_proxy": "http://ada:S3CRET@proxy:3128"}))
    assert seen["Kubernetes/API"][0] is Answer.YES
    assert seen["Kubernetes/clock of the API"][0] is Answer.YES
    assert {answer for name, (answer, _) in seen.items() if name.startswith("Rights/")} == {Answer.YES}
    assert stage.node.cluster_id in seen["Kafka/Kafka resource"][1]
    assert seen["Kafka/route to the brokers"] == (Answer.YES, f"listener external ({NETWORK}.9:9094)")
    assert seen["Kafka/login of kafka-admin (looks)"] == (Answer.YES, "logs in")
    assert seen["Kafka/login of canary (canary)"] == (Answer.UNKNOWN, "the charts bring no such user")
    assert seen["Kafka/login of kafka-reader (reads)"] == (
        Answer.UNKNOWN,
        "the charts bring no such user: kafka-admin reads, over what refuses to write",
    )
    assert seen["Kafka/quorum"] == (Answer.YES, "1 of 1 controllers answer, 1 leads; asked by direct")
    assert seen["Kafka/clock of Kafka"][0] is Answer.YES
    assert seen["Delivery/Git push"] == (Answer.YES, "to main would be taken")
    assert seen["Delivery/Secret prompt-kafka"] == (Answer.YES, "has butler-writer")
    # There is no Application in this API: that is the one thing that fails.
    assert [name for name, (answer, _) in seen.items() if answer is Answer.NO] == ["Delivery/Argo CD"]
    said = str(seen)
    assert not [secret for secret in (*SECRETS, "S3CRET") if secret in said]
    assert "HTTPS_PROXY=http://proxy:3128" in seen["Announcing/proxies"][1]
    assert len(stage.api.ok("GET", "/api/v1/configmaps")["items"]) == before


def test_one_broken_thing_is_one_failure(environment: Environment, stage: Stage) -> None:
    stage.remove("secrets", "prompt-kafka")
    stage.secret("kafka-admin", password="not-the-password")
    try:
        seen = answers(examine(replace(environment, repository="/no/such/repository"), variables={}))
    finally:
        from tests.kafka_node import USERS

        stage.secret("kafka-admin", password=USERS["kafka-admin"])
    assert [name for name, (answer, _) in seen.items() if answer is Answer.NO] == [
        "Kafka/login of kafka-admin (looks)",
        "Delivery/Argo CD",
        "Delivery/Git repository",
        "Delivery/Secret prompt-kafka",
    ]
    assert seen["Delivery/Git push"][0] is Answer.UNKNOWN
    assert "not-the-password" not in str(seen)


def test_an_api_that_is_down(environment: Environment, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(stage.api.kubeconfig.read_text().replace(f":{stage.api.port}", ":1"))
    seen = answers(examine(replace(environment, kubeconfig=str(file)), variables={}))
    failed = [name for name, (answer, _) in seen.items() if answer is Answer.NO]
    assert failed == ["Kubernetes/API"]
    assert seen["Kafka/quorum"] == (Answer.UNKNOWN, "the Kubernetes API does not answer")


def test_no_kubeconfig(tmp_path: Path) -> None:
    examined = examine(Environment("here", kubeconfig=str(tmp_path / "none")), variables={})
    found = findings(examined)
    assert [f.name for f in found if f.answer is Answer.NO] == ["kubeconfig"]
    assert not works(found)


def test_the_command(environment: Environment, stage: Stage, tmp_path: Path) -> None:
    config = tmp_path / "service.yaml"
    entry = {"kubeconfig": environment.kubeconfig, "namespace": SPACE, "cluster": CLUSTER}
    config.write_text(json.dumps({"schema": 1, "environments": {"here": entry}}))
    result = CliRunner().invoke(
        command, ["--config", str(config), "-e", "here", "-o", "json"], standalone_mode=False
    )
    assert result.exception is None, result.output
    document = json.loads(result.output)
    assert result.return_value == 1
    assert document["works"] is False
    names = {finding["name"]: finding["answer"] for finding in document["findings"]}
    assert (names["API"], names["Argo CD"]) == ("yes", "no")
    result = CliRunner().invoke(command, ["--config", str(config), "-e", "here"], standalone_mode=False)
    assert "✓ API: answers" in result.output
    assert "✗ Argo CD" in result.output
