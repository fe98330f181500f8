"""Exported records written into another topic: the same, once, and only where they fit."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import KafkaConnection, KafkaError, Record
from prompt_kafka.clients.kafka.batches import parse
from prompt_kafka.clients.kafka.write import batch, write
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UsageError
from prompt_kafka.messages import Asking, container, importing, search
from prompt_kafka.messages.bounds import EARLIEST, Range
from prompt_kafka.messages.container import About, Writer
from prompt_kafka.messages.export import export
from prompt_kafka.messages.view import PLAIN
from tests.clients.conftest import make_topic

NOW = 1_790_000_000_000
_bytes = st.none() | st.binary(max_size=30)
_headers = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), _bytes), max_size=3
)
_record = st.builds(
    Record, st.just("t"), st.just(0), st.just(0), st.integers(-1, 2**60), _bytes, _bytes, _headers.map(tuple)
)


@given(st.lists(_record, min_size=1, max_size=8))
def test_a_batch_is_read_as_it_was_written(records: list[Record]) -> None:
    (found,) = parse("t", 0, batch(records))
    assert [record[3:7] for record in found.records()] == [record[3:7] for record in records]
    assert [record.offset for record in found.records()] == list(range(len(records)))


def odd_records(count: int = 40) -> list[Record]:
    """Records with all that is easily lost: tombstones, empty keys, headers twice and without a value."""
    kinds: list[tuple[bytes | None, bytes | None]] = [
        (b"k", b'{"n": 1}'),
        (b"k", None),
        (None, b""),
        (b"", b"\xff\x00"),
    ]
    headers = (("h", b"1"), ("h", b"2"), ("none", None), ("", b""))
    return [
        Record("from", n % 3, n // 3, NOW + 10 * n, *kinds[n % 4], headers if n % 5 == 0 else ())
        for n in range(count)
    ]


def packed(path: Path, records: list[Record]) -> Path:
    with export(str(path), PLAIN, About("from")) as under_way:
        for record in records:
            under_way.write(record)
    return path


def stored(connection: KafkaConnection, topic: str) -> dict[int, list[tuple[object, ...]]]:
    found = search(connection, Asking(topic, span=Range(EARLIEST), wanted=None, forwards=True))
    parts: dict[int, list[tuple[object, ...]]] = {}
    for record in sorted(found.page.records, key=lambda record: (record.partition, record.offset)):
        parts.setdefault(record.partition, []).append(record[3:7])
    return parts


def by_partition(records: list[Record]) -> dict[int, list[tuple[object, ...]]]:
    parts: dict[int, list[tuple[object, ...]]] = {}
    for record in records:
        parts.setdefault(record.partition, []).append(record[3:7])
    return parts


def planned(connection: KafkaConnection, path: Path, topic: str) -> importing.Import:
    return importing.plan(connection, path, topic, container.verify(path))


def test_everything_is_kept_and_a_second_import_writes_nothing(
    admin: KafkaConnection, tmp_path: Path
) -> None:
    topic, records = make_topic(admin, 3), odd_records()
    path = packed(tmp_path / "a.pkr", records)
    todo = planned(admin, path, topic)
    assert (todo.left, todo.there) == (40, {})
    assert importing.run(admin, todo) == 40
    assert stored(admin, topic) == by_partition(records)
    again = planned(admin, path, topic)
    assert (again.left, importing.run(admin, again)) == (0, 0)
    assert stored(admin, topic) == by_partition(records)


def test_out_of_one_topic_and_into_another_by_way_of_a_search(admin: KafkaConnection, tmp_path: Path) -> None:
    first, second = make_topic(admin, 3), make_topic(admin, 3)
    for partition, records in _parts(odd_records()).items():
        write(admin, first, partition, records)
    path = tmp_path / "a.pkr"
    asking = Asking(first, span=Range(EARLIEST), wanted=None, forwards=True)
    with export(str(path), PLAIN, About(first)) as under_way:
        search(admin, asking, sink=under_way.write)
    importing.run(admin, planned(admin, path, second))
    assert stored(admin, second) == stored(admin, first) == by_partition(odd_records())


def _parts(records: list[Record]) -> dict[int, list[Record]]:
    return {p: [r for r in records if r.partition == p] for p in {r.partition for r in records}}


def test_what_was_interrupted_goes_on(admin: KafkaConnection, tmp_path: Path) -> None:
    topic, records = make_topic(admin, 3), odd_records()
    path = packed(tmp_path / "a.pkr", records)
    write(admin, topic, 0, _parts(records)[0][:5])
    write(admin, topic, 2, _parts(records)[2])
    todo = planned(admin, path, topic)
    assert todo.there == {0: 5, 2: len(_parts(records)[2])}
    assert importing.run(admin, todo) == todo.left == 40 - 5 - len(_parts(records)[2])
    assert stored(admin, topic) == by_partition(records)


def test_many_batches_and_a_record_larger_than_one(admin: KafkaConnection, tmp_path: Path) -> None:
    topic = make_topic(admin)
    records = [Record("from", 0, n, NOW + n, b"k", bytes([n]) * 150_000) for n in range(10)]
    records.append(Record("from", 0, 10, NOW, b"k", b"x" * 900_000))
    path = packed(tmp_path / "a.pkr", records)
    told: list[int] = []
    assert importing.run(admin, planned(admin, path, topic), told.append) == 11
    assert told[-1] == 11 and len(told) > 2
    assert stored(admin, topic) == by_partition(records)


def test_a_topic_that_holds_something_else_is_refused(admin: KafkaConnection, tmp_path: Path) -> None:
    records = odd_records()
    path = packed(tmp_path / "a.pkr", records)
    for strange in (
        [Record("", 0, 0, NOW, b"other", b"record")],
        [records[0]._replace(time_ms=NOW + 1)],
        [records[0]._replace(headers=())],
        [*_parts(records)[0], Record("", 0, 0, NOW, b"one", b"more")],
    ):
        topic = make_topic(admin, 3)
        write(admin, topic, 0, strange)
        with pytest.raises(RefusedError, match="topic-not-empty"):
            planned(admin, path, topic)


@pytest.mark.parametrize(
    ("partitions", "settings", "rule"),
    [
        (2, {}, "too-few-partitions"),
        (3, {"message_timestamp_type": "LogAppendTime"}, "times-not-kept"),
        (3, {"max_message_bytes": "80"}, "records-too-large"),
    ],
)
def test_a_topic_that_cannot_keep_them_is_refused(
    admin: KafkaConnection, tmp_path: Path, partitions: int, settings: dict[str, str], rule: str
) -> None:
    topic = make_topic(admin, partitions, **settings)
    path = packed(tmp_path / "a.pkr", odd_records())
    with pytest.raises(RefusedError) as refused:
        planned(admin, path, topic)
    assert refused.value.rule == rule
    assert topic in (refused.value.next or "")


def test_what_should_be_known_before(admin: KafkaConnection, tmp_path: Path) -> None:
    old = [Record("from", 0, 0, 1_000, b"k", b"v")]
    assert (
        "will be deleted soon" in planned(admin, packed(tmp_path / "a.pkr", old), make_topic(admin)).notes[0]
    )
    compacted = make_topic(admin, cleanup_policy="compact")
    assert "is compacted" in planned(admin, packed(tmp_path / "b.pkr", old), compacted).notes[0]


def test_newest_first_is_no_order_to_write_in(admin: KafkaConnection, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.pkr", list(reversed(odd_records())))
    with pytest.raises(UsageError, match="order of their offsets"):
        planned(admin, path, make_topic(admin, 3))


def test_an_import_that_fails_says_how_it_goes_on(admin: KafkaConnection, tmp_path: Path) -> None:
    topic = make_topic(admin, cleanup_policy="compact")
    path = packed(tmp_path / "a.pkr", [Record("from", 0, 0, NOW, None, b"a compacted topic wants keys")])
    with pytest.raises(KafkaError) as failed:
        importing.run(admin, planned(admin, path, topic))
    assert "the same command goes on" in (failed.value.next or "")


def test_a_connection_that_only_reads_writes_nothing(admin: KafkaConnection, tmp_path: Path) -> None:
    topic = make_topic(admin, 3)
    path = packed(tmp_path / "a.pkr", odd_records())
    with KafkaConnection(admin.bootstrap, read_only=True) as reader:
        todo = planned(reader, path, topic)
        with pytest.raises(PromptKafkaError, match="only reads"):
            importing.run(reader, todo)
    assert stored(admin, topic) == {}


def test_a_writer_is_what_an_export_uses(tmp_path: Path) -> None:
    path = tmp_path / "a.pkr"
    with path.open("wb") as file:
        Writer(file, About("from")).close()
    assert container.verify(path).records == 0
