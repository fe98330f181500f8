"""Production hours as values: what is not known to be a window is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.core.hours import Hours, Interval, merged

DAY = datetime(2026, 11, 24, tzinfo=UTC)
H = timedelta(hours=1)


def at(hour: float) -> datetime:
    return DAY + hour * H


def hours(*intervals: tuple[float, float], until: float = 72) -> Hours:
    return Hours(
        "test", "UTC", merged(Interval(at(a), at(b), "night") for a, b in intervals), at(-24), at(until)
    )


NIGHTS = hours((-2, 10), (22, 34), (46, 58))


def test_production_holds_from_its_begin_until_just_before_its_end() -> None:
    assert NIGHTS.production_at(at(9.99)) is not None
    assert NIGHTS.production_at(at(10)) is None
    assert NIGHTS.production_at(at(22)) is not None


def test_it_says_until_when_the_present_state_lasts() -> None:
    assert NIGHTS.changes_at(at(3)) == at(10)
    assert NIGHTS.changes_at(at(12)) == at(22)


def test_windows_are_what_lies_between() -> None:
    assert [(w.begin, w.end) for w in NIGHTS.windows(at(12))] == [
        (at(10), at(22)),
        (at(34), at(46)),
        (at(58), at(72)),
    ]


def test_the_next_window_has_room_for_what_is_planned() -> None:
    assert NIGHTS.next_window(at(12), 10 * H) == Interval(at(10), at(22))
    assert NIGHTS.next_window(at(12.1), 10 * H) == Interval(at(34), at(46))
    assert NIGHTS.next_window(at(12), 20 * H) is None


def test_a_stretch_of_time_touches_the_night_at_its_last_instant() -> None:
    assert NIGHTS.touches(at(20), 1.9 * H) is None
    assert NIGHTS.touches(at(20), 2 * H) is not None
    assert NIGHTS.touches(at(20), 20 * H) is not None


def test_what_was_not_computed_is_production() -> None:
    assert NIGHTS.production_at(at(72)) is not None
    assert NIGHTS.production_at(at(-24.1)) is not None
    assert NIGHTS.changes_at(at(60)) is None
    assert NIGHTS.changes_at(at(80)) is None
    assert NIGHTS.touches(at(60), 13 * H) is not None


def test_around_the_clock_has_no_window_and_no_end() -> None:
    always = hours((-24, 72))
    assert always.windows(at(0)) == ()
    assert always.next_window(at(0)) is None
    assert always.changes_at(at(0)) is None


def test_a_schedule_closes_a_window_and_opens_none() -> None:
    closed = NIGHTS.closed_too([Interval(at(12), at(14), "calibration"), Interval(at(2), at(5), "idle")])
    assert closed.production_at(at(13)) is not None
    assert closed.production_at(at(3)) is not None
    assert [(w.begin, w.end) for w in closed.windows(at(11))][:2] == [(at(10), at(12)), (at(14), at(22))]


def test_touching_intervals_become_one_with_both_reasons() -> None:
    one, two = Interval(at(0), at(2), "night"), Interval(at(2), at(3), "calibration")
    assert merged([two, one, Interval(at(5), at(5))]) == (Interval(at(0), at(3), "night and calibration"),)


_spans = st.tuples(st.integers(-30, 80), st.integers(0, 30)).map(lambda t: (t[0], t[0] + t[1]))


@given(st.lists(_spans, max_size=12))
def test_windows_and_production_share_out_the_time(spans: list[tuple[int, int]]) -> None:
    found = hours(*spans)
    parts = sorted((*found.production, *found.windows(at(-1000))), key=lambda i: i.begin)
    assert all(a.end == b.begin for a, b in pairwise(parts))
    assert parts[-1].endless
    for half in range(-60, 160):
        moment = at(half / 2)
        window = next((w for w in found.windows(at(-1000)) if w.begin <= moment < w.end), None)
        assert (found.production_at(moment) is None) is (window is not None)


@given(st.lists(_spans, max_size=8), st.lists(_spans, max_size=4), st.integers(-30, 90))
def test_closing_never_opens(spans: list[tuple[int, int]], more: list[tuple[int, int]], hour: int) -> None:
    before = hours(*spans)
    after = before.closed_too(Interval(at(a), at(b)) for a, b in more)
    if before.production_at(at(hour)) is not None:
        assert after.production_at(at(hour)) is not None
