"""Where reading begins and ends, as a person says it, and what that is in a partition."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.clients.kafka.reach import Reach
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.bounds import EARLIEST, END, Bound, Range, between, parse, resolve

CLOCK = ManualClock(datetime(2026, 5, 1, 12, tzinfo=UTC))
NOON_MS = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("newest", END),
        ("end", END),
        ("earliest", EARLIEST),
        ("17", Bound("offset", 17)),
        (f"@{NOON_MS}", Bound("time", NOON_MS)),
        (f"{NOON_MS}", Bound("time", NOON_MS)),
        ("@0", Bound("time", 0)),
        ("15m", Bound("time", NOON_MS - 15 * 60_000)),
        ("-15m", Bound("time", NOON_MS - 15 * 60_000)),
        ("2h ago", Bound("time", NOON_MS - 2 * 3_600_000)),
        ("2 hours ago", Bound("time", NOON_MS - 2 * 3_600_000)),
        ("1h30m", Bound("time", NOON_MS - 90 * 60_000)),
        ("1 day, 2 hours ago", Bound("time", NOON_MS - 26 * 3_600_000)),
        ("2026-05-01T12:00:00Z", Bound("time", NOON_MS)),
        ("2026-05-01T12:00:00.0001Z", Bound("time", NOON_MS + 1)),
        ("2026-05-01T12:00:00.001Z", Bound("time", NOON_MS + 1)),
        ("2026-05-01T12:00", Bound("time", NOON_MS)),
        ("2026-05-01T14:00:00+02:00", Bound("time", NOON_MS)),
        ("2026-05-01", Bound("time", NOON_MS - 12 * 3_600_000)),
        ("1960-01-01", Bound("time", 0)),
    ],
)
def test_parse(text: str, bound: Bound) -> None:
    assert parse(text, CLOCK) == bound


@pytest.mark.parametrize(
    "text", ["", "yesterday", "-5", "15 x", "2026-13-01", "١٥", "9" * 30, "99999999999w", "ago", "@", "@-1"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, CLOCK)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match="ends before that"):
        between("5", "4", CLOCK)
    with pytest.raises(UsageError):
        between("1h", "2h", CLOCK)
    assert between("5", "5", CLOCK) == Range(Bound("offset", 5), Bound("offset", 5))


somewhere = st.builds(Bound, st.sampled_from(["offset", "time"]), st.integers(0, 90))


@given(
    times=st.lists(st.integers(0, 50), max_size=60),
    start=st.integers(0, 20),
    lower=st.just(EARLIEST) | somewhere,
    upper=st.just(END) | somewhere,
)
def test_every_record_that_is_meant_lies_in_the_range(
    times: list[int], start: int, lower: Bound, upper: Bound
) -> None:
    """Against the plain definition, with times in any order."""
    wanted = Range(lower, upper, late_ms=5)
    end = start + len(times)
    at = {
        time: next((start + n for n, own in enumerate(times) if own >= time), None) for time in wanted.times
    }
    asked = resolve(wanted, Reach(0, 1, start, end, end, at))
    assert start <= asked.first <= asked.until <= asked.end <= end == asked.limit
    meant = [
        start + n
        for n, time in enumerate(times)
        if wanted.holds(time)
        and (lower.kind != "offset" or start + n >= lower.at)
        and (upper.kind != "offset" or start + n < upper.at)
    ]
    assert all(asked.first <= offset < asked.end for offset in meant)


def test_what_was_written_long_after_an_upper_bound_is_not_read_where_it_is_much() -> None:
    wanted = Range(upper=Bound("time", 1000), late_ms=500)
    asked = resolve(wanted, Reach(0, 1, 0, 900_000, 900_000, {1000: 10, 1500: 20}))
    assert (asked.first, asked.until, asked.end) == (0, 20, 900_000)
    little = resolve(wanted, Reach(0, 1, 0, 90_000, 90_000, {1000: 10, 1500: 20}))
    assert little.until == little.end == 90_000
    everything = resolve(Range(upper=Bound("time", 1000), late_ms=None), Reach(0, 1, 0, 900_000, 900_000))
    assert everything.until == 900_000


def test_uncommitted_reads_to_the_very_end() -> None:
    reach = Reach(0, 1, 5, 20, 12)
    assert resolve(Range(), reach).end == 12
    assert resolve(Range(), reach, committed=False).end == 20
    own = resolve(Range(offsets={0: 7}), reach)
    assert (own.first, own.end) == (7, 12)
