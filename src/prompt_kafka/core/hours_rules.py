"""When a service is in production, as its configuration says it: rules as values.

What a rule means in UTC on given days is computed by :mod:`prompt_kafka.adapters.hours`, because time zones
and the sun belong to the edge; decisions are made on the intervals (:mod:`prompt_kafka.core.hours`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from prompt_kafka.core.hours import Interval


class Sun(StrEnum):
    """Where the night begins and ends."""

    SUNSET = "sunset"
    HORIZON = "horizon"
    CIVIL = "civil"
    NAUTICAL = "nautical"
    ASTRONOMICAL = "astronomical"

    @property
    def depression(self) -> float:
        """Degrees of the sun's centre below the mathematical horizon."""
        return {
            Sun.SUNSET: 0.0,
            Sun.HORIZON: 0.833,
            Sun.CIVIL: 6.0,
            Sun.NAUTICAL: 12.0,
            Sun.ASTRONOMICAL: 18.0,
        }[self]


@dataclass(frozen=True, slots=True)
class Site:
    """A place on Earth.

    Attributes
    ----------
    latitude, longitude
        Degrees, north and east positive.
    elevation
        Metres; counts only for `Sun.HORIZON`, the horizon that one sees from there.
    zone
        IANA name of its time zone.
    """

    name: str
    latitude: float
    longitude: float
    elevation: float
    zone: str


CERRO_PACHON = Site("Cerro Pachón", -30.244628, -70.74941, 2650.0, "America/Santiago")
"""Rubin Observatory, as ``Site("LSST")`` of rubin_scheduler has it."""

SITES: Mapping[str, Site] = {CERRO_PACHON.name: CERRO_PACHON}
"""The sites that a configuration can name."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Always:
    """In production around the clock."""

    zone: str = "UTC"

    def __str__(self) -> str:
        return "24x7"


@dataclass(frozen=True, slots=True)
class Business:
    """In production on some days of the week between two local times.

    Attributes
    ----------
    days
        As in `DAYS`: the days on which it begins.
    begin, end
        Minutes after local midnight; an end at or before the begin is on the next day.
    """

    days: tuple[str, ...]
    begin: int
    end: int
    zone: str

    def __str__(self) -> str:
        return f"{' '.join(self.days)} {_clock(self.begin)}–{_clock(self.end)} {self.zone}"


@dataclass(frozen=True, slots=True)
class Night:
    """In production while it is night at a site, with margins.

    Attributes
    ----------
    sun
        What counts as the begin and the end of the night.
    before, after
        Minutes before the night begins and after it ends that count too.
    """

    site: Site
    sun: Sun = Sun.SUNSET
    before: float = 60.0
    after: float = 60.0

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.site.zone

    def __str__(self) -> str:
        begin, end = ("sunset", "sunrise") if self.sun in (Sun.SUNSET, Sun.HORIZON) else ("dusk", "dawn")
        kind = "" if self.sun is Sun.SUNSET else f"{self.sun} "
        return (
            f"night at {self.site.name}: {kind}{begin} − {self.before:g} min to "
            f"{kind}{end} + {self.after:g} min"
        )


Rule = Always | Business | Night


@dataclass(frozen=True, slots=True)
class Operating:
    """The operating hours of an environment.

    Attributes
    ----------
    closed
        More intervals that count as production: a schedule can close a window, never open one.
    """

    rule: Rule
    closed: tuple[Interval, ...] = ()


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
