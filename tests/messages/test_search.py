"""Searching real topics: what is found, what is said to be read, and going on from there."""

import threading
from collections import Counter
from collections.abc import Iterator
from functools import cache

import confluent_kafka
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import KafkaConnection, OffsetOutOfRangeError, Record
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages import EARLIEST, END, Asking, Bound, Budget, Filter, Found, Progress, Range, search
from prompt_kafka.messages.filters import read
from prompt_kafka.messages.partitioner import murmur2
from prompt_kafka.messages.summary import found_summary
from prompt_kafka.messages.token import asking_of, token_of
from tests.clients.conftest import make_topic
from tests.kafka_node import KafkaNode, shared_node

T0 = 1_770_000_000_000
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def write(node: KafkaNode, topic: str, records: list[dict[str, object]], **settings: object) -> None:
    """Write records in batches of at most 40."""
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": node.bootstrap, "linger.ms": 50, "batch.num.messages": 40, **settings}
    )
    for record in records:
        producer.produce(topic, **record)
    assert producer.flush(30) == 0


@cache
def mixed() -> tuple[KafkaNode, str, tuple[Record, ...]]:
    """Return a topic of three partitions, every codec, times out of order, and all that is in it."""
    node = shared_node()
    with node.connect() as admin:
        topic = make_topic(admin, 3, **{"message_timestamp_type": "CreateTime"})
        for round_, codec in enumerate(CODECS * 2):
            records: list[dict[str, object]] = []
            for number in range(90):
                own = round_ * 90 + number
                shuffled = (own * 7919) % 50 - 25  # out of order by up to 50 ms
                value = f'{{"n": {own}, "word": "w{own % 13}", "pad": "{"x" * (own % 60)}"}}'
                records.append(
                    {
                        "value": None if own % 31 == 0 else value.encode(),
                        "key": f"key-{own % 17}".encode() if own % 3 else None,
                        "partition": own % 3 if own % 5 else 0,
                        "timestamp": T0 + own * 10 + shuffled * 10,
                        "headers": [("trace", f"t{own % 7}".encode())] if own % 4 == 0 else [],
                    }
                )
            write(node, topic, records, **{"compression.type": codec})
        everything: list[Record] = []
        for offsets in admin.offsets(topic):
            position = offsets.start
            while position < offsets.stable:
                answer = admin.fetch(topic, offsets.partition, position)
                everything += answer.records()
                position = answer.next_offset
    assert len(everything) == 900
    return node, topic, tuple(everything)


bounds = (
    st.builds(Bound, st.just("offset"), st.integers(0, 450))
    | st.builds(Bound, st.just("time"), st.integers(T0 - 300, T0 + 9300))
)  # fmt: skip
texts = st.sampled_from(
    [
        ("any", "w5"),
        ("any", "icontains:W11"),
        ("any", "t3"),
        ("any", "regex:w1[01]"),
        ("any", "iregex:KEY-1[0-9]"),
        ("value", "regex:^.{5}(7|70)[0-9]*,"),
        ("value", "exact:nothing"),
        ("key", "key-4"),
        ("key", "iexact:KEY-5"),
        ("key", "contains:1"),
        ("header", "trace=t2"),
        ("header", "trace"),
        ("header", "trace=regex:t[45]"),
    ]
)
expressions = st.sampled_from(
    ["value.n % 10 == 3", "partition == 1", "tombstone", "headers.exists(h, h == 'trace') && offset > 100"]
)


def plainly(record: Record, asking: Asking) -> bool:
    """Judge a record by the definition."""
    import json
    import re

    value = json.loads(record.value) if record.value is not None else None
    headers = dict(record.headers)
    parts = [part for part in (record.key, record.value) if part is not None]
    for name, content in record.headers:
        parts += [name.encode(), content or b""]
    own = {
        "any": parts,
        "key": [record.key] if record.key is not None else [],
        "value": [record.value] if record.value is not None else [],
    }
    for text in asking.filter.texts:
        looked = own.get(text.part)
        if looked is None:
            looked = [headers[text.header or ""] or b""] if text.header in headers else []
        pattern = text.text if text.how == "regex" else re.escape(text.text)
        if text.how == "exact":
            pattern = f"\\A(?:{pattern})\\Z"
        flags = re.IGNORECASE if text.ignore_case else re.NOFLAG
        if not any(re.search(pattern, part.decode(), flags) for part in looked):
            return False
    where = asking.filter.where
    holds = {
        None: True,
        "value.n % 10 == 3": value is not None and value["n"] % 10 == 3,
        "partition == 1": record.partition == 1,
        "tombstone": record.value is None,
        "headers.exists(h, h == 'trace') && offset > 100": "trace" in headers and record.offset > 100,
    }
    return holds[where] and asking.span.holds(record.time_ms)


def in_offsets(record: Record, span: Range) -> bool:
    lower = span.lower.kind != "offset" or record.offset >= span.lower.at
    return lower and (span.upper.kind != "offset" or record.offset < span.upper.at)


def covered(found: Found) -> Counter[tuple[int, int]]:
    """Count how often each offset is said to be read or not read."""
    counts: Counter[tuple[int, int]] = Counter()
    for each in (*found.page.spans, *found.page.unread):
        counts.update((each.partition, offset) for offset in range(each.first, each.end))
    return counts


def in_order(records: list[Record], forwards: bool) -> bool:
    """In each partition by offset."""
    for partition in {record.partition for record in records}:
        own = [record.offset for record in records if record.partition == partition]
        if own != sorted(own, reverse=not forwards) or len(set(own)) != len(own):
            return False
    return True


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    lower=st.just(EARLIEST) | bounds,
    upper=st.just(END) | bounds,
    words=st.lists(texts, max_size=2),
    where=st.none() | expressions,
    partitions=st.none() | st.sets(st.integers(0, 2), min_size=1),
    wanted=st.none() | st.integers(1, 300),
    forwards=st.booleans(),
)
def test_searches_find_what_the_definition_says_and_account_for_every_offset(
    lower: Bound,
    upper: Bound,
    words: list[tuple[str, str]],
    where: str | None,
    partitions: set[int] | None,
    wanted: int | None,
    forwards: bool,
) -> None:
    """Page by page to the end: every match once, each offset either read or not read, once."""
    node, topic, everything = mixed()
    asking = Asking(
        topic,
        Filter(tuple(read(part, text) for part, text in words), where),  # type: ignore[arg-type]
        Range(lower, upper, late_ms=None),
        tuple(sorted(partitions)) if partitions else None,
        wanted,
        forwards,
        all_partitions=True,
    )
    expected = {
        (record.partition, record.offset)
        for record in everything
        if (partitions is None or record.partition in partitions)
        and in_offsets(record, asking.span)
        and plainly(record, asking)
    }
    seen: list[Record] = []
    with node.connect() as connection:
        try:
            found = search(connection, asking)
        except OffsetOutOfRangeError:
            chosen = [r for r in everything if partitions is None or r.partition in partitions]
            assert lower.kind == "offset" and not any(in_offsets(r, Range(lower)) for r in chosen)
            return
        asked = covered(found)
        assert set(asked.values()) <= {1}
        done = Counter({place: 0 for place in asked})
        for _ in range(2000):
            page = list(found.page.records)
            assert in_order(page, forwards)
            assert wanted is None or len(page) <= wanted
            counts = covered(found)
            assert set(counts.values()) <= {1}
            read_now = {
                (span.partition, offset)
                for span in found.page.spans
                for offset in range(span.first, span.end)
            }
            assert {(r.partition, r.offset) for r in page} <= read_now
            assert all(span.compacted == 0 for span in found.page.spans)
            done.update(read_now)
            seen += page
            token = token_of(asking, found)
            if token is None:
                break
            asking, topic_id = asking_of(token)
            assert topic_id == found.page.topic_id
            found = search(connection, asking)
    assert found.page.ending == "end of the range" or len(page) == wanted
    assert Counter((r.partition, r.offset) for r in seen) == Counter(expected)
    assert set(done.values()) <= {1}, "nothing is left and nothing is read twice"


def test_pages_are_merged_by_time(admin: KafkaConnection, node: KafkaNode) -> None:
    topic = make_topic(admin, 4)
    rows = [{"value": b"%d" % n, "partition": (n * n) % 4, "timestamp": T0 + n} for n in range(400)]
    write(node, topic, rows)  # type: ignore[arg-type]
    for filter_ in (Filter(), Filter((read("value", "regex:[0-9]"),))):
        newest = search(admin, Asking(topic, filter_, wanted=50)).page
        assert [record.value for record in newest.records] == [b"%d" % n for n in range(399, 349, -1)]
        oldest = search(admin, Asking(topic, filter_, wanted=50, forwards=True)).page
        assert [record.value for record in oldest.records] == [b"%d" % n for n in range(50)]


def test_an_exact_key_is_looked_for_in_its_partition_only(admin: KafkaConnection, node: KafkaNode) -> None:
    topic = make_topic(admin, 7)
    rows = [{"value": b"%d" % n, "key": b"key-%d" % (n % 40)} for n in range(200)]
    write(node, topic, rows, partitioner="murmur2_random")  # type: ignore[arg-type]
    asking = Asking(topic, Filter((read("key", "key-11"),)), wanted=None)
    found = search(admin, asking)
    assert [record.value for record in found.page.records] == [b"171", b"131", b"91", b"51", b"11"]
    assert found.key_partition == murmur2(b"key-11") % 7
    assert {span.partition for span in found.page.spans} == {found.key_partition}
    assert any("--all-partitions" in line for line in found_summary(found, searched=True))
    whole = search(admin, Asking(topic, Filter((read("key", "key-11"),)), wanted=None, all_partitions=True))
    assert whole.page.records == found.page.records and len(whole.page.spans) == 7
    assert whole.key_partition is None


@pytest.mark.parametrize(("key", "expected"), [(b"21", -973932308), (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536), (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971), (b"abc", 479470107)])  # fmt: skip
def test_murmur2_as_in_kafkas_own_tests(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0x7FFFFFFF


def test_what_cannot_be_judged_is_counted_and_shown(admin: KafkaConnection, topic: str) -> None:
    for value in (b'{"n": 1}', b'{"m": 1}', b"text", b'{"n": "1"}', None, b'{"n": 7}'):
        admin.produce_one(topic, b"k", value)
    found = search(admin, Asking(topic, Filter(where="value.n > 5"), forwards=True))
    assert [record.value for record in found.page.records] == [b'{"n": 7}']
    assert found.errors == 4
    assert found.example is not None and found.example[0].value == b'{"m": 1}'
    said = "\n".join(found_summary(found, searched=True))
    assert "4 records could not be judged" in said and "for example 0:1" in said


def test_budgets_are_ends_that_can_be_gone_on_from(admin: KafkaConnection) -> None:
    _, topic, everything = mixed()
    asking = Asking(topic, Filter((read("any", "w5"),)), wanted=None)
    for budget, said in (
        (Budget(records=1), "1 records"),
        (Budget(bytes=1), "1 bytes"),
        (Budget(seconds=0), "0 s"),
    ):
        found = search(admin, asking, budget=budget)
        assert said in found.page.ending
        token = token_of(asking, found)
        assert token is not None and found.page.more
        rest = search(admin, asking_of(token)[0])
        both = [*found.page.records, *rest.page.records]
        assert len(both) == sum(b"w5" in (record.value or b"") for record in everything)


def test_a_stopped_search_says_what_it_read(admin: KafkaConnection) -> None:
    _, topic, _ = mixed()
    stop = threading.Event()
    stop.set()
    found = search(admin, Asking(topic, Filter((read("any", "w5"),)), wanted=None), stop=stop)
    assert found.page.ending == "stopped"
    assert sum(each.end - each.first for each in found.page.unread) == 900
    assert found_summary(found, searched=True)


def test_progress_is_told_at_once_and_at_the_end(admin: KafkaConnection) -> None:
    _, topic, _ = mixed()
    told: list[Progress] = []
    search(admin, Asking(topic, Filter((read("any", "w5"),)), wanted=None), progress=told.append)
    assert (told[0].offsets, told[0].of, told[0].seconds < 3) == (0, 900, True)
    assert told[-1].offsets == told[-1].records == 900


def test_a_sink_takes_matches_as_they_come(admin: KafkaConnection) -> None:
    _, topic, everything = mixed()
    taken: list[Record] = []
    found = search(admin, Asking(topic, wanted=None), sink=taken.append)
    assert found.page.records == () and found.progress.matches == 900
    assert sorted(taken, key=lambda r: (r.partition, r.offset)) == list(everything)


def test_markers_aborted_and_compacted_are_not_found_and_not_missed(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": topic})
    producer.init_transactions(20)
    for number in range(8):
        producer.begin_transaction()
        producer.produce(topic, b"row %d" % number)
        producer.flush(20)
        (producer.abort_transaction if number % 4 == 3 else producer.commit_transaction)(20)
    admin.clock.wait_until(lambda: admin.offsets(topic)[0].stable == 16, 10)
    rows = Filter((read("value", "row"),))
    found = search(admin, Asking(topic, rows, wanted=None))
    assert [record.value for record in found.page.records] == [b"row %d" % n for n in (6, 5, 4, 2, 1, 0)]
    (span,) = found.page.spans
    assert (span.records, span.markers, span.aborted, span.compacted) == (6, 8, 2, 0)
    assert len(search(admin, Asking(topic, rows, wanted=None, committed=False)).page.records) == 8


def test_an_open_transaction_holds_back_what_is_behind_it(
    node: KafkaNode, admin: KafkaConnection, topic: str
) -> None:
    admin.produce_one(topic, None, b"row before")
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": topic})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"row open")
    producer.flush(20)
    admin.produce_one(topic, None, b"row behind")
    rows = Filter((read("value", "row"),))
    assert [r.value for r in search(admin, Asking(topic, rows)).page.records] == [b"row before"]
    everything = search(admin, Asking(topic, rows, committed=False)).page.records
    assert [r.value for r in everything] == [b"row behind", b"row open", b"row before"]
    producer.abort_transaction(20)


def test_append_time_and_both_bounds(admin: KafkaConnection, node: KafkaNode) -> None:
    topic = make_topic(admin, 1, message_timestamp_type="LogAppendTime")
    for number in range(5):
        write(node, topic, [{"value": b"%d" % number, "timestamp": T0}])
        admin.clock.sleep(0.01)
    times = [r.time_ms for r in search(admin, Asking(topic, forwards=True)).page.records]
    assert times == sorted(set(times)) and times[0] > T0

    def between(lower: int, upper: int) -> list[bytes | None]:
        span = Range(Bound("time", lower), Bound("time", upper))
        return [r.value for r in search(admin, Asking(topic, span=span, forwards=True)).page.records]

    assert between(times[1], times[3]) == [b"1", b"2"]
    assert between(times[1], times[1]) == []
    assert between(times[1] + 1, times[2]) == []
    assert between(0, times[0]) == []
    assert between(times[-1], times[-1] + 1) == [b"4"]
    assert between(times[-1] + 1, times[-1] + 100) == []


def test_a_tombstone_is_not_the_text_null(admin: KafkaConnection, topic: str) -> None:
    for value in (b"null", None, b""):
        admin.produce_one(topic, b"k", value)
    assert [r.value for r in search(admin, Asking(topic, Filter((read("value", "null"),)))).page.records] == [
        b"null"
    ]
    assert [r.value for r in search(admin, Asking(topic, Filter(where="tombstone"))).page.records] == [None]
    assert [
        r.value for r in search(admin, Asking(topic, Filter((read("value", "exact:"),)))).page.records
    ] == [b""]


def test_deleted_while_it_is_searched(admin: KafkaConnection, node: KafkaNode, topic: str) -> None:
    """Retention moves the beginning on: what is gone is said not to be read."""
    from kafka import TopicPartition

    write(node, topic, [{"value": b"x" * 9000 + b"%d" % n} for n in range(3000)], **{"batch.size": 20000})
    gone = iter([lambda: admin.admin.delete_records({TopicPartition(topic, 0): 2900})])

    def progress(told: Progress) -> None:
        if told.offsets:
            next(gone, lambda: None)()

    asking = Asking(topic, Filter((read("any", "x"),)), wanted=None, forwards=True)
    found = search(admin, asking, progress=progress, sink=lambda record: None, throttle=20e6)
    assert set(covered(found).values()) == {1} and len(covered(found)) == 3000
    assert found.page.ending == "end of the range"
    deleted = [each for each in found.page.unread if "deleted" in each.why]
    assert found.progress.matches == 3000 - sum(each.end - each.first for each in deleted)


def test_a_throttle_is_kept_to(admin: KafkaConnection, node: KafkaNode, topic: str) -> None:
    write(node, topic, [{"value": b"x" * 10_000} for _ in range(600)])
    began = admin.clock.monotonic()
    found = search(admin, Asking(topic, Filter((read("any", "y"),))), throttle=6e6)
    assert found.progress.records == 600
    assert admin.clock.monotonic() - began > 0.6


def test_a_token_that_is_none(admin: KafkaConnection) -> None:
    for text in ("", "x", "AAAA", "é", "eJyrVkrLz1eyUkpKLFKqBQAdegQC"):
        with pytest.raises(UsageError):
            asking_of(text)


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> Iterator[None]:
    mixed()
    yield


def test_over_tls_and_scram(node: KafkaNode) -> None:
    _, topic, everything = mixed()
    with node.connect("kafka-admin", read_only=True) as connection:
        found = search(connection, Asking(topic, Filter((read("any", "w5"),)), wanted=None))
    assert len(found.page.records) == sum(b"w5" in (record.value or b"") for record in everything)
    assert found.page.ending == "end of the range"


def test_a_user_that_may_not_read_is_told_so(node: KafkaNode) -> None:
    from prompt_kafka.core.errors import PromptKafkaError

    _, topic, _ = mixed()
    with node.connect("butler-writer", read_only=True) as connection:
        with pytest.raises(PromptKafkaError):
            search(connection, Asking(topic, Filter((read("any", "w5"),))))


def test_large_messages_are_read_in_small_windows(
    admin: KafkaConnection, node: KafkaNode, topic: str
) -> None:
    """Backwards nobody knows how large they are before the first has come."""
    write(node, topic, [{"value": b"%d " % n + b"x" * 900_000} for n in range(40)])
    told: list[Progress] = []
    found = search(
        admin, Asking(topic, Filter((read("value", "x"),)), wanted=None), progress=told.append, throttle=60e6
    )
    assert [int((r.value or b"").split()[0]) for r in found.page.records] == list(range(39, -1, -1))
    assert (found.progress.offsets, found.page.unread) == (40, ())
    assert len(told) > 3
    newest = search(admin, Asking(topic, wanted=7)).page.records
    assert [record.offset for record in newest] == list(range(39, 32, -1))


def test_batches_larger_than_what_is_asked_for(admin: KafkaConnection, node: KafkaNode) -> None:
    """A broker returns nothing of a partition whose next batch is larger than the limit, except of one."""
    import random

    topic = make_topic(admin, 5, max_message_bytes="9000000")
    draw = random.Random(3)
    rows = [{"value": b"row " + draw.randbytes(1000), "partition": n % 5} for n in range(15_000)]
    write(node, topic, rows, **{"batch.num.messages": 10_000, "batch.size": 4_000_000, "linger.ms": 2000,
                                "message.max.bytes": 5_000_000})  # fmt: skip
    assert max(len(batch.raw) for batch in admin.fetch(topic, 0, 0).batches) > 2 << 20
    rowed = Filter((read("value", "row"),))
    for forwards in (False, True):
        told = search(admin, Asking(topic, rowed, wanted=None, forwards=forwards), throttle=300e6)
        assert (told.progress.matches, told.page.unread, told.page.ending) == (15_000, (), "end of the range")
        page = search(admin, Asking(topic, wanted=200, forwards=forwards)).page
        assert len(page.records) == 200 and not any(":" in each.why for each in page.unread)
