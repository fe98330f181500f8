"""Groups and their lag, in records and in time."""

import confluent_kafka
import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.kafka import Group
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
        if protocol == "classic":
            (member,) = group.members
            assert (member.client_id, member.partitions) == ("test-client", (f"{topic}-0",))
            (lag,) = group.lags
            assert (lag.committed, lag.records) == (None, 1)
        consumer.commit(asynchronous=False)
        assert only(admin, name).lag_records == 0
    finally:
        consumer.close()


def test_unknown_group_is_left_out(admin: KafkaConnection) -> None:
    assert admin.groups(["no-such-group"]) == ()
