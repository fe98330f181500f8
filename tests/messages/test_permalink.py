"""Links to records: the record itself or what became of it, never its neighbour."""

import confluent_kafka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.permalink import Answer, Permalink, look, parse
from tests.clients.conftest import make_topic
from tests.kafka_node import KafkaNode

NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,36}", fullmatch=True)
NUMBERS = st.integers(0, 2**31)


@given(st.builds(Permalink, NAMES, NUMBERS, NUMBERS, IDS, IDS))
def test_a_link_is_read_as_it_was_written(link: Permalink) -> None:
    assert parse(str(link)) == link


@given(st.builds(Permalink, NAMES, NUMBERS, NUMBERS))
def test_a_place_is_read_as_it_was_written(link: Permalink) -> None:
    assert parse(str(link)) == link


@pytest.mark.parametrize(
    "text", ["", "alerts", "alerts/0", "alerts/0/x", "prompt-kafka:a/b/0/1", "a/0/1/2", "a b/0/1"]
)
def test_what_is_no_link(text: str) -> None:
    with pytest.raises(UsageError, match="no link"):
        parse(text)


def answer(admin: KafkaConnection, topic: str, offset: int, **wrong: str) -> Answer:
    first = look(admin, Permalink(topic, 0, 0)).link
    link = Permalink(
        topic, 0, offset, wrong.get("cluster", first.cluster_id), wrong.get("id", first.topic_id)
    )
    found = look(admin, link)
    if found.answer is Answer.FOUND:
        assert found.record is not None and found.record.offset == offset
        assert found.link == link
    else:
        assert found.record is None and found.text
    return found.answer


def test_found_expired_and_not_yet_written(admin: KafkaConnection, topic: str) -> None:
    from kafka import TopicPartition

    for number in range(4):
        admin.produce_one(topic, None, b"%d" % number)
    found = look(admin, parse(f"{topic}/0/2"))
    assert found.record is not None and found.record.value == b"2"
    assert look(admin, parse(str(found.link))) == found
    assert answer(admin, topic, 4) is Answer.NOT_YET
    admin.admin.delete_records({TopicPartition(topic, 0): 3})
    assert look(admin, found.link).answer is Answer.EXPIRED
    assert answer(admin, topic, 3) is Answer.FOUND


def test_another_cluster_topic_or_partition(admin: KafkaConnection, topic: str) -> None:
    admin.produce_one(topic, None, b"0")
    assert answer(admin, topic, 0, cluster="elsewhere") is Answer.ANOTHER_CLUSTER
    assert answer(admin, topic, 0, id="00000000-0000-0000-0000-000000000001") is Answer.CREATED_ANEW
    assert look(admin, Permalink(topic, 7, 0)).answer is Answer.NO_PARTITION
    assert look(admin, Permalink("nowhere", 0, 0)).answer is Answer.NO_TOPIC


def test_a_topic_that_was_made_again(admin: KafkaConnection) -> None:
    from kafka.admin import NewTopic

    topic = make_topic(admin)
    admin.produce_one(topic, None, b"first")
    link = look(admin, Permalink(topic, 0, 0)).link
    admin.admin.delete_topics([topic])

    def made() -> bool:
        try:
            admin.admin.create_topics([NewTopic(topic, 1, 1)])
        except Exception:
            return False
        return True

    assert admin.clock.wait_until(made, 30)
    assert admin.clock.wait_until(lambda: look(admin, link).answer is not Answer.NO_TOPIC, 30)
    assert look(admin, link).answer is Answer.CREATED_ANEW


def test_transactions(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": topic})
    producer.init_transactions(20)
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(topic, b"x")
        producer.flush(20)
        end(20)
    producer.begin_transaction()
    producer.produce(topic, b"open")
    producer.flush(20)
    assert admin.clock.wait_until(lambda: admin.offsets(topic)[0].end == 5, 20)
    found = [answer(admin, topic, offset) for offset in range(6)]
    assert found == [
        Answer.FOUND,
        Answer.MARKER,
        Answer.ABORTED,
        Answer.MARKER,
        Answer.OPEN,
        Answer.NOT_YET,
    ]
    uncommitted = look(admin, Permalink(topic, 0, 4), committed=False)
    assert uncommitted.record is not None and uncommitted.record.value == b"open"
    producer.abort_transaction(20)


def test_compacted(admin: KafkaConnection) -> None:
    topic = make_topic(
        admin,
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="1",
    )
    for number in range(6):
        admin.produce_one(topic, b"same", b"%d" % number)
    admin.clock.sleep(0.2)
    admin.produce_one(topic, b"other", b"end")
    assert admin.clock.wait_until(lambda: answer(admin, topic, 2) is Answer.COMPACTED, 60)
    assert answer(admin, topic, 6) is Answer.FOUND
