"""``prompt-kafka maintenance announce | extend | end``: one thread on the environment's channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.change import hours_option
from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import target_options
from prompt_kafka.core import maintenance as texts
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.maintenance import Maintenance
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.maintaining import Maintaining

Function = Callable[..., Any]


def _asking(function: Function) -> Function:
    function = click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)
    return click.option("--dry-run", is_flag=True, help="Only show what would be told.")(function)


@click.command("announce")
@click.argument("what")
@click.option("--for", "length", callback=seconds, default="2h", show_default=True, help="How long: 30m, 2h.")
@click.option("--announce-only", is_flag=True, help="Only tell: nothing to extend or end, no reminder.")
@click.option("--announced", default="", metavar="LINK", help="I have announced it, there.")
@hours_option
@_asking
@target_options
def announce(
    what: str,
    length: float,
    announce_only: bool,
    announced: str,
    override_hours: str,
    yes: bool,
    dry_run: bool,
    target: TargetOptions,
) -> None:
    """Announce a maintenance that begins now; runs reply in its thread until it ends.

    It may not touch production hours. Anybody can extend or end it.
    """
    if not what.strip():
        raise UsageError(
            "say what will be done", next='prompt-kafka maintenance announce "new disks" --for 2h'
        )
    with _service(target) as (service, world, maintaining):
        draft = maintaining.drafted(
            what.strip(), timedelta(seconds=length), override_hours, announced.strip()
        )
        texts.refuse_touching_hours(
            world.hours, service.environment.name, draft.began, draft.until, override_hours
        )
        _show(service, world, draft.thread.notices[0].text)
        if dry_run or not _approved(yes):
            return
        if not announced and not service.announcing.has_token:
            link = "" if yes else click.prompt(_PASTE, default="", show_default=False)
            draft = maintaining.drafted(draft.what, timedelta(seconds=length), override_hours, link.strip())
        told = maintaining.announce(draft, only=announce_only)
    _say(f"announced on {told.thread.channel}{f': {told.thread.link}' if told.thread.link else ''}")
    if not announce_only:
        name = service.environment.name
        _say(f"then: prompt-kafka maintenance extend --for 1h -e {name}, or end -e {name}")


_PASTE = "Paste the announcement, then give its link"


@click.command("extend")
@click.option(
    "--for", "length", callback=seconds, default="1h", show_default=True, help="By how much: 30m, 2h."
)
@hours_option
@_asking
@target_options
def extend(length: float, override_hours: str, yes: bool, dry_run: bool, target: TargetOptions) -> None:
    """Extend the announced maintenance from its end; best before that."""
    with _service(target) as (service, world, maintaining):
        found = _found(maintaining)
        until = maintaining.later(found, timedelta(seconds=length))
        now = SYSTEM.now()
        texts.refuse_touching_hours(world.hours, service.environment.name, now, until, override_hours)
        _show(service, world, f"{found.what}: extended until {texts.said(until, _zone(world))}")
        if not dry_run and _approved(yes):
            told = maintaining.extend(found, timedelta(seconds=length), override_hours)
            _say(f"extended until {texts.said(told.until, _zone(world))}")


@click.command("end")
@_asking
@target_options
def end(yes: bool, dry_run: bool, target: TargetOptions) -> None:
    """End the announced maintenance: the last message of its thread."""
    with _service(target) as (service, world, maintaining):
        found = _found(maintaining)
        open_runs = [run.id for run in service.runs().list() if run.open]
        _show(service, world, f"{found.what}: ended")
        for run in open_runs:
            _say(f"not at its end: run {run}; prompt-kafka run show {run}")
        if not dry_run and _approved(yes):
            maintaining.end(found)
            _say("ended")


@contextmanager
def _service(target: TargetOptions) -> Iterator[tuple[Session, World, Maintaining]]:
    with session(target, changes=True) as service:
        if not service.environment.channel:
            raise UsageError(
                f"no channel is configured for {service.environment.name}",
                next="name it in service.yaml: channel: …",
            )
        world = service.observe(frozenset({Part.HOURS, Part.NODES}))
        with service.maintaining(_zone(world), _say) as maintaining:
            yield service, world, maintaining


def _zone(world: World) -> str:
    return world.hours.known.zone if world.hours.known is not None else ""


def _found(maintaining: Maintaining) -> Maintenance:
    found = maintaining.open()
    if found is None:
        raise RefusedError(
            "no-maintenance", "no maintenance is announced", next='prompt-kafka maintenance announce "what"'
        )
    return found


def _approved(yes: bool) -> bool:
    return yes or click.confirm("\nTell it?", default=False)


def _show(service: Session, world: World, text: str) -> None:
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.present_plan import show_target

    console = terminal()
    show_target(world.target.line, world.target.production, console)
    how = "" if service.announcing.has_token else f"  ({service.announcing.why_not}: paste it yourself)"
    console.print(f"On {escape(service.environment.channel)}[quiet]{escape(how)}[/]\n")
    for line in text.splitlines():
        console.print(f"   {escape(line)}")
    zone = _zone(world)
    if world.hours.known is not None:
        closes = world.hours.known.changes_at(world.at)
        if closes is not None and world.hours.known.production_at(world.at) is None:
            console.print(f"\n[quiet]· the maintenance window closes at {texts.said(closes, zone)}[/]")
    console.print("[quiet]· Argo CD's sync windows are not changed[/]")


def _say(text: str) -> None:
    click.echo(text)
