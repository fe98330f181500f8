"""Topics, users and their rights, exactly: one right too many is a hole, one too few an outage."""

from collections import defaultdict

import pytest

from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.clients.helm import Rendered
from tests.deploy.conftest import render

RIGHTS = {
    "kafka-admin": None,
    "canary": {("topic", "canary"): {"Read", "Write"}},
    "prompt-processing": {("topic", "butler-writer"): {"Write"}},
    "butler-writer": {
        ("topic", "butler-writer"): {"Read"},
        ("group", "butler-writer"): {"Read"},
        ("topic", "butler-writer-ingestion-events"): {"Write"},
        ("transactionalId", "butler-writer-output"): {"Describe", "Write"},
    },
    "prompt-publication-consumer": {
        ("topic", "butler-writer-ingestion-events"): {"Read"},
        ("group", "prompt-publication"): {"Read"},
    },
    "kafka-reader": {
        ("cluster", None): {"Describe", "DescribeConfigs"},
        ("topic", "*"): {"Describe", "DescribeConfigs", "Read"},
        ("group", "*"): {"Describe"},
    },
    "kafdrop": {
        ("cluster", None): {"Describe"},
        ("topic", "*"): {"Describe", "DescribeConfigs", "Read"},
        ("group", "*"): {"Describe"},
    },
}


def rights(user: dict) -> dict | None:
    if "authorization" not in user["spec"]:
        return None
    assert user["spec"]["authorization"]["type"] == "simple"
    found = defaultdict(set)
    for rule in user["spec"]["authorization"]["acls"]:
        assert set(rule) <= {"resource", "operations"}, "v1: a list of operations, no single operation"
        assert rule["resource"].get("patternType", "literal") == "literal"
        found[rule["resource"]["type"], rule["resource"].get("name")] |= set(rule["operations"])
    return dict(found)


def expected(environment: str) -> set[str]:
    return set(RIGHTS) - ({"kafdrop"} if environment == "lab" else set())


def test_the_users_have_these_rights_and_no_others(service, environment):
    found = {each.name: rights(each.manifest) for each in service.of("KafkaUser")}
    assert found == {name: RIGHTS[name] for name in expected(environment)}


def test_the_administrator_is_a_super_user_under_the_name_that_the_login_gives(service):
    authorization = service.one("Kafka", "prompt-kafka").manifest["spec"]["kafka"]["authorization"]
    assert authorization == {"type": "simple", "superUsers": ["kafka-admin"]}
    login = service.one("KafkaUser", "kafka-admin").manifest["spec"]["authentication"]["type"]
    assert login == "scram-sha-512", "with a client certificate the name would be CN=kafka-admin"


def test_every_password_comes_from_vault_and_vault_has_every_one(service, environment):
    secret = service.one("VaultSecret", "prompt-kafka").manifest
    repository = Repository(shipped())
    prefix = repository.environment(environment).vault_path_prefix
    assert secret["apiVersion"] == "ricoberger.de/v1alpha1"
    assert secret["spec"] == {"path": f"{prefix}/prompt-kafka", "type": "Opaque"}
    keys = set()
    for each in service.of("KafkaUser"):
        reference = each.manifest["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
        assert reference == {"name": "prompt-kafka", "key": f"{each.name}-password"}
        keys.add(reference["key"])
    known = repository.secret_keys("prompt-kafka", environment)
    assert set(known) == keys
    assert all(each["description"] and each["generate"] == {"type": "password"} for each in known.values())


def topics(service: Rendered) -> dict[str, dict]:
    return {each.name: each.manifest["spec"] for each in service.of("KafkaTopic")}


def test_the_topics(service):
    assert topics(service) == {
        "butler-writer": {
            "partitions": 3,
            "replicas": 3,
            "config": {"min.insync.replicas": 2, "retention.ms": 14 * 24 * 3600 * 1000},
        },
        "butler-writer-ingestion-events": {
            "partitions": 1,
            "replicas": 3,
            "config": {"min.insync.replicas": 2, "retention.ms": -1},
        },
        "canary": {
            "partitions": 3,
            "replicas": 3,
            "config": {"min.insync.replicas": 2, "retention.ms": 3600 * 1000},
        },
    }


def test_topics_have_more_replicas_than_they_must_and_no_more_than_brokers(service):
    brokers = service.one("KafkaNodePool", "kafka").manifest["spec"]["replicas"]
    for topic in topics(service).values():
        assert topic["config"]["min.insync.replicas"] < topic["replicas"] <= brokers


def test_everything_belongs_to_the_one_cluster(service):
    for each in service.resources:
        if each.kind in ("KafkaTopic", "KafkaUser", "KafkaNodePool"):
            assert each.manifest["metadata"]["labels"]["strimzi.io/cluster"] == "prompt-kafka"


def test_what_a_service_may_touch_exists(service):
    known = set(topics(service)) | {"*"}
    for each in service.of("KafkaUser"):
        for (kind, name), _ in (rights(each.manifest) or {}).items():
            assert kind != "topic" or name in known


@pytest.mark.parametrize("environment", ["usdfdev-prompt-processing", "usdfprod-prompt-processing"])
def test_kafdrop_shows_messages_at_the_address_of_the_runbook_page(environment):
    service = render(environment, "prompt-kafka")
    (rule,) = service.one("Ingress", "kafdrop").manifest["spec"]["rules"]
    assert rule["host"] == f"{environment}.slac.stanford.edu"
    assert rule["http"]["paths"][0]["path"] == "/kafdrop"
    (container,) = service.one("Deployment", "kafdrop").manifest["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "obsidiandynamics/kafdrop:4.2.0"
    settings = {each["name"]: each for each in container["env"]}
    assert settings["KAFKA_BROKERCONNECT"]["value"] == "prompt-kafka-kafka-bootstrap.prompt-kafka.svc:9092"
    assert settings["SASL_JAAS_CONFIG"]["valueFrom"]["secretKeyRef"]["name"] == "kafdrop"
    assert "createEnabled=false" in settings["CMD_ARGS"]["value"]
