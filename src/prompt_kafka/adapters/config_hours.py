"""Reads the operating hours of an environment from ``service.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prompt_kafka.adapters.config_keys import Types, check_keys, line_of
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.hours import Interval
from prompt_kafka.core.hours_rules import DAYS, SITES, Always, Business, Night, Operating, Site, Sun

ALWAYS = "24x7"
HOURS_KEYS: Mapping[str, Types] = {"business": dict, "night": dict, "closed": list}
BUSINESS_KEYS: Mapping[str, Types] = {"days": list, "from": str, "to": str, "zone": str}
NIGHT_KEYS: Mapping[str, Types] = {
    "site": str,
    "latitude": (int, float),
    "longitude": (int, float),
    "elevation": (int, float),
    "zone": str,
    "sun": str,
    "before": (int, float),
    "after": (int, float),
}
CLOSED_KEYS: Mapping[str, Types] = {"from": (str, datetime), "to": (str, datetime), "because": str}

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_FORMS = f"`{ALWAYS}`, or one of `business` and `night`"


def operating(path: Path, entry: Mapping[str, Any], under: str) -> Operating:
    """Return the operating hours of an environment's entry that has some.

    Raises
    ------
    UsageError
        With the line at fault.
    """
    where, under = line_of(path, entry, "hours"), f"{under}hours"
    hours = entry["hours"]
    if isinstance(hours, str):
        if hours != ALWAYS:
            raise UsageError(f"{under} cannot be {hours!r}", where=where, next=f"known: {_FORMS}")
        return Operating(Always())
    check_keys(path, hours, HOURS_KEYS, f"{under}.")
    if ("business" in hours) is ("night" in hours):
        raise UsageError(f"{under} must say one kind of hours", where=where, next=f"known: {_FORMS}")
    reader = _Reader(path, f"{under}.")
    rule = reader.business(hours) if "business" in hours else reader.night(hours)
    return Operating(rule, tuple(reader.closed(each, hours) for each in hours.get("closed") or ()))


class _Reader:
    """Reads the parts of one environment's hours."""

    def __init__(self, path: Path, under: str) -> None:
        self._path, self._under = path, under

    def business(self, hours: Mapping[str, Any]) -> Business:
        """Return business hours."""
        data, under = hours["business"], f"{self._under}business."
        check_keys(self._path, data, BUSINESS_KEYS, under)
        self._needs(hours, "business", data, ("days", "from", "to", "zone"))
        for day in data["days"]:
            if day not in DAYS:
                raise self._wrong(data, "days", f"{under}days has no {day!r}", f"known: {', '.join(DAYS)}")
        begin, end = (self._minutes(data, key, under) for key in ("from", "to"))
        return Business(tuple(data["days"]), begin, end, self._zone(data, under))

    def night(self, hours: Mapping[str, Any]) -> Night:
        """Return the observing night."""
        data, under = hours["night"], f"{self._under}night."
        check_keys(self._path, data, NIGHT_KEYS, under)
        sun = data.get("sun", Sun.SUNSET.value)
        if sun not in list(Sun):
            raise self._wrong(data, "sun", f"{under}sun cannot be {sun!r}", f"known: {', '.join(Sun)}")
        for key in ("before", "after"):
            if not 0 <= data.get(key, 60) <= 12 * 60:
                raise self._wrong(data, key, f"{under}{key} must be 0 to 720 minutes", "")
        site = self._site(hours, data, under)
        return Night(site, Sun(sun), float(data.get("before", 60)), float(data.get("after", 60)))

    def _site(self, hours: Mapping[str, Any], data: Mapping[str, Any], under: str) -> Site:
        name = str(data.get("site", ""))
        if "latitude" not in data and "longitude" not in data:
            if name not in SITES:
                raise UsageError(
                    f"{under}site {name!r} is not known here",
                    where=line_of(self._path, data if name else hours, "site" if name else "night"),
                    next=f"known: {', '.join(SITES)}; else give latitude, longitude, elevation and zone",
                )
            return SITES[name]
        self._needs(hours, "night", data, ("latitude", "longitude", "zone"))
        for key, limit in (("latitude", 90), ("longitude", 180)):
            if not -limit <= data[key] <= limit:
                raise self._wrong(data, key, f"{under}{key} must be −{limit} to {limit} degrees", "")
        latitude, longitude = float(data["latitude"]), float(data["longitude"])
        zone = self._zone(data, under)
        name = name or f"{latitude:g}°, {longitude:g}°"
        return Site(name, latitude, longitude, float(data.get("elevation", 0)), zone)

    def closed(self, data: Any, hours: Mapping[str, Any]) -> Interval:
        """Return an interval that counts as production too."""
        under = f"{self._under}closed."
        check_keys(self._path, data, CLOSED_KEYS, under)
        self._needs(hours, "closed", data, ("from", "to", "because"))
        begin, end = (self._instant(data, key, under) for key in ("from", "to"))
        if begin >= end:
            raise self._wrong(data, "to", f"{under}to is not after from", "")
        return Interval(begin, end, str(data["because"]))

    def _needs(
        self, outer: Mapping[str, Any], key: str, data: Mapping[str, Any], needed: tuple[str, ...]
    ) -> None:
        missing = [each for each in needed if each not in data]
        if missing:
            raise self._wrong(outer, key, f"{self._under}{key} lacks {', '.join(missing)}", "")

    def _minutes(self, data: Mapping[str, Any], key: str, under: str) -> int:
        if not _TIME.fullmatch(data[key]):
            raise self._wrong(data, key, f"{under}{key} must be a local time", 'such as "08:00"')
        hours, minutes = data[key].split(":")
        return int(hours) * 60 + int(minutes)

    def _zone(self, data: Mapping[str, Any], under: str) -> str:
        try:
            return ZoneInfo(data["zone"]).key
        except (KeyError, OSError, ValueError) as error:
            what = f"{under}zone {data['zone']!r} is no time zone known on this machine"
            raise self._wrong(data, "zone", what, "an IANA name such as America/Santiago") from error

    def _instant(self, data: Mapping[str, Any], key: str, under: str) -> datetime:
        value = data[key]
        try:
            found = datetime.fromisoformat(value if isinstance(value, str) else value.isoformat())
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise self._wrong(data, key, f"{under}{key} must be a time with its offset", "2026-12-24T15:00Z")
        return found.astimezone(UTC)

    def _wrong(self, data: Mapping[str, Any], key: str, what: str, next: str) -> UsageError:
        return UsageError(what, where=line_of(self._path, data, key), next=next or None)
