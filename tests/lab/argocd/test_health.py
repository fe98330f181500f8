import pytest

from prompt_kafka.lab.argocd import health
from prompt_kafka.lab.argocd.health import Health


def strimzi(kind, *conditions, **metadata):
    found = [dict(zip(("type", "status", "reason", "message"), each, strict=False)) for each in conditions]
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": kind,
        "metadata": {"name": "x", **metadata},
        "status": {"conditions": found},
    }


READY = ("Ready", "True", "", "")
NOT_READY = ("NotReady", "True", "FatalProblem", "broken")
CREATING = ("NotReady", "True", "Creating", "")
PAUSED = ("ReconciliationPaused", "True", "", "")
WARNING = ("Warning", "True", "X", "")


@pytest.mark.parametrize(
    ("kind", "conditions", "status"),
    [
        ("Kafka", [READY], "Healthy"),
        ("Kafka", [NOT_READY], "Degraded"),
        ("Kafka", [CREATING], "Progressing"),
        ("KafkaTopic", [CREATING], "Degraded"),
        ("Kafka", [PAUSED], "Progressing"),
        ("Kafka", [WARNING, READY], "Healthy"),
        ("Kafka", [], "Progressing"),
        ("KafkaUser", [("Ready", "False", "", "")], "Progressing"),
    ],
)
def test_strimzi_kinds(kind, conditions, status):
    assert health.of(strimzi(kind, *conditions)).status == status


def test_generations_are_not_looked_at():
    kafka = strimzi("Kafka", READY, generation=7)
    kafka["status"]["observedGeneration"] = 6
    assert health.of(kafka) == Health("Healthy")


@pytest.mark.parametrize("kind", ["KafkaNodePool", "StrimziPodSet", "KafkaRebalance"])
def test_kinds_without_a_rule_have_no_opinion(kind):
    assert health.of(strimzi(kind, NOT_READY)) is None


def test_a_deployment_rolls_out():
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "generation": 2},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1},
    }
    assert health.of(deployment).status == "Progressing"
    deployment["status"] = {
        "observedGeneration": 2,
        "replicas": 1,
        "updatedReplicas": 1,
        "availableReplicas": 1,
    }
    assert health.of(deployment).status == "Healthy"
    deployment["status"]["conditions"] = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    assert health.of(deployment).status == "Degraded"


def test_a_load_balancer_without_an_address_is_progressing():
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"type": "LoadBalancer"},
    }
    assert health.of(service).status == "Progressing"
    service["status"] = {"loadBalancer": {"ingress": [{"ip": "127.64.1.1"}]}}
    assert health.of(service).status == "Healthy"


def test_an_object_being_deleted_is_progressing():
    assert health.of(strimzi("KafkaNodePool", deletionTimestamp="x")).status == "Progressing"


def test_the_worst_counts_and_missing_only_when_all_are():
    assert health.worst([Health("Healthy"), None, Health("Progressing")]).status == "Progressing"
    assert health.worst([Health("Degraded"), Health("Progressing")]).status == "Degraded"
    assert health.worst([None], missing=3, present=1).status == "Healthy"
    assert health.worst([], missing=3, present=0).status == "Missing"
    assert health.worst([]).status == "Healthy"
