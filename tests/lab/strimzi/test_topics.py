from datetime import UTC, datetime

import pytest

from prompt_kafka.lab.strimzi.kafka.topics import Topic
from prompt_kafka.lab.strimzi.model.topics import FINALIZER, decide, owners, topic_status

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def resource(name="canary", uid="1", created="2026-01-01T00:00:00Z", status=None, spec=None, **metadata):
    made = {
        "metadata": {
            "name": name,
            "namespace": "ns",
            "uid": uid,
            "creationTimestamp": created,
            "generation": 2,
            **metadata,
        },
        "spec": {"partitions": 3, "replicas": 3, "config": {"retention.ms": 1000}} | (spec or {}),
    }
    if status:
        made["status"] = status
    return made


def topic(partitions=3, replicas=3, **config):
    return Topic("id", tuple(tuple(range(replicas)) for _ in range(partitions)), config)


SAME = {"retention.ms": "1000"}


def test_a_topic_that_is_not_there_is_created():
    assert decide(resource(), None, None).create


def test_a_topic_that_is_as_it_should_be_is_left_alone():
    decision = decide(resource(), None, topic(**SAME))
    assert not (decision.create or decision.settings or decision.partitions or decision.refused)
    made = topic_status(decision, topic(), None, NOW)
    assert made["topicName"] == "canary" and made["topicId"] == "id" and made["observedGeneration"] == 2
    assert made["conditions"][0]["type"] == "Ready" and made["conditions"][0]["status"] == "True"


def test_settings_are_set_and_those_that_are_not_wanted_are_taken_away():
    decision = decide(resource(), None, topic(**{"retention.ms": "5", "cleanup.policy": "compact"}))
    assert decision.settings == {"retention.ms": "1000", "cleanup.policy": None}


def test_partitions_grow():
    assert decide(resource(spec={"partitions": 5}), None, topic(**SAME)).partitions == 5


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"partitions": 2}, "Decreasing partitions not supported"),
        ({"replicas": 2}, "Replication factor change not supported, but required for partitions [0, 1, 2]"),
    ],
)
def test_what_is_not_supported(change, text):
    decision = decide(resource(spec=change), None, topic(**SAME))
    assert decision.refused == ("NotSupported", text)
    condition = topic_status(decision, topic(), None, NOW)["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Ready", "False", "NotSupported")


def test_unset_numbers_are_kafkas_affair():
    assert not decide(
        resource(spec={"partitions": None, "replicas": None}), None, topic(1, 1, **SAME)
    ).refused


def test_a_topic_cannot_be_renamed():
    decision = decide(resource(spec={"topicName": "new"}, status={"topicName": "old"}), None, None)
    assert decision.refused == ("NotSupported", "Changing spec.topicName is not supported")
    assert topic_status(decision, None, None, NOW)["topicName"] == "old"


def test_the_oldest_of_two_has_the_topic():
    old, new = resource(), resource("other", "2", "2026-01-02T00:00:00Z", spec={"topicName": "canary"})
    owner = owners([new, old])["canary"]
    assert owner is old
    assert decide(new, owner, topic(**SAME)).refused == (
        "ResourceConflict",
        "Managed by Ref{namespace='ns', name='canary'}",
    )
    assert not decide(old, owner, topic(**SAME)).refused


def test_unmanaged_and_paused():
    free = resource(annotations={"strimzi.io/managed": "false"})
    decision = decide(free, None, topic(5))
    assert decision.state == "unmanaged" and not decision.settings
    assert topic_status(decision, topic(), None, NOW)["conditions"][0]["type"] == "Unmanaged"
    paused = resource(annotations={"strimzi.io/pause-reconciliation": "true"}, status={"topicName": "canary"})
    decision = decide(paused, None, topic(5))
    made = topic_status(decision, topic(), None, NOW)
    assert made["conditions"][0]["type"] == "ReconciliationPaused" and "topicId" not in made


def test_deletion_takes_the_topic_along_unless_it_is_not_managed():
    going = {"deletionTimestamp": "now", "finalizers": [FINALIZER]}
    assert decide(resource(**going), None, topic()).delete
    unmanaged = decide(resource(**going, annotations={"strimzi.io/managed": "false"}), None, topic())
    assert unmanaged.release and not unmanaged.delete
    paused = decide(resource(**going, annotations={"strimzi.io/pause-reconciliation": "true"}), None, topic())
    assert paused.delete
    loser = decide(resource(uid="9", **going), resource(), topic())
    assert loser.release and not loser.delete


def test_an_error_of_kafka_is_told():
    decision = decide(resource(), None, None)
    condition = topic_status(decision, None, ("KafkaError", "InvalidReplicationFactor: 3 > 1"), NOW)[
        "conditions"
    ][0]
    assert condition["reason"] == "KafkaError" and condition["status"] == "False"


def test_throttles_are_a_warning():
    config = {"retention.ms": 1000, "leader.replication.throttled.replicas": "*"}
    decision = decide(resource(spec={"config": config}), None, topic(**SAME))
    assert not decision.settings and decision.warnings[0][0] == "InvalidConfig"
