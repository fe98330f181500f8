"""The service itself on both servers: Strimzi's own definitions and everything that our charts render."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_kafka.clients import strimzi_schemas
from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.clients.kinds import kind_of
from tests.contracts.conftest import install
from tests.contracts.servers import MERGE, Api, Object
from tests.contracts.test_custom_resources import DEFINITIONS

pytestmark = pytest.mark.network

VERSION = "0.51.0"


@pytest.fixture(scope="module")
def strimzi(api: Api) -> Api:
    for definition in strimzi_schemas.strimzi(VERSION):
        if api.send("GET", f"{DEFINITIONS}/{definition['metadata']['name']}").status_code == 404:
            install(api, definition)
    return api


def kafka(name: str, **spec: Any) -> Object:
    listener = {"name": "plain", "port": 9092, "type": "internal", "tls": False}
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "Kafka",
        "metadata": {"name": name},
        "spec": {"kafka": {"version": "4.1.1", "listeners": [listener], **spec}},
    }


@pytest.mark.parametrize("environment", ["lab", "usdfprod-prompt-processing"])
def test_what_the_charts_render_is_accepted(strimzi: Api, environment: str) -> None:
    repository = Repository(shipped())
    parent = repository.app_of_apps(environment, "https://git.example.org/phalanx", "main")
    applications = [r.manifest for r in parent.resources if r.manifest["kind"] == "Application"]
    assert applications
    count = 0
    for manifest in [r.manifest for r in parent.resources]:
        _accept(strimzi, manifest)
    for application in applications:
        space = application["spec"]["destination"]["namespace"]
        for resource in repository.render_application(application).resources:
            _accept(strimzi, resource.manifest, space)
            count += 1
    assert count > 10


def _accept(api: Api, manifest: Object, space: str | None = None) -> None:
    """Create an object as a dry run, its namespace for real; unknown fields are not forgiven."""
    kind = kind_of(manifest)
    namespace = manifest["metadata"].get("namespace", space) if kind.namespaced else None
    if namespace:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        assert api.send("POST", "/api/v1/namespaces", body).status_code in (201, 409)
    # Kinds of monitoring stacks that neither server has.
    if kind.group == "monitoring.coreos.com":
        return
    body = {**manifest, "metadata": {**manifest["metadata"]}}
    body["metadata"].pop("namespace", None)
    query: dict[str, str] = {"dryRun": "All", "fieldValidation": "Strict"}
    answer = api.send("POST", kind.path(namespace), body, **query)
    assert answer.status_code in (201, 409), (manifest["kind"], manifest["metadata"]["name"], answer.text)


def test_what_strimzi_refuses(strimzi: Api, space: str) -> None:
    path = f"/apis/kafka.strimzi.io/v1/namespaces/{space}/kafkas"
    strimzi.ok("POST", path, kafka("good"))
    status = strimzi.refused(422, "POST", path, kafka("bad", listeners=[{"name": "plain"}]))
    # The real server adds that rules in CEL were not looked at.
    assert {cause["field"] for cause in status["details"]["causes"]} - {"<nil>"} == {
        "spec.kafka.listeners[0].port",
        "spec.kafka.listeners[0].type",
        "spec.kafka.listeners[0].tls",
    }
    status = strimzi.refused(422, "POST", path, kafka("bad", version=4))
    assert "spec.kafka.version in body must be of type string" in status["message"]
    status = strimzi.refused(400, "POST", path, kafka("bad", replicas=3), fieldValidation="Strict")
    assert 'unknown field "spec.kafka.replicas"' in status["message"]
    response = strimzi.send("POST", path, kafka("warned", replicas=3))
    assert response.headers.get_list("Warning") == ['299 - "unknown field \\"spec.kafka.replicas\\""']
    assert "replicas" not in response.json()["spec"]["kafka"]


def test_both_versions_are_served_and_the_old_one_warns(strimzi: Api, space: str) -> None:
    strimzi.ok("POST", f"/apis/kafka.strimzi.io/v1/namespaces/{space}/kafkas", kafka("one"))
    response = strimzi.send("GET", f"/apis/kafka.strimzi.io/v1beta2/namespaces/{space}/kafkas/one")
    assert response.json()["apiVersion"] == "kafka.strimzi.io/v1beta2"
    assert any("deprecated" in warning for warning in response.headers.get_list("Warning"))


def test_the_status_of_a_kafka(strimzi: Api, space: str) -> None:
    path = f"/apis/kafka.strimzi.io/v1/namespaces/{space}/kafkas"
    strimzi.ok("POST", path, kafka("one"))
    status = {"conditions": [{"type": "Ready", "status": "True"}], "observedGeneration": 1, "nothing": 1}
    changed = strimzi.ok("PATCH", path + "/one/status", {"status": status}, media=MERGE)
    assert changed["status"] == {k: v for k, v in status.items() if k != "nothing"}
    assert changed["metadata"]["generation"] == 1


def test_a_pod_set_keeps_whole_pods(strimzi: Api, space: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "annotations": {"x": "y"}},
        "spec": {"containers": [{"name": "kafka", "image": "x", "anything": {"at": ["all"]}}]},
    }
    body = {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "metadata": {"name": "one"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "pods": [pod]},
    }
    path = f"/apis/core.strimzi.io/v1/namespaces/{space}/strimzipodsets"
    assert strimzi.ok("POST", path, body)["spec"]["pods"] == [pod]


def test_a_node_pool_is_scaled(strimzi: Api, space: str) -> None:
    path = f"/apis/kafka.strimzi.io/v1/namespaces/{space}/kafkanodepools"
    body = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaNodePool",
        "metadata": {"name": "kafka", "labels": {"strimzi.io/cluster": "one"}},
        "spec": {"replicas": 3, "roles": ["broker"], "storage": {"type": "ephemeral"}},
    }
    strimzi.ok("POST", path, body)
    scaled = strimzi.ok("PATCH", path + "/kafka/scale", {"spec": {"replicas": 4}}, media=MERGE)
    assert scaled["spec"]["replicas"] == 4
    assert strimzi.ok("GET", path + "/kafka")["metadata"]["generation"] == 2


def test_an_operator_of_one_version_only_waits_for_the_stored_one(strimzi: Api) -> None:
    """The move to 1.x is refused while ``v1beta2`` is a stored version (facts/strimzi.md, issue 12751)."""
    new = next(d for d in strimzi_schemas.strimzi("1.2.0") if d["spec"]["names"]["kind"] == "KafkaRebalance")
    path = f"{DEFINITIONS}/{new['metadata']['name']}"
    present = strimzi.ok("GET", path)
    present["spec"]["versions"] = new["spec"]["versions"]
    status = strimzi.refused(422, "PUT", path, present)
    assert "status.storedVersions[0]" in status["message"]
    assert 'Invalid value: "v1beta2"' in status["message"]
