"""Record batches: every codec as real clients write it, markers, aborted transactions, damaged bytes."""

import gzip
import os

import confluent_kafka
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder

from prompt_kafka.clients.kafka import KafkaConnection, KafkaError
from prompt_kafka.clients.kafka.batches import parse
from prompt_kafka.clients.kafka.codecs import decompress
from tests.kafka_node import KafkaNode

Fields = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def build(records: list[Fields]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, 1_700_000_000_000 + number, key, value, headers)
    return bytes(builder.build())


maybe = st.none() | st.binary(max_size=50)
header_lists = st.lists(st.tuples(st.text(max_size=5), maybe), max_size=3)
record_lists = st.lists(st.tuples(maybe, maybe, header_lists), min_size=1)


@given(record_lists)
def test_records_survive(
    records: list[Fields],
) -> None:
    (batch,) = parse("t", 3, build(records))
    read = list(batch.records())
    assert [(record.key, record.value, list(record.headers)) for record in read] == records
    assert [record.offset for record in read] == list(range(len(records)))
    assert all(record.partition == 3 for record in read)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_batch_or_an_error(data: bytes) -> None:
    try:
        for batch in parse("t", 0, data):
            list(batch.records())
    except KafkaError:
        pass


@given(record_lists, st.data())
def test_a_damaged_batch_is_an_error_never_a_crash(records: list[Fields], data: st.DataObject) -> None:
    damaged = bytearray(build(records))
    at = data.draw(st.integers(16, len(damaged) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        for batch in parse("t", 0, bytes(damaged)):
            list(batch.records())
    except KafkaError:
        pass


def test_incomplete_batch_at_the_end_is_left_out() -> None:
    whole = build([(None, b"1", [])])
    assert len(parse("t", 0, whole + whole[:-3])) == 1


def test_damaged_payload_says_where() -> None:
    with pytest.raises(KafkaError, match="t-0 offset 7"):
        decompress("gzip", gzip.compress(b"x" * 100)[:20], "t-0 offset 7")


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec(node: KafkaNode, admin: KafkaConnection, topic: str, codec: str) -> None:
    values = [b'{"n": %d, "text": "%s"}' % (n, b"again and " * 20) for n in range(300)] + [os.urandom(300)]
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "compression.type": codec, "linger.ms": 50}
    )
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(20) == 0
    fetched = admin.fetch(topic, 0, 0)
    assert codec in {batch.codec for batch in fetched.batches}
    assert [record.value for record in fetched.records()] == values


def test_aborted_records_and_markers_are_not_records(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "transactional.id": f"tx-{topic}"}
    )
    producer.init_transactions(20)
    for text, end in (
        (b"kept-1", producer.commit_transaction),
        (b"dropped", producer.abort_transaction),
        (b"kept-2", producer.commit_transaction),
    ):
        producer.begin_transaction()
        producer.produce(topic, text)
        producer.flush(20)
        end(20)
    admin.clock.wait_until(lambda: admin.offsets(topic)[0].stable == 6, 10)
    fetched = admin.fetch(topic, 0, 0)
    assert [record.value for record in fetched.records()] == [b"kept-1", b"kept-2"]
    assert [batch.control for batch in fetched.batches] == [False, True, False, True, False, True]
    assert [batch.abort_marker for batch in fetched.batches if batch.control] == [False, True, False]
    assert fetched.next_offset == 6
    every = admin.fetch(topic, 0, 0, committed=False)
    assert [record.value for record in every.records()] == [b"kept-1", b"dropped", b"kept-2"]


def test_open_transaction_holds_committed_readers_back(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "transactional.id": f"open-{topic}"}
    )
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"not yet")
    producer.flush(20)
    (offsets,) = admin.offsets(topic)
    assert (offsets.end, offsets.stable) == (1, 0)
    assert list(admin.fetch(topic, 0, 0).records()) == []
    assert [record.value for record in admin.fetch(topic, 0, 0, committed=False).records()] == [b"not yet"]
    producer.abort_transaction(20)
