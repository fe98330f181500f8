"""Templates: everything that is put into one is escaped; only our own pieces are marked as safe."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.durations import age


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class View:
    """What every page knows.

    Attributes
    ----------
    root
        What precedes every path.
    here
        The path of the page, without `root`.
    target
        The first line of everything that the command line shows.
    csrf
        What a form must bring back.
    acts
        A run may be started here, by whoever asks.
    zone
        The site's time zone.
    """

    root: str = ""
    here: str = ""
    environment: str = ""
    production: bool = False
    target: str = ""
    person: str = ""
    role: str = ""
    csrf: str = ""
    acts: bool = False
    zone: str = "UTC"
    links: tuple[Link, ...] = field(default_factory=tuple)


@cache
def _templates() -> Environment:
    loader = PackageLoader("prompt_kafka.console", "templates")
    env = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["age"] = _age
    env.filters["ticks"] = _ticks
    env.globals["moment"] = moment
    env.globals["instant"] = instant
    env.globals["asset"] = asset
    env.globals["query"] = query
    env.filters["segment"] = lambda text: quote(str(text), safe="")
    return env


def page(name: str, /, *, root: str = "", view: View | None = None, **values: Any) -> str:
    """Render a template."""
    return _templates().get_template(name).render(view=view or View(root=root), **values)


def query(**values: Any) -> str:
    """Return a query string of what has a value; a list gives several."""
    given = {key: value for key, value in values.items() if value is not None and value not in ("", (), [])}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def moment(at: datetime | None, zone: str = "UTC", *, date: bool = False) -> Markup:
    """Return a time that scripts show on the clock a person chose; UTC without them, the site's as a hint."""
    if at is None:
        return Markup("")
    at = at.astimezone(UTC)
    said = f"{at:%Y-%m-%d %H:%M:%S}" if date else f"{at:%H:%M:%S}"
    try:
        there = f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"
    except (ZoneInfoNotFoundError, ValueError):
        there = ""
    return Markup('<time datetime="{}" title="{}" data-form="{}">{} UTC</time>').format(
        at.isoformat(), there, "date" if date else "time", said
    )


def instant(time_ms: int, zone: str = "UTC", *, date: bool = True) -> Markup:
    """Return a record's time; a producer may set any, also one that no calendar has."""
    try:
        return moment(datetime.fromtimestamp(time_ms / 1000, UTC), zone, date=date)
    except (OverflowError, ValueError, OSError):
        return Markup("{} ms").format(time_ms)


def _ticks(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    marked = (Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(pieces))
    return Markup("").join(marked)


def _age(at: datetime | None) -> Markup:
    """Return how long ago something was; scripts count on."""
    if at is None:
        return Markup("")
    said = age(max(0.0, (SYSTEM.now() - at).total_seconds()))
    return Markup('<span class="age" data-since="{}">{} ago</span>').format(at.isoformat(), said)


@cache
def asset(name: str) -> str:
    """Return the path of a static file, with a mark that changes when it does."""
    data = files("prompt_kafka.console").joinpath("static", name).read_bytes()
    return f"/static/{name}?{hashlib.sha256(data).hexdigest()[:10]}"
