"""Rules become intervals in UTC: clocks that are turned, midnight, the sun at a site and near the poles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prompt_kafka.adapters.hours import compute, look
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.hours import Hours, Interval
from prompt_kafka.core.hours_rules import CERRO_PACHON, Always, Business, Night, Operating, Rule, Site, Sun
from prompt_kafka.core.service import Environment

WEEK = ("mon", "tue", "wed", "thu", "fri")
MIN = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of(rule: Rule, at: str) -> Hours:
    return compute(Operating(rule), utc(at))


def on(found: Hours, day: str) -> list[tuple[str, str]]:
    """Return the windows that begin on a day of UTC."""
    windows = (
        w for w in found.windows(utc(f"{day} 00:00") - timedelta(days=2)) if f"{w.begin:%Y-%m-%d}" == day
    )
    return [(f"{w.begin:%H:%M}", f"{w.end:%H:%M}") for w in windows]


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        ("2026-11-01", "10:51", "22:01"),
        ("2026-12-21", "10:42", "22:39"),
        ("2027-03-20", "11:50", "21:50"),
        ("2027-06-21", "12:43", "20:46"),
        ("2027-09-23", "11:35", "21:35"),
    ],
)
def test_windows_at_cerro_pachon_are_those_of_the_almanac(day: str, begin: str, end: str) -> None:
    """The table of facts/backup.md §7.4, computed there by another formula; within two minutes."""
    window = of(Night(CERRO_PACHON), f"{day} 13:00").windows(utc(f"{day} 13:00"))[0]
    assert abs(window.begin - utc(f"{day} {begin}")) <= 2 * MIN
    assert abs(window.end - utc(f"{day} {end}")) <= 2 * MIN


def test_margins_and_twilight_move_the_edges() -> None:
    noon = "2026-12-01 15:00"
    plain, wide = (
        of(Night(CERRO_PACHON, before=0, after=0), noon),
        of(Night(CERRO_PACHON, before=90, after=30), noon),
    )
    (a,), (b,) = ([w for w in h.windows(utc(noon))][:1] for h in (plain, wide))
    assert b.begin - a.begin == 30 * MIN
    assert a.end - b.end == 90 * MIN
    nautical = of(Night(CERRO_PACHON, Sun.NAUTICAL, 0, 0), noon).windows(utc(noon))[0]
    assert nautical.begin < a.begin < a.end < nautical.end
    horizon = of(Night(CERRO_PACHON, Sun.HORIZON, 0, 0), noon).windows(utc(noon))[0]
    assert 5 * MIN < horizon.end - a.end < 20 * MIN


@pytest.mark.parametrize("latitude", [69.0, 75.0, -80.0, 90.0])
@pytest.mark.parametrize("day", ["2026-06-21 12:00", "2026-12-21 12:00"])
def test_where_the_sun_does_not_set_or_rise_no_window_opens(latitude: float, day: str) -> None:
    far = Site("far", latitude, 19.0, 0.0, "UTC")
    assert of(Night(far), day).windows(utc(day)) == ()


@pytest.mark.parametrize("longitude", [-179.9, -120.0, 0.0, 60.0, 150.0, 179.9])
def test_every_day_of_a_year_has_one_window_wherever_the_site_is(longitude: float) -> None:
    site = Site("somewhere", 30.0, longitude, 0.0, "UTC")
    found = compute(Operating(Night(site)), utc("2026-01-10"), timedelta(days=360))
    windows = found.windows(utc("2026-01-10"))[1:-1]
    assert len(windows) in (358, 359, 360)
    assert all(timedelta(hours=8) < w.length < timedelta(hours=13) for w in windows)


def test_business_hours_follow_the_clocks_of_california_and_of_chile() -> None:
    """California turned on 2026-11-01, Chile on 2026-09-06; both move in UTC, each on its own day."""
    pacific = Business(WEEK, 8 * 60, 17 * 60, "America/Los_Angeles")
    assert on(of(pacific, "2026-10-28 00:00"), "2026-10-29") == [("00:00", "15:00")]
    assert on(of(pacific, "2026-11-03 00:00"), "2026-11-04") == [("01:00", "16:00")]
    chile = Business(WEEK, 8 * 60, 17 * 60, "America/Santiago")
    assert on(of(chile, "2026-09-02 00:00"), "2026-09-03") == [("21:00", "12:00")]
    assert on(of(chile, "2026-09-08 00:00"), "2026-09-09") == [("20:00", "11:00")]


def test_an_hour_that_comes_twice_or_not_at_all_counts_as_production() -> None:
    night = Business(("sat",), 23 * 60, 90, "America/Los_Angeles")
    found = of(night, "2026-10-31 12:00")
    interval = next(i for i in found.intervals if i.begin > utc("2026-10-31"))
    assert (interval.begin, interval.end) == (utc("2026-11-01 06:00"), utc("2026-11-01 09:30"))
    missing = of(Business(("sun",), 150, 200, "America/Los_Angeles"), "2026-03-08 00:00")
    (interval,) = (i for i in missing.intervals if i.begin.date() == utc("2026-03-08").date())
    assert (interval.begin, interval.end) == (utc("2026-03-08 09:30"), utc("2026-03-08 10:20"))


def test_business_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    found = of(Business(("fri",), 22 * 60, 6 * 60, "UTC"), "2026-11-27 12:00")
    assert found.production_at(utc("2026-11-28 05:59")) is not None
    assert found.production_at(utc("2026-11-28 06:00")) is None
    assert found.production_at(utc("2026-11-27 05:00")) is None


def test_the_whole_day_is_one_interval() -> None:
    found = of(Business(("mon", "tue"), 0, 24 * 60, "UTC"), "2026-11-23 12:00")
    assert Interval(utc("2026-11-23"), utc("2026-11-25"), "business hours") in found.intervals


def test_24x7_has_no_window() -> None:
    assert of(Always(), "2026-11-23 12:00").windows(utc("2026-11-23")) == ()


def test_a_declared_interval_closes_a_window() -> None:
    extra = Interval(utc("2026-12-01 15:00"), utc("2026-12-01 17:00"), "calibration")
    found = compute(Operating(Night(CERRO_PACHON), (extra,)), utc("2026-12-01 12:00"))
    inside = found.production_at(utc("2026-12-01 16:00"))
    assert inside is not None
    assert inside.because == "calibration"


def test_no_hours_are_no_permission() -> None:
    with pytest.raises(UsageError, match="no production hours are configured for usdfprod"):
        look(Environment("usdfprod", production=True), utc("2026-12-01 12:00"))
