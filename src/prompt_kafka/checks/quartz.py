"""How much of the time an expression of Quartz matches: what Strimzi's maintenance windows are written in."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_YEAR = 2028
"""A leap year: no day is missed."""

_PAST = 2025
"""What ended with it had ended when this was written; nothing here reads a clock."""


class Never(Exception):
    """The expression never matches: Quartz refuses it, or its times do not exist."""


def opened(expression: str) -> tuple[float, int]:
    """Return which share of an hour it matches, in its hours, and on how many days of a year.

    Raises
    ------
    Never
        With the reason, as the end of a sentence about the expression.
    """
    parts = expression.upper().split()
    if len(parts) not in (6, 7):
        raise Never(f"has {len(parts)} fields; Quartz wants 6 or 7, seconds first")
    seconds, minutes, _, day, month, weekday = parts[:6]
    if (day == "?") == (weekday == "?"):
        both = "none" if day != "?" else "both"
        raise Never(f"has ? for {both} of day of month and day of week; Quartz wants it for one")
    share = len(values(seconds, 0, 59)) / 60 * len(values(minutes, 0, 59)) / 60
    hours(expression)
    months = values(month, 1, 12, _MONTHS)
    if len(parts) == 7 and parts[6] not in ("*", "?"):
        years = values(parts[6], 1970, 2099)
        if max(years) <= _PAST:
            raise Never(f"ended with the year {max(years)}")
    days = sum(_days(day, weekday, number) for number in months)
    if not days:
        raise Never("names a day that no month has")
    return share, days


def hours(expression: str) -> int:
    """Return how many hours of a day it matches."""
    return len(values(expression.upper().split()[2], 0, 23))


def values(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """Return what a field lets through.

    Raises
    ------
    Never
        It is none.
    """
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdecimal() and int(step)):
            raise Never(f"has {part!r}, which Quartz cannot read")
        first, _, last = span.partition("-")
        if span in ("*", "?", ""):
            begin, end = low, high
        else:
            begin = _number(first, low, high, names)
            end = _number(last, low, high, names) if last else high if step else begin
        size = high - low + 1
        length = (end - begin) % size if end < begin else end - begin
        found |= {low + (begin - low + at) % size for at in range(0, length + 1, int(step or 1))}
    return found


def _number(text: str, low: int, high: int, names: list[str] | None) -> int:
    if names and text in names:
        return names.index(text) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Never(f"has {text!r} where {low} to {high} is wanted")
    return int(text)


def _days(day: str, weekday: str, month: int) -> int:
    """Return how many days of a month match."""
    length = monthrange(_YEAR, month)[1]
    if weekday == "?":
        if re.fullmatch(r"L(W|-\d+)?|\d+W|LW", day):
            return 1
        return sum(each <= length for each in values(day, 1, 31))
    if re.fullmatch(r"(\d|[A-Z]{3})(L|#\d)|L", weekday):
        return 4 if weekday == "L" else 1
    wanted = values(weekday, 1, 7, _DAYS)
    first = date(_YEAR, month, 1)
    return sum((first + timedelta(days=at)).isoweekday() % 7 + 1 in wanted for at in range(length))
