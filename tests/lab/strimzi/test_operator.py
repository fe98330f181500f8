"""The cluster operator against a Kubernetes API without nodes: what it makes, and what it leaves alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from prompt_kafka.clients.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    KAFKA,
    NODE_POOL,
    POD,
    POD_SET,
    PVC,
    SECRET,
    SERVICE,
    Kind,
)
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.lab.strimzi import controllers
from prompt_kafka.lab.strimzi.model.secrets import decode
from prompt_kafka.lab.workloads.services import LoadBalancers
from tests.lab.cluster import KINDS, Cluster, running
from tests.lab.strimzi import values

Object = dict[str, Any]
OPERATOR = "strimzi-cluster-operator"
LABELS = {"name": OPERATOR}


def definition(kind: Kind) -> Object:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}
        },
        "subresources": {"status": {}},
    }
    names = {
        "kind": kind.kind,
        "plural": kind.plural,
        "singular": kind.kind.lower(),
        "listKind": f"{kind.kind}List",
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def until(condition: Any, what: str, timeout: float = 15.0) -> None:
    assert SYSTEM.wait_until(lambda: bool(condition()), timeout, interval=0.03), what


class Stage:
    """A namespace with the operator's loops, and a hand that plays the kubelet for the operator's pod."""

    def __init__(self, cluster: Cluster) -> None:
        self.api = cluster.kubernetes
        self.space = cluster.namespace()
        self._loops = [
            LoadBalancers(cluster.kubernetes, "127.90"),
            *controllers(cluster.kubernetes, SimpleNamespace(timer_factor=100.0)),
        ]
        for loop in self._loops:
            loop.start()

    def close(self) -> None:
        if self.api.find(POD, OPERATOR, self.space) is not None:
            self.remove(OPERATOR)
        for loop in reversed(self._loops):
            loop.stop()

    def make(self, obj: Object) -> Object:
        made = copy.deepcopy(obj)
        made["metadata"]["namespace"] = self.space
        for field in ("uid", "generation"):
            made["metadata"].pop(field, None)
        return self.api.create(made)

    def operator(self, version: str = "0.51.0") -> None:
        """Let an operator run."""
        container = {
            "name": OPERATOR,
            "image": f"strimzi/operator:{version}",
            "env": [{"name": "STRIMZI_NAMESPACE", "value": self.space}],
        }
        template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
        if self.api.find(DEPLOYMENT, OPERATOR, self.space) is None:
            spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
            self.make(
                {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": OPERATOR}, "spec": spec}
            )
        self.make(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": OPERATOR, "labels": LABELS},
                "spec": template["spec"],
            }
        )
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        self.api.patch(POD, OPERATOR, self.space, {"status": ready}, subresource="status")

    def deploy(self) -> None:
        for pool in values.POOLS:
            self.make(pool)
        self.make(values.KAFKA)

    def kafka(self) -> Object:
        return self.api.get(KAFKA, "prompt-kafka", self.space)

    def condition(self) -> tuple[str, str]:
        conditions = (self.kafka().get("status") or {}).get("conditions") or [{}]
        return conditions[-1].get("type", ""), conditions[-1].get("reason", "")

    def pods(self) -> dict[str, str]:
        found = self.api.list(POD, self.space, labels="strimzi.io/controller=strimzipodset")
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}

    def remove(self, name: str) -> None:
        self.api.delete(POD, name, self.space, grace=0)


@pytest.fixture(scope="module", params=KINDS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(request.param, tmp_path_factory.mktemp("operator")) as found:
        for kind in (KAFKA, NODE_POOL, POD_SET):
            found.kubernetes.create(definition(kind))
        until(
            lambda: all(found.kubernetes.serves(kind) for kind in (KAFKA, NODE_POOL, POD_SET)),
            "kinds are served",
        )
        yield found


@pytest.fixture
def stage(cluster: Cluster) -> Iterator[Stage]:
    made = Stage(cluster)
    yield made
    made.close()


def test_nothing_happens_without_an_operator(stage: Stage) -> None:
    stage.deploy()
    SYSTEM.sleep(0.5)
    assert "status" not in stage.kafka() and not stage.pods()


def test_what_a_new_cluster_consists_of(stage: Stage) -> None:
    stage.operator()
    stage.deploy()
    until(lambda: len(stage.pods()) == 6, "six pods")
    assert sorted(stage.pods()) == [
        *(f"prompt-kafka-controller-{n}" for n in range(3)),
        *(f"prompt-kafka-kafka-{n}" for n in (3, 4, 5)),
    ]
    api, space = stage.api, stage.space
    assert stage.condition() == ("NotReady", "Creating")
    pools = {pool["metadata"]["name"]: pool["status"]["nodeIds"] for pool in api.list(NODE_POOL, space)}
    assert pools == {"controller": [0, 1, 2], "kafka": [3, 4, 5]}
    text = api.get(CONFIG_MAP, "prompt-kafka-kafka-3", space)["data"]["server.config"]
    address = api.get(SERVICE, "prompt-kafka-kafka-3", space)["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert f"EXTERNAL-9094://{address}:9094" in text
    assert "BEGIN CERTIFICATE" in (
        decode(api.get(SECRET, "prompt-kafka-kafka-3", space), "prompt-kafka-kafka-3.crt") or ""
    )
    operators = api.get(SECRET, "prompt-kafka-cluster-operator-certs", space)
    assert set(operators["data"]) == {"cluster-operator.crt", "cluster-operator.key"}
    assert api.find(PVC, "data-0-prompt-kafka-kafka-5", space) is not None
    pod = api.get(POD, "prompt-kafka-kafka-3", space)
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "StrimziPodSet"
    until(
        lambda: (api.get(POD_SET, "prompt-kafka-kafka", space).get("status") or {}).get("currentPods") == 3,
        "the pod set's status",
    )


def test_pods_that_never_become_ready_are_told(stage: Stage) -> None:
    stage.operator()
    stage.deploy()
    until(lambda: len(stage.pods()) == 6, "six pods")
    until(lambda: stage.condition()[0] == "NotReady", "a failure")


def test_a_pod_comes_back_even_while_the_cluster_is_paused(stage: Stage) -> None:
    stage.operator()
    stage.deploy()
    until(lambda: len(stage.pods()) == 6, "six pods")
    pause = {"metadata": {"annotations": {"strimzi.io/pause-reconciliation": "true"}}}
    stage.api.patch(KAFKA, "prompt-kafka", stage.space, pause)
    before = stage.pods()["prompt-kafka-kafka-3"]
    stage.remove("prompt-kafka-kafka-3")
    until(lambda: stage.pods().get("prompt-kafka-kafka-3") not in (None, before), "the pod is back")


def test_a_paused_cluster_makes_nothing_and_says_so(stage: Stage) -> None:
    stage.operator()
    paused = values.kafka()
    paused["metadata"]["annotations"] = {"strimzi.io/pause-reconciliation": "true"}
    for pool in values.POOLS:
        stage.make(pool)
    stage.make(paused)
    until(lambda: stage.condition() == ("ReconciliationPaused", ""), "the condition")
    assert not stage.pods()
    assert set(stage.kafka()["status"]) == {"conditions", "observedGeneration"}


def test_nobody_looks_after_pods_while_the_operator_is_away(stage: Stage) -> None:
    stage.operator()
    stage.deploy()
    until(lambda: len(stage.pods()) == 6, "six pods")
    stage.remove(OPERATOR)
    until(lambda: stage.api.find(POD, OPERATOR, stage.space) is None, "the operator is gone")
    stage.remove("prompt-kafka-kafka-4")
    SYSTEM.sleep(0.5)
    assert len(stage.pods()) == 5
    stage.operator()
    until(lambda: len(stage.pods()) == 6, "six pods again")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("version", "4.0.0", "UnsupportedKafkaVersionException"),
        ("metadataVersion", "nonsense", "InvalidResourceException"),
        ("listeners", [], "InvalidResourceException"),
    ],
)
def test_what_cannot_be_is_refused_by_name(stage: Stage, field: str, value: Any, reason: str) -> None:
    stage.operator()
    wrong = values.kafka()
    wrong["spec"]["kafka"][field] = value
    for pool in values.POOLS:
        stage.make(pool)
    stage.make(wrong)
    until(lambda: stage.condition() == ("NotReady", reason), reason)
    assert stage.kafka()["status"]["observedGeneration"] == stage.kafka()["metadata"]["generation"]
    assert not stage.pods()


def test_a_new_operator_wants_every_pod_to_be_another(stage: Stage) -> None:
    stage.operator("0.50.1")
    stage.deploy()
    until(lambda: len(stage.pods()) == 6, "six pods")
    stage.remove(OPERATOR)
    until(lambda: stage.api.find(POD, OPERATOR, stage.space) is None, "the operator is gone")
    stage.operator("0.51.0")

    def images() -> set[str]:
        pods = stage.api.get(POD_SET, "prompt-kafka-kafka", stage.space)["spec"]["pods"]
        return {pod["spec"]["containers"][0]["image"] for pod in pods}

    until(lambda: images() == {"strimzi/kafka:0.51.0-kafka-4.1.1"}, "the new image")


def test_the_cluster_id_is_an_input(stage: Stage) -> None:
    paused = values.kafka()
    paused["metadata"]["annotations"] = {"strimzi.io/pause-reconciliation": "true"}
    for pool in values.POOLS:
        stage.make(pool)
    stage.make(paused)
    body = {"status": {"clusterId": "pkGhvb1YRv-6gIhVCPxu0g"}}
    stage.api.patch(KAFKA, "prompt-kafka", stage.space, body, subresource="status")
    stage.operator()
    until(lambda: stage.condition()[0] == "ReconciliationPaused", "paused")
    go_on = {"metadata": {"annotations": {"strimzi.io/pause-reconciliation": None}}}
    stage.api.patch(KAFKA, "prompt-kafka", stage.space, go_on)
    until(lambda: len(stage.pods()) == 6, "six pods")
    config = stage.api.get(CONFIG_MAP, "prompt-kafka-controller-0", stage.space)
    assert config["data"]["cluster.id"] == "pkGhvb1YRv-6gIhVCPxu0g"
