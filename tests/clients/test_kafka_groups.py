"""Groups and their lag, in records and in time."""

import confluent_kafka
import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kafka.groups import look
from prompt_kafka.core.kafka import Group
from tests.clients.conftest import make_topic
from tests.kafka_node import KafkaNode


def consume(node: KafkaNode, group: str, topic: str, offset: int) -> None:
    """Leave a group with one committed offset and no member."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": node.bootstrap, "group.id": group, "enable.auto.commit": False}
    )
    place = confluent_kafka.TopicPartition(topic, 0, offset)
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()


def only(admin: KafkaConnection, name: str) -> Group:
    (group,) = admin.groups([name])
    return group


def test_lag_is_the_age_of_the_first_unread_record(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    for text in (b"1", b"2", b"3"):
        admin.produce_one(topic, None, text)
    consume(node, f"group-{topic}", topic, 1)
    admin.clock.sleep(0.3)
    group = only(admin, f"group-{topic}")
    assert (group.state, group.members) == ("Empty", ())
    (lag,) = group.lags
    assert (lag.committed, lag.start, lag.end, lag.records) == (1, 0, 3, 2)
    assert group.lag_s is not None
    assert 0.3 <= group.lag_s < 30
    consume(node, f"group-{topic}", topic, 3)
    group = only(admin, f"group-{topic}")
    assert (group.lag_records, group.lag_s) == (0, 0.0)


def test_transaction_marker_is_no_lag(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "transactional.id": f"tx-{topic}"}
    )
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"1")
    producer.commit_transaction(20)
    admin.clock.wait_until(lambda: admin.offsets(topic)[0].stable == 2, 10)
    consume(node, f"group-{topic}", topic, 1)
    group = only(admin, f"group-{topic}")
    assert (group.lag_records, group.lag_s) == (0, 0.0)


def test_who_has_read_what_is_not_committed_yet_is_not_behind_the_end(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "transactional.id": f"open-{topic}"}
    )
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"1")
    producer.flush(20)
    name = f"group-{topic}"
    consume(node, name, topic, 1)
    seen: list[tuple[int | None, int, int, str]] = []

    def settled() -> bool:
        seen[:] = [(each.committed, each.end, each.records, each.unknown) for each in only(admin, name).lags]
        return seen == [(1, 1, 0, "")]

    assert admin.clock.wait_until(settled, 20), seen
    producer.abort_transaction(20)


def test_records_deleted_before_they_were_read(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    from kafka import TopicPartition

    for text in (b"1", b"2", b"3"):
        admin.produce_one(topic, None, text)
    consume(node, f"group-{topic}", topic, 1)
    admin.admin.delete_records({TopicPartition(topic, 0): 2})
    (lag,) = only(admin, f"group-{topic}").lags
    assert lag.expired
    assert (lag.start, lag.records) == (2, 1)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_member_and_its_partitions(
    node: KafkaNode, admin: KafkaConnection, topic: str, protocol: str
) -> None:
    admin.produce_one(topic, None, b"1")
    name = f"live-{protocol}-{topic}"
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": node.bootstrap,
            "group.id": name,
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "client.id": "test-client",
        }
    )
    consumer.subscribe([topic])
    try:
        message = consumer.poll(20)
        assert message is not None and message.value() == b"1"
        group = only(admin, name)
        assert (group.state, group.protocol) == ("Stable", protocol)
        (member,) = group.members
        assert (member.client_id, member.partitions) == ("test-client", (f"{topic}-0",))
        (lag,) = group.lags
        assert (lag.committed, lag.records) == (None, 1)
        assert group.without_commits
        consumer.commit(asynchronous=False)
        assert only(admin, name).lag_records == 0
    finally:
        consumer.close()


def test_unknown_group_is_left_out(admin: KafkaConnection) -> None:
    assert admin.groups(["no-such-group"]) == ()


def test_groups_at_different_offsets_and_behind_a_big_batch(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    """The age is that of each group's own first record; a batch bigger than the first read is read too."""
    admin.produce_one(topic, None, b"x" * 200_000)
    admin.clock.sleep(0.3)
    admin.produce_one(topic, None, b"2")
    for name, offset in (("big", 0), ("small", 1), ("again", 1), ("done", 2)):
        consume(node, f"{name}-{topic}", topic, offset)
    found = {group.id.split("-")[0]: group for group in admin.groups() if group.id.endswith(f"-{topic}")}
    ages = {name: group.lag_s for name, group in found.items()}
    assert ages["done"] == 0.0
    assert ages["small"] is not None and ages["small"] == ages["again"] > 0
    assert ages["big"] is not None and ages["big"] >= ages["small"] + 0.3


def test_a_topic_that_is_gone_leaves_the_rest_of_a_group_seen(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    other = make_topic(admin)
    admin.produce_one(topic, None, b"1")
    consume(node, f"group-{topic}", topic, 0)
    consume(node, f"group-{topic}", other, 0)
    admin.admin.delete_topics([other])
    admin.clock.wait_until(lambda: other not in {each.name for each in admin.topics()}, 20)
    group = only(admin, f"group-{topic}")
    assert {lag.topic: lag.records for lag in group.lags}[topic] == 1
    for lag in group.lags:  # Kafka deletes such commits, sooner or later
        assert lag.topic == topic or lag.unknown
    assert group.lag_records == 1


def test_only_the_groups_of_a_topic(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    other = make_topic(admin)
    consume(node, f"here-{topic}", topic, 0)
    consume(node, f"there-{topic}", other, 0)
    seen = look(admin, topic=topic)
    assert [group.id for group in seen.groups] == [f"here-{topic}"]
    assert seen.unknown == ()


def test_a_share_group(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    """Queues of Kafka 4: members and how far they are, by messages that the client library does not have."""
    from kafka.protocol.admin import UpdateFeaturesRequest

    update = UpdateFeaturesRequest.FeatureUpdateKey
    admin.ask(
        UpdateFeaturesRequest(
            timeout_ms=20_000,
            feature_updates=[update(feature="share.version", max_version_level=1, upgrade_type=1)],
            validate_only=False,
        )
    )
    admin.produce_one(topic, None, b"1")
    with node.tool(
        "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
        "--bootstrap-server",
        node.bootstrap,
        "--topic",
        topic,
        "--group",
        f"share-{topic}",
    ):

        def seen() -> bool:
            return any(group.members and group.lags for group in admin.groups([f"share-{topic}"]))

        assert admin.clock.wait_until(seen, 60)
        group = only(admin, f"share-{topic}")
        assert (group.protocol, group.state, group.unknown) == ("share", "Stable", "")
        (member,) = group.members
        assert member.client_id == "console-share-consumer"
        (lag,) = group.lags
        assert (lag.topic, lag.partition, lag.unknown) == (topic, 0, "")
