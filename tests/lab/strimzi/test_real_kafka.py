"""The operators on six real Kafka nodes: what each of their promises looks like from outside."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prompt_kafka.clients.kafka import KafkaConnection, Sasl, Tls
from prompt_kafka.clients.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    EVENT,
    KAFKA,
    NAMESPACE,
    NODE_POOL,
    POD,
    POD_SET,
    SECRET,
    TOPIC,
    USER,
)
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab import lifecycle, processes
from prompt_kafka.lab.state import LabState
from tests.lab.strimzi import values
from tests.lab.strimzi.test_operator import LABELS, OPERATOR, definition

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SPACE = "prompt-kafka"
NAME = "prompt-kafka"
Object = dict[str, Any]


def until(condition: Callable[[], Any], what: str, timeout: float = 240.0) -> None:
    def holds() -> bool:
        try:
            return bool(condition())
        except (KubernetesError, PromptKafkaError, KeyError):
            return False

    assert SYSTEM.wait_until(holds, timeout, interval=0.05), what


class Service:
    """A lab with the operators and one Kafka resource, without Git and Argo CD."""

    def __init__(self, state: LabState) -> None:
        self.api = Kubernetes.connect(state.kubeconfig)
        until(lambda: self.api.get(NAMESPACE, "default"), "the API")
        kinds = (KAFKA, NODE_POOL, POD_SET, TOPIC, USER)
        for kind in kinds:
            self.api.create(definition(kind))
        until(lambda: all(self.api.serves(kind) for kind in kinds), "the kinds")
        for space in (SPACE, "strimzi"):
            self.make("v1", "Namespace", space, namespace=None)

    def make(self, version: str, kind: str, name: str, namespace: str | None = SPACE, **rest: Any) -> None:
        metadata: Object = {"name": name, "labels": {"strimzi.io/cluster": NAME}}
        if namespace:
            metadata["namespace"] = namespace
        self.api.create({"apiVersion": version, "kind": kind, "metadata": metadata, **rest})

    def deploy(self) -> None:
        container = {
            "name": OPERATOR,
            "image": "strimzi/operator:0.51.0",
            "env": [{"name": "STRIMZI_NAMESPACE", "value": SPACE}],
        }
        template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
        spec: Object = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
        self.make("apps/v1", "Deployment", OPERATOR, "strimzi", spec=spec)
        for obj in (*values.POOLS, values.KAFKA):
            made = copy.deepcopy(obj)
            made["metadata"].pop("uid")
            if made["kind"] == "Kafka":
                made["spec"]["kafka"]["template"] = {}
                made["spec"]["kafka"]["config"].pop("my.plugin.option")
            self.api.create(made)
        spec = {"partitions": 3, "replicas": 3, "config": {"min.insync.replicas": 2}}
        self.make("kafka.strimzi.io/v1", "KafkaTopic", "canary", spec=spec)
        self.make("v1", "Secret", "source", stringData={"password": "hello"})
        password = {"valueFrom": {"secretKeyRef": {"name": "source", "key": "password"}}}
        login = {"type": "scram-sha-512", "password": password}
        self.make("kafka.strimzi.io/v1", "KafkaUser", "kafka-admin", spec={"authentication": login})

    def status(self) -> Object:
        return self.api.get(KAFKA, NAME, SPACE).get("status") or {}

    def conditions(self) -> list[tuple[str, str]]:
        return [(one["type"], one.get("reason", "")) for one in self.status().get("conditions") or ()]

    def pods(self) -> dict[str, str]:
        found = self.api.list(POD, SPACE, labels="strimzi.io/controller=strimzipodset")
        return {
            pod["metadata"]["name"]: pod["metadata"]["uid"]
            for pod in found
            if not pod["metadata"].get("deletionTimestamp")
            and any(
                one["type"] == "Ready" and one["status"] == "True"
                for one in (pod.get("status") or {}).get("conditions") or ()
            )
        }

    def well(self) -> bool:
        kafka = self.api.get(KAFKA, NAME, SPACE)
        seen = (kafka.get("status") or {}).get("observedGeneration") == kafka["metadata"]["generation"]
        return seen and self.conditions() == [("Ready", "")] and len(self.pods()) == 6

    def config(self, **settings: Any) -> None:
        changed = {key.replace("_", "."): value for key, value in settings.items()}
        self.api.patch(KAFKA, NAME, SPACE, {"spec": {"kafka": {"config": changed}}})

    def annotate(self, kind: Any, name: str, key: str, value: str | None = "true") -> None:
        body = {"metadata": {"annotations": {f"strimzi.io/{key}": value}}}
        self.api.patch(kind, name, SPACE, body)

    def reasons(self) -> set[tuple[str, str]]:
        return {
            (event["related"]["name"], event["reason"])
            for event in self.api.list(EVENT, SPACE)
            if event.get("reportingController") == "strimzi.io/cluster-operator"
        }

    def connect(self) -> KafkaConnection:
        secret = self.api.get(SECRET, f"{NAME}-cluster-ca-cert", SPACE)["data"]
        trusted = "".join(base64.b64decode(secret[key]).decode() for key in secret if key.endswith(".crt"))
        external = next(one for one in self.status()["listeners"] if one["name"] == "external")
        addresses = [(at["host"], at["port"]) for at in external["addresses"]]
        return KafkaConnection(addresses, tls=Tls(trusted), sasl=Sasl("kafka-admin", "hello"), timeout=5)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        state = LabState.create("operators")
        lifecycle.prepare(state.root, state.settings.api_port)
        lifecycle._start_supervisor(state, lambda _line: None)
        try:
            made = Service(state)
            made.deploy()
            until(made.well, "the service is well")
            yield made
        finally:
            lifecycle.purge("operators", lambda _line: None)
            assert not processes.marked(state.root)


def test_a_topic_and_a_user_are_there(service: Service) -> None:
    until(lambda: service.api.get(TOPIC, "canary", SPACE)["status"]["topicId"], "the topic")
    until(lambda: service.connect().describe_cluster().id == service.status()["clusterId"], "the login")
    with service.connect() as kafka:
        (topic,) = kafka.topics(["canary"])
    assert len(topic.partitions) == 3 and topic.settings["min.insync.replicas"] == "2"


def test_nothing_is_rolled_or_written_when_nothing_changed(service: Service) -> None:
    def versions() -> dict[tuple[str, str], str]:
        return {
            (kind.kind, obj["metadata"]["name"]): obj["metadata"]["resourceVersion"]
            for kind in (KAFKA, POD_SET, NODE_POOL, SECRET, CONFIG_MAP, TOPIC, USER)
            for obj in service.api.list(kind, SPACE)
        }

    before, pods = versions(), service.pods()
    SYSTEM.sleep(8.0)
    assert versions() == before
    assert service.pods() == pods


def test_a_setting_is_changed_without_a_restart(service: Service) -> None:
    from kafka.admin import ConfigResource

    before = service.pods()
    service.config(log_retention_ms=7200000)
    until(service.well, "reconciled")
    with service.connect() as kafka:
        answer = kafka.admin.describe_configs([ConfigResource("BROKER", "4")], config_filter="all")
    assert answer["broker"]["4"]["log.retention.ms"]["value"] == "7200000"
    assert service.pods() == before


def test_an_annotated_pod_is_rolled_and_the_reason_is_told(service: Service) -> None:
    before = service.pods()
    service.annotate(POD, "prompt-kafka-kafka-4", "manual-rolling-update")
    until(
        lambda: service.pods().get("prompt-kafka-kafka-4") not in (None, before["prompt-kafka-kafka-4"]),
        "rolled",
    )
    until(service.well, "well again")
    after = service.pods()
    assert [name for name in before if before[name] != after[name]] == ["prompt-kafka-kafka-4"]
    assert ("prompt-kafka-kafka-4", "ManualRollingUpdate") in service.reasons()


def test_a_pod_sets_annotation_rolls_its_pods_and_vanishes(service: Service) -> None:
    before = service.pods()
    service.annotate(POD_SET, "prompt-kafka-controller", "manual-rolling-update")
    until(
        lambda: (
            "strimzi.io/manual-rolling-update"
            not in service.api.get(POD_SET, "prompt-kafka-controller", SPACE)["metadata"]["annotations"]
        ),
        "the annotation is gone",
    )
    until(service.well, "well again")
    after = service.pods()
    assert {name for name in before if before[name] != after[name]} == {
        f"{NAME}-controller-{n}" for n in range(3)
    }


def test_a_new_authority_is_trusted_before_it_signs(service: Service) -> None:
    before = service.pods()
    service.annotate(SECRET, f"{NAME}-cluster-ca", "force-replace")

    def moved() -> bool:
        pods = service.api.list(POD, SPACE, labels="strimzi.io/controller=strimzipodset")
        key = "strimzi.io/cluster-ca-cert-generation"
        return {pod["metadata"]["annotations"].get(key) for pod in pods} == {"1"} and service.well()

    until(moved, "all nodes have certificates of the new authority", 400)
    assert not before.items() & service.pods().items()
    told = {reason for _, reason in service.reasons()}
    assert {"ClusterCaCertKeyReplaced", "KafkaCertificatesChanged"} <= told
    until(lambda: service.connect().describe_cluster(), "a login over the new certificates")


def test_pod_sets_deleted_in_a_pause_come_back_after_it_with_the_same_data(service: Service) -> None:
    cluster_id = service.status()["clusterId"]
    service.annotate(KAFKA, NAME, "pause-reconciliation")
    until(lambda: service.conditions() == [("ReconciliationPaused", "")], "paused")
    for pool in ("controller", "kafka"):
        service.api.delete(POD_SET, f"{NAME}-{pool}", SPACE)
    until(lambda: not service.api.list(POD, SPACE, labels="strimzi.io/controller=strimzipodset"), "stopped")
    service.annotate(KAFKA, NAME, "pause-reconciliation", None)
    until(service.well, "well again")
    with service.connect() as kafka:
        assert kafka.describe_cluster().id == cluster_id
        assert [topic.name for topic in kafka.topics(["canary"])] == ["canary"]


def test_a_user_without_a_resource_is_deleted(service: Service) -> None:
    from kafka.admin import UserScramCredentialUpsertion

    with service.connect() as kafka:
        kafka.admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion("stranger", "SCRAM_SHA_512", "x")]
        )
        until(lambda: "stranger" not in kafka.admin.describe_user_scram_credentials(), "gone", 30)


def test_a_deleted_topic_is_deleted_in_kafka(service: Service) -> None:
    service.api.delete(TOPIC, "canary", SPACE)
    until(lambda: service.api.find(TOPIC, "canary", SPACE) is None, "the finalizer", 30)
    with service.connect() as kafka:
        until(lambda: "canary" not in [topic.name for topic in kafka.topics()], "the topic", 10)


def test_an_operator_that_is_away_touches_nothing(service: Service) -> None:
    service.api.patch(DEPLOYMENT, OPERATOR, "strimzi", {"spec": {"replicas": 0}})
    until(lambda: not service.api.list(POD, "strimzi"), "the operator is away")
    service.config(log_retention_ms=3600000)
    SYSTEM.sleep(1.0)
    assert not service.well()
    service.api.patch(DEPLOYMENT, OPERATOR, "strimzi", {"spec": {"replicas": 1}})
    until(service.well, "well again")
