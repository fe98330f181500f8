"""Sync windows of an AppProject: may a sync run now?

The rule as Argo CD's controller applies it: an active deny beats everything, any matching allow window means
"only inside one", and ``manualSync`` lets a person pass. Schedules are cron's five fields with numbers,
lists, ranges and steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prompt_kafka.lab.argocd.comparer import IN_CLUSTER
from prompt_kafka.lab.argocd.durations import duration

_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


class ScheduleError(ValueError):
    """Not a schedule of five fields."""


def blocked(
    windows: Sequence[Mapping[str, Any]],
    application: Mapping[str, Any],
    now: datetime,
    *,
    manual: bool,
    running: bool,
) -> str | None:
    """Return why a sync may not run now, None when it may.

    Parameters
    ----------
    windows
        ``spec.syncWindows`` of the application's project.
    application
        The Application.
    now
        The time, in UTC.
    manual
        Whether a person started the sync.
    running
        Whether it has begun already (``syncOverrun``).
    """
    matching = [each for each in windows if applies(each, application)]
    active = [each for each in matching if is_active(each, now)]
    denies = [each for each in active if each.get("kind") == "deny"]
    allows = [each for each in matching if each.get("kind") == "allow"]
    against = denies or ([] if any(each in active for each in allows) else allows)
    if not against:
        return None
    if manual and all(each.get("manualSync") for each in against):
        return None
    if running and all(each.get("syncOverrun") for each in against):
        return None
    return "Sync operation blocked by sync window"


def applies(window: Mapping[str, Any], application: Mapping[str, Any]) -> bool:
    """Return whether a window is for an application: by its name, its namespace or its cluster."""
    destination = application["spec"].get("destination") or {}
    cluster = destination.get("server") or destination.get("name") or IN_CLUSTER
    asked = (
        (window.get("applications"), application["metadata"]["name"]),
        (window.get("namespaces"), destination.get("namespace") or ""),
        (window.get("clusters"), cluster),
    )
    answers = [any(fnmatchcase(value, glob) for glob in globs) for globs, value in asked if globs]
    return bool(answers) and (all(answers) if window.get("andOperator") else any(answers))


def is_active(window: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a window is open: whether its schedule fired within its duration."""
    length = timedelta(seconds=duration(str(window.get("duration") or "")) or 0)
    offset = _zone(str(window.get("timeZone") or "UTC")).utcoffset(now) or timedelta()
    local = now.astimezone(UTC).replace(tzinfo=None) + offset
    try:
        fired = following(str(window.get("schedule") or ""), local - length)
    except ScheduleError:
        return False
    return fired is not None and fired < local


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def following(schedule: str, after: datetime) -> datetime | None:
    """Return the first time after `after` at which a schedule fires, within a year.

    Raises
    ------
    ScheduleError
        It is not a schedule that can be read.
    """
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(schedule)
    minutes, hours, days, months, weekdays = (
        _values(text, *limits) for text, limits in zip(fields, _FIELDS, strict=True)
    )
    weekdays = {each % 7 for each in weekdays}
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(367):
        by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        either = not fields[2].startswith("*") and not fields[4].startswith("*")
        if day.month in months and (by_day or by_weekday if either else by_day and by_weekday):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    at = day.replace(hour=hour, minute=minute)
                    if at > after:
                        return at
        day += timedelta(days=1)
    return None


def _values(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("", "", "") if span == "*" else span.partition("-")
        try:
            start = int(first) if first else low
            end = int(last) if last else (start if first and not step else high)
            values = range(start, end + 1, int(step) if step else 1)
        except ValueError:
            raise ScheduleError(text) from None
        if not values or start < low or end > high:
            raise ScheduleError(text)
        found |= set(values)
    return found
