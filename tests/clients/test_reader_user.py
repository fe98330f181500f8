"""The reader of the shipped chart, with its ACLs, on real Kafka: it sees everything and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import confluent_kafka
import pytest

from prompt_kafka.clients.kafka import KafkaConnection, Sasl, groups, topic_looks
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.who import access_rules
from tests.clients.acls import grant
from tests.deploy.conftest import render
from tests.kafka_node import USERS, KafkaNode, kafka_node

READER, PASSWORD = "kafka-reader", "reader-of-all-secret-for-tests"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A node without groups: nothing has made `__consumer_offsets` yet."""
    with kafka_node(tmp_path_factory.mktemp("fresh") / "node") as node:
        node.add_users({READER: PASSWORD})
        manifest = render("lab", "prompt-kafka").one("KafkaUser", READER).manifest
        with node.connect() as admin:
            grant(admin, access_rules(manifest))
            _make(admin, "written")
            admin.clock.wait_until(lambda: _tried(lambda: admin.produce_one("written", b"k", b"v")), 20)
        yield node


def _make(admin: KafkaConnection, name: str) -> None:
    from kafka.admin import NewTopic

    admin.admin.create_topics([NewTopic(name, 1, 1)])


def _tried(act: Callable[[], object]) -> bool:
    try:
        act()
    except PromptKafkaError:
        return False
    return True


@pytest.fixture
def reader(fresh: KafkaNode) -> Iterator[KafkaConnection]:
    with _as_reader(fresh, read_only=True) as connection:
        yield connection


def _as_reader(node: KafkaNode, *, read_only: bool) -> KafkaConnection:
    return KafkaConnection([node.external], tls=node.tls, sasl=Sasl(READER, PASSWORD), read_only=read_only)


def _everything(admin: KafkaConnection) -> dict[str, Any]:
    """Return all that a look could change."""
    topics = admin.topics()
    return {
        "topics": {topic.name: (topic.topic_id, topic.settings, len(topic.partitions)) for topic in topics},
        "offsets": {topic.name: admin.offsets(topic.name) for topic in topics},
        "groups": [(group.id, group.lags and group.lags[0].committed) for group in admin.groups()],
        "access": admin.access(),
    }


LOOKS: dict[str, Callable[[KafkaConnection], object]] = {
    "topic list": topic_looks.look,
    "topic list --internal": lambda connection: topic_looks.look(connection, internal=True),
    "topic describe": lambda connection: topic_looks.look(connection, names=["written"], every_setting=True),
    "group list": groups.look,
    "group describe": lambda connection: groups.look(connection, names=["a-group"]),
    "group describe, none": lambda connection: groups.look(connection, names=["no-such-group"]),
    "readers of a topic": lambda connection: groups.look(connection, topic="written"),
    "messages": lambda connection: connection.fetch("written", 0, 0).records(),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_changes_nothing_and_creates_no_offsets_topic(
    fresh: KafkaNode, reader: KafkaConnection, look: Callable[[KafkaConnection], object]
) -> None:
    with fresh.connect() as admin:
        before = _everything(admin)
        look(reader)
        assert _everything(admin) == before
        assert "__consumer_offsets" not in before["topics"]


def test_it_sees_everything(fresh: KafkaNode, reader: KafkaConnection) -> None:
    seen = topic_looks.look(reader)
    assert seen.unknown == ()
    (topic,) = seen.topics
    assert topic.size is not None
    assert topic.size.value > 0
    assert topic.records is not None
    assert topic.records.value == 1
    assert topic.state.settings["retention.ms"]
    assert seen.volumes[0].total
    assert groups.look(reader).unknown == ()
    assert [record.value for record in reader.fetch("written", 0, 0).records()] == [b"v"]
    assert READER in reader.access().passwords
    assert reader.broker_settings().brokers


def _commit(node: KafkaNode) -> object:
    from kafka.protocol.consumer import OffsetCommitRequest

    topic = OffsetCommitRequest.OffsetCommitRequestTopic
    place = topic.OffsetCommitRequestPartition(
        partition_index=0, committed_offset=1, committed_leader_epoch=-1, committed_metadata=""
    )
    with _as_reader(node, read_only=False) as connection:
        answer = connection.ask(
            OffsetCommitRequest(
                group_id="reader-group",
                generation_id_or_member_epoch=-1,
                member_id="",
                group_instance_id=None,
                topics=[topic(name="written", partitions=[place])],
                min_version=2,
                max_version=8,
            )
        )
        return answer.topics[0].partitions[0].error_code


def test_it_cannot_write_whatever_connection_it_has(fresh: KafkaNode) -> None:
    """Its rights stop it, not only our own guard: these connections have none."""
    from kafka.admin import ConfigResource, NewPartitions
    from kafka.errors import KafkaError

    with fresh.connect() as admin, _as_reader(fresh, read_only=False) as connection:
        before = _everything(admin)
        assert not _tried(lambda: connection.produce_one("written", None, b"not allowed"))
        denied = {
            "create": lambda: _make(connection, "not-allowed"),
            "delete": lambda: connection.admin.delete_topics(["written"]),
            "alter": lambda: connection.admin.alter_configs(
                [ConfigResource("TOPIC", "written", {"retention.ms": "1"})]
            ),
            "partitions": lambda: connection.admin.create_partitions({"written": NewPartitions(3)}),
            "grant": lambda: grant(connection, access_rules(_all("kafka-reader"))),
        }
        for what, act in denied.items():
            with suppress(KafkaError, PromptKafkaError):  # some are refused by a value in the answer
                act()
            assert _everything(admin) == before, what
        assert _commit(fresh) in (16, 30), "not its coordinator, or not authorized: never accepted"
        assert _everything(admin) == before


def _all(user: str) -> dict[str, Any]:
    acl = {"resource": {"type": "topic", "name": "*"}, "operations": ["All"]}
    return {"metadata": {"name": user}, "spec": {"authorization": {"acls": [acl]}}}


def test_it_cannot_join_a_group(fresh: KafkaNode) -> None:
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": "{}:{}".format(*fresh.external),
            "security.protocol": "SASL_SSL",
            "ssl.ca.pem": fresh.tls.ca_pem,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": READER,
            "sasl.password": PASSWORD,
            "group.id": "reader-group",
        }
    )
    consumer.subscribe(["written"])
    message = consumer.poll(20)
    consumer.close()
    assert message is not None
    assert message.error().code() == confluent_kafka.KafkaError.GROUP_AUTHORIZATION_FAILED


def test_who_may_see_one_topic_is_told_what_it_does_not_see(fresh: KafkaNode) -> None:
    with fresh.connect() as admin:
        _make(admin, "hidden")
        acl = {"resource": {"type": "topic", "name": "written"}, "operations": ["Read"]}
        spec = {"authorization": {"acls": [acl]}}
        grant(admin, access_rules({"metadata": {"name": "butler-writer"}, "spec": spec}))
    sasl = Sasl("butler-writer", USERS["butler-writer"])
    with KafkaConnection([fresh.external], tls=fresh.tls, sasl=sasl, read_only=True) as connection:
        seen = topic_looks.look(connection)
        assert [topic.name for topic in seen.topics] == ["written"]
        (topic,) = seen.topics
        assert topic.records is not None, "the rest is shown"
        assert topic.size is None
        assert topic.settings_unknown == "this user may not see it"
        told = "\n".join(seen.unknown)
        assert "sizes on broker 1 are unknown: this user may not" in told
        assert "1 topic: settings: this user may not see it" in told
        assert "shown are the topics that butler-writer may describe" in told
        found = groups.look(connection)
        assert found.groups == ()
        assert "shown are the groups that butler-writer may describe" in "\n".join(found.unknown)
