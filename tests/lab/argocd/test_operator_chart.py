import pytest

from prompt_kafka.clients.helm import Dependency
from prompt_kafka.lab.argocd import operator_chart


def deployment(values=None, version="0.51.0"):
    return operator_chart.manifests(version, values or {}, "strimzi", "strimzi")[-1]


def environment(values=None):
    container = deployment(values)["spec"]["template"]["spec"]["containers"][0]
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.mark.parametrize(
    ("values", "watched"),
    [
        ({}, "strimzi"),
        ({"watchNamespaces": ["prompt-kafka"]}, "prompt-kafka,strimzi"),
        ({"watchNamespaces": ["b", "a", "b"]}, "a,b,strimzi"),
        ({"watchAnyNamespace": True}, "*"),
    ],
)
def test_watched_namespaces_are_those_of_the_values_and_the_release(values, watched):
    assert environment(values)["STRIMZI_NAMESPACE"] == watched


def test_the_image_names_the_version_and_the_pods_carry_the_operators_labels():
    template = deployment(version="0.50.1")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "strimzi/operator:0.50.1"
    assert template["metadata"]["labels"]["strimzi.io/kind"] == "cluster-operator"


def test_timers_come_from_the_values():
    assert (
        environment({"fullReconciliationIntervalMs": 60000})["STRIMZI_FULL_RECONCILIATION_INTERVAL_MS"]
        == "60000"
    )
    assert environment()["STRIMZI_OPERATION_TIMEOUT_MS"] == "300000"


def test_definitions_lose_descriptions_but_not_properties_of_that_name():
    schema = {
        "description": "goes",
        "properties": {"description": {"type": "string", "description": "goes too"}},
    }
    assert operator_chart.shipped(schema) == {"properties": {"description": {"type": "string"}}}


def test_the_note_says_what_is_missing():
    dependency = Dependency("strimzi-kafka-operator", "0.51.0", "https://example.org")
    assert "no RBAC objects" in operator_chart.note(dependency)
    assert "of operator 0.51.0" in operator_chart.note(dependency)
