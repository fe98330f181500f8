"""**Maintenance windows**: the coming days as a picture, and as a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.pages import failure, shown
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.hours import Hours
from prompt_kafka.core.outlook import Outlook, outlook
from prompt_kafka.core.outlook_told import as_json, head, none
from prompt_kafka.targets import production_hours

USUAL_DAYS, MOST_DAYS = 7, 60
ROW, LEFT, WIDTH = 26, 118, 960
"""Of the picture: height of a day, place for its name, and width of its 24 hours."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Production within a day, in the picture's units."""

    x: float
    width: float
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """A day of the picture.

    Attributes
    ----------
    now
        Where the present is; None on another day.
    """

    name: str
    y: int
    bars: tuple[Bar, ...]
    now: float | None


def page(request: Request) -> Response:
    """Show the coming windows."""
    try:
        found = _found(desk(request), request)
    except PromptKafkaError as error:
        return failure(request, error)
    site = request.query_params.get("zone") == "site"
    zone: tzinfo = ZoneInfo(found.hours.zone) if site else UTC
    days = list(rows(found.hours, found.at, _days(request), zone))
    rule, now = head(found)
    return shown(
        request,
        "windows.html",
        title="Windows",
        found=found,
        rule=rule,
        now=now,
        none=none(found),
        rows=days,
        site=site,
        zone_name=found.hours.zone if site else "UTC",
        days=_days(request),
        left=LEFT,
        width=WIDTH,
        row=ROW,
        height=len(days) * ROW + 24,
        hours=[(hour, LEFT + WIDTH * hour / 24) for hour in range(0, 25, 3)],
    )


def listed(request: Request) -> Response:
    """Return the windows as JSON: what ``maintenance windows -o json`` prints."""
    try:
        return JSONResponse(as_json(_found(desk(request), request)))
    except PromptKafkaError as error:
        return failure(request, error)


def rows(hours: Hours, at: datetime, days: int, zone: tzinfo) -> Iterator[Row]:
    """Yield the days of the picture, each from midnight to midnight of a zone."""
    first = at.astimezone(zone).date()
    for number in range(days):
        date = first + number * DAY
        begin = datetime.combine(date, time(), zone).astimezone(UTC)
        end = datetime.combine(date + DAY, time(), zone).astimezone(UTC)

        def place(moment: datetime, begin: datetime = begin, end: datetime = end) -> float:
            return round(LEFT + WIDTH * ((min(max(moment, begin), end) - begin) / (end - begin)), 1)

        bars = tuple(
            Bar(
                place(each.begin),
                round(place(each.end) - place(each.begin), 1),
                f"production: {each.begin:%a %H:%M}–{each.end:%a %H:%M} UTC"
                + (f", {each.because}" if each.because else ""),
            )
            for each in hours.intervals
            if each.begin < end and each.end > begin
        )
        yield Row(f"{date:%a %Y-%m-%d}", number * ROW, bars, place(at) if begin <= at < end else None)


def _days(request: Request) -> int:
    text = request.query_params.get("days", "")
    return min(max(int(text), 1), MOST_DAYS) if text.isascii() and text.isdecimal() else USUAL_DAYS


def _found(here: Desk, request: Request) -> Outlook:
    ahead = timedelta(days=_days(request))
    environment, hours = production_hours(here.changing, ahead + 2 * DAY)
    return outlook(environment.name, hours, SYSTEM.now(), binding=environment.production, ahead=ahead)
