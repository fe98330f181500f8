"""Topics and groups in words: what was not seen is a question mark or a lower bound, never a zero."""

from __future__ import annotations

import pytest

from prompt_kafka.core.amounts import bound, rate_text, size_text
from prompt_kafka.core.group_told import behind, group_json, in_order, is_late, records, time
from prompt_kafka.core.kafka import Group, GroupLag, Member, Partition, TopicState
from prompt_kafka.core.topic_look import Amount, PartitionLook, TopicLook
from prompt_kafka.core.topic_told import kept, last_write, state, topic_json, volume_line
from prompt_kafka.core.upkeep import Volume
from tests.worlds import NOW

DAY_MS = 86_400_000
UNSEEN = "broker 2: it did not answer"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (9_940, "9.9 KB"), (9_960, "10 KB"), (2.5e12, "2.5 TB")],
)
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(("rate", "text"), [(0, "0"), (0.0333, "0.033"), (9.99, "10"), (1234.5, "1,234")])
def test_rates(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_a_part_not_seen_is_a_lower_bound_and_nothing_seen_a_question_mark() -> None:
    assert (bound(Amount(3), "3"), bound(Amount(3, 1), "3"), bound(None, "0")) == ("3", "≥ 3", "?")


def _topic(*looks: PartitionLook, **settings: str) -> TopicLook:
    partitions = tuple(Partition("t", each.index, 1, (1, 2), (1, 2)) for each in looks)
    names = {name.replace("_", "."): value for name, value in settings.items()}
    return TopicLook(TopicState("t", "id", partitions, settings=names), looks)


def test_sums_of_a_topic() -> None:
    one = PartitionLook(0, start=100, end=200, size=5_000, disk=10_000, since=170, last_ms=1_000)
    two = PartitionLook(1, start=0, end=0, size=0, disk=0, since=0)
    hidden = PartitionLook(2, unknown=UNSEEN)
    whole, part, none = _topic(one, two), _topic(one, hidden), _topic(hidden)
    assert (whole.size, whole.records, whole.disk) == (Amount(5_000), Amount(100), Amount(10_000))
    assert whole.rate(10) == Amount(3.0)
    assert whole.byte_rate(10) == Amount(150.0)
    assert (part.size, part.rate(10)) == (Amount(5_000, 1), Amount(3.0, 1))
    assert (none.size, none.records, none.rate(10), none.byte_rate(10)) == (None, None, None, None)
    assert state(whole) == ("in sync", "good")
    assert state(part) == (f"in sync; unknown: {UNSEEN}", "unsure")
    told = topic_json(part, 10)
    assert told["incomplete"] == ["bytes", "bytes_all_copies", "records", "records_per_s", "bytes_per_s"]
    assert topic_json(none, 10)["bytes"] is None
    assert (last_write(whole, NOW)[-1], last_write(_topic(two), NOW), last_write(none, NOW)) == (
        "d",
        "never",
        "?",
    )


def test_what_was_deleted_within_the_time_is_not_counted_as_written() -> None:
    deleted = PartitionLook(0, start=190, end=200, size=100, since=150)
    assert (deleted.written, deleted.written_bytes) == (10, 100.0)
    assert PartitionLook(0, start=200, end=200, size=100, since=150).written_bytes == 0.0


def test_no_bytes_per_second_where_compaction_makes_the_mean_say_little() -> None:
    look = PartitionLook(0, start=0, end=9, size=9, since=0)
    assert _topic(look, cleanup_policy="compact").byte_rate(1) is None
    assert _topic(look, cleanup_policy="compact,delete").byte_rate(1) is None


def test_how_long_a_topic_keeps_its_records() -> None:
    def told(**settings: str) -> str:
        return kept({name.replace("_", "."): value for name, value in settings.items()})

    assert told() == "?"
    assert told(cleanup_policy="delete", retention_ms=str(14 * DAY_MS)) == "14 d"
    assert told(cleanup_policy="delete", retention_ms="-1") == "for ever"
    assert told(cleanup_policy="delete", retention_ms="-1", retention_bytes="5000") == (
        "for ever, 5.0 KB a partition"
    )
    assert told(cleanup_policy="compact") == "compacted"
    assert told(cleanup_policy="compact,delete", retention_ms=str(DAY_MS)) == "compacted, 1 d"


def test_when_a_volume_is_full() -> None:
    def told(**more: float | None) -> str:
        return volume_line(Volume(3, 1000, 400, 500, **more))  # type: ignore[arg-type]

    assert told(growth=400 / 86400 / 2) == (
        "broker 3: 60% of 1.0 KB used, 500 B of it logs; full in 2 days at the present growth"
    )
    assert told(growth=1.0, at_retention=600).endswith("retention ends its growth before it is full")
    assert "no log is old and big enough" in told()
    assert "does not tell how big its volume is" in volume_line(Volume(3, None, None, 500))


def _lag(partition: int, committed: int | None, end: int, age: float | None = 5.0, why: str = "") -> GroupLag:
    return GroupLag("t", partition, committed, 0, end, age, unknown=why)


def test_groups() -> None:
    whole = Group("a", "Stable", lags=(_lag(0, 4, 9), _lag(1, 9, 9, 0.0)))
    part = Group("b", "Stable", lags=(_lag(0, 4, 9), GroupLag("t", 1, 3, 0, 0, None, unknown=UNSEEN)))
    hidden = Group("c", "unknown", unknown="its coordinator does not answer: broker 2")
    fresh = Group("d", "Stable", members=(Member("m", "c", "h", ("t-0",)),), lags=(_lag(0, None, 9),))
    empty = Group("e", "Empty")
    assert [records(g) for g in (whole, part, hidden, fresh, empty)] == [
        "5",
        "≥ 5",
        "?",
        "9 (no commit)",
        "no offsets",
    ]
    assert [time(g) for g in (whole, part, hidden, fresh, empty)] == ["5 s", "≥ 5 s", "?", "5 s", ""]
    assert behind(fresh) == "9 records behind, 5 s; it never committed"
    assert behind(hidden) == "how far it is behind is unknown"
    assert [g.id for g in in_order([hidden, whole, part, fresh], "records")] == ["d", "a", "b", "c"]
    assert is_late(part, 3.0), "late is late, whatever else is unknown"
    assert not is_late(hidden, 3.0)
    assert (hidden.lag_s, empty.lag_s, part.lag_s) == (None, 0.0, None), "unknown is no lag of zero"
    told = group_json(part)
    assert (told["complete"], told["records_behind"], told["seconds_behind"]) == (False, 5, None)
    assert told["partitions"][1]["records_behind"] is None
    assert group_json(hidden)["records_behind"] is None
    assert group_json(empty)["records_behind"] == 0
