"""The commands that look at Kafka, run as a person runs them, against an API server and a real Kafka node."""

from __future__ import annotations

from collections.abc import Iterator

import confluent_kafka
import pytest

from prompt_kafka.core.who import access_rules
from tests.clients.acls import grant
from tests.deploy.conftest import render
from tests.kafka_node import USERS, kafka_node
from tests.service import Service, serving

READER = "kafka-reader"
PASSWORDS = {"kafka-admin": USERS["kafka-admin"], READER: "reader-of-all-secret-for-tests"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two topics, one with a KafkaTopic that differs, a group and the reader."""
    from kafka.admin import NewTopic

    root = tmp_path_factory.mktemp("service")
    reader = render("lab", "prompt-kafka").one("KafkaUser", READER).manifest
    with kafka_node(root / "node") as node:
        node.add_users({READER: PASSWORDS[READER]})
        with node.connect() as admin, serving(node, root, PASSWORDS) as made:
            admin.admin.create_topics(
                [
                    NewTopic("butler-writer", 2, 1, topic_configs={"retention.ms": "1209600000"}),
                    NewTopic("empty", 1, 1),
                ]
            )
            for topic in ("butler-writer", "empty"):
                admin.clock.wait_until(lambda t=topic: admin.offsets(t)[0].end == 0, 20)
            for number in range(10):
                admin.produce_one("butler-writer", None, b"x" * 1000, partition=number % 2)
            grant(admin, access_rules(reader))
            spec = {"partitions": 2, "replicas": 1, "config": {"retention.ms": 604800000}}
            ready = {"conditions": [{"type": "Ready", "status": "True"}], "observedGeneration": 1}
            made.resource("kafkatopics", "KafkaTopic", "butler-writer", spec, ready)
            made.resource("kafkausers", "KafkaUser", READER, reader["spec"], ready)
            consumer = confluent_kafka.Consumer(
                {"bootstrap.servers": node.bootstrap, "group.id": "butler-writer"}
            )
            consumer.commit(
                offsets=[confluent_kafka.TopicPartition("butler-writer", 0, 3)], asynchronous=False
            )
            consumer.close()
            yield made


def test_topics_with_sizes_rates_and_what_is_unknown(service: Service) -> None:
    found = service.json("topic", "list")
    assert (found["user"], found["unknown"]) == (READER, [])
    topics = {topic["name"]: topic for topic in found["topics"]}
    assert list(topics) == ["butler-writer", "empty"]
    full = topics["butler-writer"]
    assert full["bytes"] == full["bytes_all_copies"] > 10_000
    assert (full["records"], full["incomplete"], full["problems"], full["unknown"]) == (10, [], [], [])
    assert full["records_per_s"] == pytest.approx(10 / 300, abs=0.001)
    assert full["last_write"].startswith("20")
    assert full["settings"] == {"retention.ms": "1209600000"}
    assert [p["end"] - p["start"] for p in full["partitions"]] == [5, 5]
    assert (topics["empty"]["bytes"], topics["empty"]["last_write"]) == (0, None)
    assert found["volumes"][0]["total"] > 0
    text = service.run("topic", "list", "--match", "butl*")
    assert "1 topic, as kafka-reader; rates over the last 5 min" in text
    assert "14 d" in text
    assert "empty" not in text


def test_sorted_and_only_what_is_wrong(service: Service) -> None:
    assert [t["name"] for t in service.json("topic", "list", "--sort", "size")["topics"]] == [
        "butler-writer",
        "empty",
    ]
    names = [t["name"] for t in service.json("topic", "list", "--internal", "--sort", "partitions")["topics"]]
    assert names[0] == "butler-writer"
    assert "__consumer_offsets" in names
    assert service.json("topic", "list", "--wrong")["topics"] == []


def test_a_topic_and_where_it_differs_from_its_resource(service: Service) -> None:
    shown = service.json("topic", "describe", "butler-writer")
    assert shown["settings"]["retention.ms"] == {"value": "1209600000", "origin": "topic"}
    assert shown["settings"]["cleanup.policy"]["origin"] == "default"
    assert shown["differs"] == [
        {"field": "config.retention.ms", "cluster": "604800000", "brokers": "1209600000"}
    ]
    (group,) = shown["groups"]
    assert (group["group"], group["records_behind"]) == ("butler-writer", 2)
    assert {"user": READER, "may": ["describe", "describe_configs", "read"]} in shown["users"]
    text = service.run("topic", "describe", "butler-writer")
    assert "differs in config.retention.ms: 604800000 in the KafkaTopic, 1209600000 on the brokers" in text
    assert "no KafkaTopic" in service.run("topic", "describe", "empty")
    with_git = service.json("topic", "describe", "empty", "--git")["git"]
    assert with_git["unknown"], "there is no repository here, which is said and is no error"
    assert "did you mean butler-writer?" in service.run("topic", "describe", "butler-writr", code=2)


def test_groups_and_one_of_them(service: Service) -> None:
    found = service.json("group", "list")
    assert (found["user"], found["unknown"]) == (READER, [])
    (group,) = found["groups"]
    assert (group["name"], group["kind"], group["state"]) == ("butler-writer", "classic", "Empty")
    assert (group["records_behind"], group["complete"]) == (2, True)
    assert group["seconds_behind"] > 0
    assert service.json("group", "list", "--match", "other*")["groups"] == []
    assert service.json("group", "list", "--no-time")["groups"][0]["seconds_behind"] is None
    one = service.json("group", "describe", "butler-writer")
    (lag,) = one["partitions"]
    assert (lag["committed"], lag["start"], lag["end"]) == (3, 0, 5)
    text = service.run("group", "describe", "butler-writer")
    assert "group butler-writer: classic, empty, 0 members" in text
    assert "did you mean butler-writer?" in service.run("group", "describe", "butler", code=2)


def test_users_with_login_and_rights(service: Service) -> None:
    users = {user["name"]: user for user in service.json("user", "list")}
    assert (users[READER]["login"], users[READER]["password"]) == ("scram-sha-512", True)
    assert users[READER]["state"] == "Ready, brokers agree"
    assert list(service.json("user", "list", "--match", "kafka-r*")[0]) == list(users[READER])
    text = service.run("user", "describe", READER)
    assert "login: scram-sha-512; the brokers keep a password of it" in text
    assert "right: describe and describe configs and read any topic" in text


def test_without_the_reader_the_user_that_looks_reads(service: Service) -> None:
    service.secret(READER, other="x")
    try:
        service.api.send("DELETE", f"/api/v1/namespaces/prompt-kafka/secrets/{READER}")
        assert service.json("topic", "list")["user"] == "kafka-admin"
    finally:
        service.secret(READER, password=PASSWORDS[READER])
    service.secret(READER, password="not-the-password")
    try:
        assert service.json("group", "list")["user"] == "kafka-admin"
    finally:
        service.secret(READER, password=PASSWORDS[READER])
