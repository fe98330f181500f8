"""One pass over the sources: groups are found in values, variables and settings, and by environment."""

from __future__ import annotations

import pytest

from prompt_kafka.adapters.checking import survey
from tests.checks.trees import tree


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("kafka:\n  consumerGroup: reader-1  # one\n", ["reader-1"]),
        ('  groupId: "reader"\n', ["reader"]),
        ("config:\n  group.id: reader\n", ["reader"]),
        ("- name: KAFKA_GROUP_ID\n  value: reader\n", ["reader"]),
        ('- name: "CONSUMER_GROUP"\n  value: "reader"\n', ["reader"]),
        ("  consumer_group = 'reader'\n", ["reader"]),
        ("runAsGroup: 1000\nfsGroup: 1000\ngroup_id: 1000\n", []),
        ("apiGroup: kafka.strimzi.io\ngroups:\n  - x\n", []),
        ("groupId: {{ .Values.group }}\n", []),
        ("# consumerGroup: reader\n", []),
    ],
)
def test_groups_of_a_text(text, groups):
    assert list(survey.named(text)) == groups


def test_groups_of_an_environment(tmp_path):
    top = tree(tmp_path / "repository")
    folder = top / "applications/app"
    (folder / "values.yaml").write_text("groupId: everywhere\n")
    (folder / "values-prod.yaml").write_text("groupId: here\n")
    (folder / "values-dev.yaml").write_text("groupId: elsewhere\n")
    assert survey.groups(top, "prod", frozenset({"app"})) == {"everywhere", "here"}
    assert survey.groups(top, "prod", frozenset({"other"})) == frozenset()


def test_who_has_resources_and_who_only_names_them(tmp_path):
    top = tree(tmp_path / "repository")
    client = top / "applications/client"
    client.mkdir()
    (client / "Chart.yaml").write_text("apiVersion: v2\nname: client\nversion: 1.0.0\n")
    (client / "values.yaml").write_text("broker: k-kafka-bootstrap.kafka:9092\n")
    found = survey.survey(top)
    assert (found["app"].strimzi, found["client"].strimzi, found["client"].refers) == (True, False, True)
