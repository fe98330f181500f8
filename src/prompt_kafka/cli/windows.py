"""``prompt-kafka maintenance windows``: when nothing is in production, in UTC, at the site and here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfo

import click

from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import output_option, rendered, target_options
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.hours import Interval
from prompt_kafka.core.outlook import Outlook, length, outlook
from prompt_kafka.core.outlook_told import as_json, head, none
from prompt_kafka.targets import TargetOptions, production_hours


@click.command("windows")
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="How far ahead.")
@click.option("--for", "room", callback=seconds, metavar="DURATION", help="Only those with so much left: 3h.")
@target_options
@output_option
def windows(days: int, room: float | None, target: TargetOptions, output: str) -> None:
    """Print the coming maintenance windows with their length, and whether it is production now.

    Asks no service: the hours come from service.yaml, the sun from the almanac.
    """
    ahead = timedelta(days=days)
    environment, hours = production_hours(target, ahead + timedelta(days=2))
    found = outlook(
        environment.name,
        hours,
        SYSTEM.now(),
        binding=environment.production,
        ahead=ahead,
        at_least=timedelta(seconds=room or 0),
    )
    if not rendered(output, lambda: as_json(found), lambda: _markdown(found)):
        _show(found)


def _zones(found: Outlook) -> Mapping[str, tzinfo | None]:
    """Return the clocks to show times on: UTC, the site's, and this machine's (None) where it is another."""
    zones: dict[str, tzinfo | None] = {"UTC": ZoneInfo("UTC"), found.hours.zone: ZoneInfo(found.hours.zone)}
    here = found.at.astimezone()
    if all(here.utcoffset() != found.at.astimezone(zone).utcoffset() for zone in zones.values()):
        zones[f"here ({here.tzname()})"] = None
    return zones


def _columns(found: Outlook) -> list[str]:
    return [*_zones(found), "length", ""]


def _rows(found: Outlook) -> list[list[str]]:
    zones = _zones(found).values()
    return [
        [*(_said(window, zone) for zone in zones), length(window.length), _remark(window, found)]
        for window in found.windows
    ]


def _said(window: Interval, zone: tzinfo | None) -> str:
    begin, end = window.begin.astimezone(zone), window.end.astimezone(zone)
    days = (end.date() - begin.date()).days
    return f"{begin:%a %Y-%m-%d %H:%M}–{end:%H:%M}" + (f" +{days} d" if days else "")


def _remark(window: Interval, found: Outlook) -> str:
    return f"now, {length(window.end - found.at)} left" if window.begin <= found.at else ""


def _show(found: Outlook) -> None:
    from rich.markup import escape
    from rich.table import Table

    from prompt_kafka.cli.console import terminal

    console = terminal()
    rule, now = head(found)
    console.print(f"[target]{escape(rule)}[/]")
    console.print(f"[{'unsure' if found.production else 'good'}]{escape(now)}[/]\n")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in _columns(found):
        table.add_column(column, no_wrap=True, justify="right" if column == "length" else "left")
    for row in _rows(found):
        table.add_row(*row)
    console.print(table if found.windows else none(found))


def _markdown(found: Outlook) -> str:
    rule, now = head(found)
    rows = [_columns(found), ["---"] * len(_columns(found)), *_rows(found)]
    table = [f"| {' | '.join(row)} |" for row in rows] if found.windows else [none(found)]
    return "\n".join([f"**{rule}**", "", now, "", *table]) + "\n"
