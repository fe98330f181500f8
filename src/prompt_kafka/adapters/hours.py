"""Computes the production hours of an environment in UTC: local clocks and the sun become intervals.

The sun is astral's (a low-precision formula, within a minute of the almanac). The everyday margins are an
hour, so nothing better is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.hours import Hours, Interval, merged
from prompt_kafka.core.hours_rules import DAYS, Always, Business, Night, Operating, Sun
from prompt_kafka.core.service import Environment

AHEAD = timedelta(days=8)
"""So far ahead windows are looked for, unless more is asked for."""

_DAY = timedelta(days=1)


def look(environment: Environment, at: datetime, ahead: timedelta = AHEAD) -> Hours:
    """Return the production hours of an environment around a time.

    Raises
    ------
    UsageError
        None are configured.
    """
    if environment.hours is None:
        raise UsageError(
            f"no production hours are configured for {environment.name}",
            next="add `hours` to the environment in service.yaml",
        )
    return compute(environment.hours, at, ahead)


def compute(operating: Operating, at: datetime, ahead: timedelta = AHEAD) -> Hours:
    """Return what operating hours mean in UTC, from two days before a time."""
    begin, end = at - 2 * _DAY, at + ahead
    rule = operating.rule
    match rule:
        case Always():
            found: Iterator[Interval] = iter((Interval(begin, end, "24x7"),))
        case Business():
            found = _business(rule, begin.date(), end.date())
        case Night():
            found = _nights(rule, begin.date(), end.date())
    return Hours(str(rule), rule.zone, merged(found), begin, end).closed_too(operating.closed)


def _business(rule: Business, first: date, last: date) -> Iterator[Interval]:
    zone = ZoneInfo(rule.zone)
    for day in _days(first, last):
        if DAYS[day.weekday()] not in rule.days:
            continue
        until = day if rule.end > rule.begin else day + _DAY
        yield Interval(
            min(_instants(day, rule.begin, zone)), max(_instants(until, rule.end, zone)), "business hours"
        )


def _instants(day: date, minutes: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return both meanings of a local time: they differ where clocks are turned, and then both count."""
    days, minutes = divmod(minutes, 24 * 60)
    local = datetime.combine(day + days * _DAY, time(minutes // 60, minutes % 60), zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _nights(rule: Night, first: date, last: date) -> Iterator[Interval]:
    """Yield one interval for each night; where the sun does not set and rise, the whole day counts."""
    before, after = timedelta(minutes=rule.before), timedelta(minutes=rule.after)
    for day in _days(first, last):
        noon = datetime.combine(day, time(12), UTC) - timedelta(hours=rule.site.longitude / 15)
        begin = _transit(rule, day, rising=False, between=(noon, noon + _DAY))
        end = begin and _transit(rule, day, rising=True, between=(begin, noon + _DAY))
        if begin is None or end is None:
            yield Interval(noon, noon + _DAY, f"no sunset and sunrise at {rule.site.name}")
        else:
            yield Interval(begin - before, end + after, f"night at {rule.site.name}")


def _transit(rule: Night, day: date, *, rising: bool, between: tuple[datetime, datetime]) -> datetime | None:
    """Return when the sun passes the rule's depression within a time; None when it does not."""
    from astral import Observer, SunDirection
    from astral.sun import time_of_transit

    elevation = rule.site.elevation if rule.sun is Sun.HORIZON else 0.0
    observer = Observer(rule.site.latitude, rule.site.longitude, elevation)
    direction = SunDirection.RISING if rising else SunDirection.SETTING
    for candidate in (day, day + _DAY, day + 2 * _DAY, day - _DAY):
        try:
            found = time_of_transit(
                observer, candidate, 90.0 + rule.sun.depression, direction, with_refraction=False
            )
        except ValueError:
            continue
        if between[0] <= found <= between[1]:
            return found
    return None


def _days(first: date, last: date) -> Iterator[date]:
    """Yield the days from two before the first to one after the last: theirs reach into it."""
    for number in range((last - first).days + 4):
        yield first + timedelta(days=number - 2)
