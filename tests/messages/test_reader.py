"""Reading a real topic: order, ends, what is not a message, live."""

import io
import threading
from collections.abc import Iterator

import confluent_kafka
import pytest

from prompt_kafka.clients.kafka import KafkaConnection, OffsetOutOfRangeError, Record, UnknownTopicError
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages import EARLIEST, Asking, Bound, Notice, Page, Range, follow, search
from prompt_kafka.messages.render import found_json, record_line, records_table
from prompt_kafka.messages.summary import page_summary
from tests.clients.conftest import make_topic
from tests.kafka_node import KafkaNode


def read(
    connection: KafkaConnection,
    topic: str,
    partitions: tuple[int, ...] | None = None,
    start: Bound | None = None,
    limit: int = 100,
    *,
    committed: bool = True,
) -> Page:
    """Read newest first, or forwards from `start`."""
    asking = Asking(
        topic,
        span=Range(start or EARLIEST),
        partitions=partitions,
        wanted=limit,
        forwards=start is not None,
        committed=committed,
    )
    return search(connection, asking).page


def values(page: Page) -> list[bytes | None]:
    return [record.value for record in page.records]


def write(admin: KafkaConnection, topic: str, *texts: bytes, partition: int = 0) -> None:
    for text in texts:
        admin.produce_one(topic, None, text, partition=partition)
        admin.clock.sleep(0.002)


def test_newest_first_by_default(admin: KafkaConnection, topic: str) -> None:
    write(admin, topic, *(b"%d" % n for n in range(10)))
    page = read(admin, topic, limit=3)
    assert values(page) == [b"9", b"8", b"7"]
    assert page.more
    assert [(span.first, span.end, span.records, span.complete) for span in page.spans] == [(7, 10, 3, False)]
    everything = read(admin, topic, limit=50)
    assert values(everything) == [b"%d" % n for n in reversed(range(10))]
    assert not everything.more
    assert everything.spans[0].complete


def test_partitions_are_merged_by_time(admin: KafkaConnection) -> None:
    topic = make_topic(admin, 2)
    for number in range(6):
        write(admin, topic, b"%d" % number, partition=number % 2)
    newest = read(admin, topic, limit=3)
    assert values(newest) == [b"5", b"4", b"3"]
    assert [(span.first, span.end) for span in newest.spans] == [(2, 3), (1, 3)]
    assert newest.more
    oldest = read(admin, topic, start=EARLIEST, limit=3)
    assert values(oldest) == [b"0", b"1", b"2"]
    assert [(span.first, span.end) for span in oldest.spans] == [(0, 2), (0, 1)]
    assert values(read(admin, topic, (1,))) == [b"5", b"3", b"1"]


def test_from_an_offset_and_from_a_time(admin: KafkaConnection, topic: str) -> None:
    write(admin, topic, b"0", b"1", b"2", b"3")
    assert values(read(admin, topic, start=Bound("offset", 2))) == [b"2", b"3"]
    times = [record.time_ms for record in read(admin, topic, start=EARLIEST).records]
    assert values(read(admin, topic, start=Bound("time", times[1]))) == [b"1", b"2", b"3"]
    later = read(admin, topic, start=Bound("time", times[-1] + 60_000))
    assert (values(later), later.more) == ([], False)
    with pytest.raises(OffsetOutOfRangeError, match="valid are 0 to 3"):
        read(admin, topic, start=Bound("offset", 99))


def test_empty_topic_and_unknown_names(admin: KafkaConnection, topic: str) -> None:
    page = read(admin, topic)
    assert (page.records, page.more) == ((), False)
    assert page_summary(page) == ["partition 0: is empty"]
    with pytest.raises(UnknownTopicError) as caught:
        read(admin, topic[:-1] + "x")
    assert caught.value.next
    with pytest.raises(UsageError, match="no partition 7"):
        read(admin, topic, (7,))


def test_markers_and_aborted_records_are_counted_not_missed(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": topic})
    producer.init_transactions(20)
    for number in range(8):
        producer.begin_transaction()
        producer.produce(topic, b"%d" % number)
        producer.flush(20)
        (producer.abort_transaction if number % 4 == 3 else producer.commit_transaction)(20)
    admin.clock.wait_until(lambda: admin.offsets(topic)[0].stable == 16, 10)
    page = read(admin, topic, limit=3)
    assert values(page) == [b"6", b"5", b"4"], "markers and aborted records do not use up the limit"
    whole = read(admin, topic)
    (span,) = whole.spans
    assert (span.records, span.markers, span.aborted, span.compacted) == (6, 8, 2, 0)
    assert "6 records, 8 transaction markers, 2 aborted" in page_summary(whole)[0]
    assert len(read(admin, topic, committed=False).records) == 8


def test_records_before_the_start_are_gone_and_said_so(admin: KafkaConnection, topic: str) -> None:
    from kafka import TopicPartition

    write(admin, topic, b"0", b"1", b"2")
    admin.admin.delete_records({TopicPartition(topic, 0): 2})
    assert values(read(admin, topic)) == [b"2"]
    with pytest.raises(OffsetOutOfRangeError, match="valid are 2 to 2"):
        read(admin, topic, start=Bound("offset", 0))


def test_compacted_offsets_are_not_missing(admin: KafkaConnection) -> None:
    topic = make_topic(
        admin,
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="1",
    )
    for number in range(20):
        admin.produce_one(topic, b"same", b"%d" % number)
    admin.clock.sleep(0.2)
    admin.produce_one(topic, b"other", b"end")

    def compacted() -> bool:
        return len(read(admin, topic, start=EARLIEST).records) < 21

    assert admin.clock.wait_until(compacted, 30)
    page = read(admin, topic, start=EARLIEST)
    assert values(page)[-1] == b"end"
    (span,) = page.spans
    assert span.compacted == 21 - len(page.records)
    assert span.complete
    assert values(read(admin, topic, limit=2)) == list(reversed(values(page)))[:2]


def test_live_tail(admin: KafkaConnection, node: KafkaNode, topic: str) -> None:
    write(admin, topic, b"before")
    stop = threading.Event()
    with node.connect() as reader:
        tail: Iterator[Record | Notice] = follow(reader, topic, after=read(reader, topic), stop=stop)
        write(admin, topic, b"1")
        first = next(tail)
        write(admin, topic, b"2", b"3")
        second, third = next(tail), next(tail)
        stop.set()
        assert list(tail) == []
    assert [r.value for r in (first, second, third) if isinstance(r, Record)] == [b"1", b"2", b"3"]


def test_live_tail_says_what_was_deleted(admin: KafkaConnection, topic: str) -> None:
    from kafka import TopicPartition

    page = read(admin, topic)
    write(admin, topic, b"0", b"1", b"2")
    admin.admin.delete_records({TopicPartition(topic, 0): 2})
    tail = follow(admin, topic, after=page)
    notice, record = next(tail), next(tail)
    assert isinstance(notice, Notice) and "going on at 2" in notice.text
    assert isinstance(record, Record) and record.value == b"2"


def test_reading_leaves_no_group(admin: KafkaConnection, topic: str) -> None:
    before = {group.id for group in admin.groups()}
    write(admin, topic, b"1")
    read(admin, topic)
    assert {group.id for group in admin.groups()} == before


def test_json_and_tables(admin: KafkaConnection, topic: str) -> None:
    from rich.console import Console

    admin.produce_one(topic, b"key", b'{"n": 1}', headers=[("trace", b"\x00")])
    admin.produce_one(topic, None, None)
    found = search(admin, Asking(topic, wanted=5))
    page = found.page
    data = found_json(found)
    tombstone, record = data["records"]
    assert (tombstone["value"], tombstone["value_encoding"]) == (None, "null")
    assert (record["value"], record["value_encoding"], record["key"]) == ({"n": 1}, "json", "key")
    assert record["headers"] == [{"name": "trace", "value": "AA==", "value_encoding": "base64"}]
    assert data["order"] == "newest first"
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(records_table(page.records))
    console.print(record_line(page.records[0]))
    text = console.export_text()
    assert '{"n": 1}' in text and "(none)" in text
