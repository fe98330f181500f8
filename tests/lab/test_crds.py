"""The definitions that a lab serves: our own, and Strimzi's from its published jars."""

from __future__ import annotations

import pytest

from prompt_kafka.clients import strimzi_schemas
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab import crds
from prompt_kafka.lab.apiserver.definitions import problems, resources


@pytest.mark.parametrize("definition", crds.lab(), ids=lambda d: str(d["metadata"]["name"]))
def test_our_own_are_valid(definition: dict[str, object]) -> None:
    assert list(problems(definition, None)) == []
    assert len(resources(definition)) == 1


def test_an_application_has_no_status_subresource() -> None:
    served = {resource.kind: resource for each in crds.lab() for resource in resources(each)}
    assert set(served) == {
        "Application",
        "AppProject",
        "VaultSecret",
        "VolumeSnapshot",
        "VolumeSnapshotContent",
        "VolumeSnapshotClass",
    }
    assert not served["Application"].status
    assert served["VaultSecret"].status
    assert [column.name for column in served["Application"].columns] == [
        "Sync Status",
        "Health Status",
        "Revision",
        "Project",
    ]


@pytest.mark.parametrize("version", ["0.46.0", "1.0.0", "1.1.0", "main"])
def test_versions_that_are_not_published(version: str) -> None:
    with pytest.raises(UsageError, match="schema not published here") as refused:
        strimzi_schemas.strimzi(version)
    assert "0.51.0" in str(refused.value)


@pytest.mark.network
@pytest.mark.parametrize(
    ("version", "served", "stored"),
    [
        ("0.48.0", ["v1beta2"], "v1beta2"),
        ("0.51.0", ["v1", "v1beta2"], "v1beta2"),
        ("1.2.0", ["v1"], "v1"),
    ],
)
def test_strimzi_of_a_version(version: str, served: list[str], stored: str) -> None:
    definitions = {each["spec"]["names"]["kind"]: each for each in strimzi_schemas.strimzi(version)}
    assert set(definitions) == {
        "Kafka",
        "KafkaNodePool",
        "KafkaTopic",
        "KafkaUser",
        "StrimziPodSet",
        "KafkaRebalance",
    }
    for definition in definitions.values():
        assert list(problems(definition, None)) == []
        assert definition["metadata"]["labels"] == {"app": "strimzi", "strimzi.io/crd-install": "true"}
        found = resources(definition)
        assert [resource.version for resource in found] == served
        assert {resource.storage_version for resource in found} == {stored}
    kafka = resources(definitions["Kafka"])[0]
    assert kafka.short_names == ("k",)
    assert kafka.status
    assert resources(definitions["KafkaNodePool"])[0].scale is not None
    assert (
        any("metricsConfig" in rule for rule in crds.not_enforced(definitions["Kafka"]))
        or version == "0.48.0"
    )
