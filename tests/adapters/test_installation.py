"""The operator with all its clusters, seen through the lab's API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters import installation
from prompt_kafka.clients import strimzi_schemas
from prompt_kafka.clients.kinds import KAFKA, POD, POD_SET
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab.argocd import operator_chart
from tests.contracts.servers import lab_server

VERSION = "0.51.0"
Object = dict[str, Any]


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    with lab_server(tmp_path_factory.mktemp("api")) as api, Kubernetes.connect(api.kubeconfig) as found:
        for definition in strimzi_schemas.strimzi(VERSION):
            found.create(operator_chart.shipped(definition))
        for space in ("strimzi", "one", "two", "unwatched"):
            found.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        values = {"watchNamespaces": ["two", "one"]}
        for each in operator_chart.manifests(VERSION, values, "strimzi", "strimzi"):
            found.create(each)
        for space in ("one", "two", "unwatched"):
            _cluster(found, space)
        yield found


def _cluster(kubernetes: Kubernetes, space: str) -> None:
    listener = {"name": "plain", "port": 9092, "type": "internal", "tls": False}
    applied = '{"apiVersion": "kafka.strimzi.io/v1beta2", "kind": "Kafka"}'
    kubernetes.create(
        {
            "apiVersion": KAFKA.api_version,
            "kind": "Kafka",
            "metadata": {
                "name": f"k-{space}",
                "namespace": space,
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
            },
            "spec": {"kafka": {"version": "4.1.1", "listeners": [listener]}},
        }
    )
    labels = {"strimzi.io/cluster": f"k-{space}", "strimzi.io/pool-name": "kafka"}
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"k-{space}-kafka-{number}",
                "namespace": space,
                "labels": {**labels, "strimzi.io/name": f"k-{space}-kafka"},
                "annotations": {"strimzi.io/revision": revision, "strimzi.io/kafka-version": "4.1.1"},
            },
            "spec": {"containers": [{"name": "kafka", "image": "strimzi/kafka:x"}]},
        }
        for number, revision in ((0, "new"), (1, "old"))
    ]
    wanted = [_with_revision(pod, "new") for pod in pods]
    kubernetes.create(
        {
            "apiVersion": POD_SET.api_version,
            "kind": POD_SET.kind,
            "metadata": {"name": f"k-{space}-kafka", "namespace": space, "labels": labels},
            "spec": {"selector": {"matchLabels": labels}, "pods": wanted},
        }
    )
    for pod in pods:
        kubernetes.create(pod)


def _with_revision(pod: Object, revision: str) -> Object:
    annotations = {**pod["metadata"]["annotations"], "strimzi.io/revision": revision}
    return {**pod, "metadata": {**pod["metadata"], "annotations": annotations}}


def test_every_watched_cluster_is_seen_and_no_other(kubernetes: Kubernetes) -> None:
    seen = installation.see(kubernetes, "strimzi")
    assert seen.operator is not None
    assert (seen.operator.version, seen.operator.ready, seen.operator.settled) == (VERSION, False, False)
    assert seen.watched == ("one", "strimzi", "two")
    assert [each.name for each in seen.clusters] == ["one/k-one", "two/k-two"]
    assert seen.unseen == ()
    assert seen.kubernetes == "1.34"


def test_what_the_definitions_serve_and_have_stored(kubernetes: Kubernetes) -> None:
    seen = installation.see(kubernetes, "strimzi")
    assert seen.stored == {"v1beta2"}
    kafkas = next(each for each in seen.definitions if each.name == "kafkas.kafka.strimzi.io")
    assert set(kafkas.served) == {"v1", "v1beta2"}


def test_pods_revisions_and_the_version_under_which_a_resource_was_applied(kubernetes: Kubernetes) -> None:
    cluster = installation.see(kubernetes, "strimzi").clusters[0]
    assert [(pod.name, pod.current) for pod in cluster.pods] == [
        ("k-one-kafka-0", True),
        ("k-one-kafka-1", False),
    ]
    assert cluster.running == ("4.1.1",)
    assert cluster.applied == ("Kafka k-one kafka.strimzi.io/v1beta2",)
    assert "last brought up to date by operator ?" in cluster.behind(VERSION)
    assert "k-one-kafka-1 is on an old revision" in cluster.behind(VERSION)


def test_a_pod_that_is_gone_is_not_forgotten(kubernetes: Kubernetes) -> None:
    kubernetes.delete(POD, "k-two-kafka-1", "two")
    cluster = installation.see(kubernetes, "strimzi").clusters[1]
    assert [(pod.name, pod.ready) for pod in cluster.pods if not pod.uid] == [("k-two-kafka-1", False)]


def test_without_an_operator_there_is_none(kubernetes: Kubernetes, tmp_path: Path) -> None:
    seen = installation.see(kubernetes, "one")
    assert (seen.operator, seen.clusters) == (None, ())
