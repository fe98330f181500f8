"""``prompt-kafka maintenance announce | extend | end``: one thread on the environment's channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.change import hours_option
from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import output_option, rendered, target_options
from prompt_kafka.core import maintenance as texts
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.maintenance import Maintenance
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.maintaining import Maintaining

Function = Callable[..., Any]
_LENGTH: dict[str, Any] = {"callback": seconds, "show_default": True, "metavar": "DURATION"}
_PASTE = "Paste the announcement, then give its link"


def _asking(function: Function) -> Function:
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def _dry(function: Function) -> Function:
    return click.option("--dry-run", is_flag=True, help="Only show what would be told.")(function)


@click.command("announce")
@click.argument("what")
@click.option("--for", "length", default="2h", help="How long: 30m, 2h.", **_LENGTH)
@click.option("--announce-only", is_flag=True, help="Only tell: nothing to extend or end, no reminder.")
@click.option("--announced", default="", metavar="LINK", help="I have announced it, there.")
@hours_option
@_dry
@_asking
@target_options
@output_option
def announce(
    what: str,
    length: float,
    announce_only: bool,
    announced: str,
    override_hours: str,
    yes: bool,
    dry_run: bool,
    target: TargetOptions,
    output: str,
) -> None:
    """Announce a maintenance that begins now; runs reply in its thread until it ends.

    It may not touch production hours. Anybody can extend or end it.
    """
    if not what.strip():
        raise UsageError(
            "say what will be done", next='prompt-kafka maintenance announce "new disks" --for 2h'
        )
    with _desk(target, output) as desk:
        name, room = desk.service.environment.name, timedelta(seconds=length)
        draft = desk.maintaining.drafted(what.strip(), room, override_hours, announced.strip())
        desk.refuse_touching_hours(draft.until, override_hours)
        if not desk.approved(draft.thread.notices[0].text, yes=yes, dry_run=dry_run):
            desk.render(draft)
            return
        if not (announced or yes or desk.service.announcing.has_token):
            link = click.prompt(_PASTE, default="", show_default=False, err=True)
            draft = desk.maintaining.drafted(what.strip(), room, override_hours, link.strip())
        told = desk.maintaining.announce(draft, only=announce_only)
        desk.say(f"announced on {told.thread.channel}{f': {told.thread.link}' if told.thread.link else ''}")
        if not announce_only:
            desk.say(f"then: prompt-kafka maintenance extend --for 1h -e {name}, or end -e {name}")
        desk.render(told)


@click.command("extend")
@click.option("--for", "length", default="1h", help="By how much: 30m, 2h.", **_LENGTH)
@hours_option
@_dry
@_asking
@target_options
@output_option
def extend(
    length: float, override_hours: str, yes: bool, dry_run: bool, target: TargetOptions, output: str
) -> None:
    """Extend the announced maintenance from its end; best before that."""
    with _desk(target, output) as desk:
        found, room = desk.found(), timedelta(seconds=length)
        until = desk.maintaining.later(found, room)
        desk.refuse_touching_hours(until, override_hours)
        said = f"{found.what}: extended until {texts.said(until, desk.zone)}"
        if desk.approved(said, yes=yes, dry_run=dry_run):
            found = desk.maintaining.extend(found, room, override_hours)
            desk.say(f"extended until {texts.said(found.until, desk.zone)}")
        desk.render(found)


@click.command("end")
@_asking
@target_options
@output_option
def end(yes: bool, target: TargetOptions, output: str) -> None:
    """End the announced maintenance: the last message of its thread."""
    with _desk(target, output) as desk:
        found = desk.found()
        for run in (run.id for run in desk.service.runs().list() if run.open):
            desk.say(f"not at its end: run {run}; prompt-kafka run show {run}")
        if desk.approved(f"{found.what}: ended", yes=yes):
            found = desk.maintaining.end(found)
            desk.say("ended")
        desk.render(found)


class _Desk:
    """Where somebody announces: what was seen, and what to do it with."""

    def __init__(self, service: Session, world: World, output: str) -> None:
        self.service = service
        self.world = world
        self.zone = world.hours.known.zone if world.hours.known is not None else ""
        self._output = output
        self.maintaining: Maintaining

    def say(self, text: str) -> None:
        """Tell the person at the terminal."""
        click.echo(text, err=self._output != "text")

    def refuse_touching_hours(self, until: datetime, override: str) -> None:
        """Refuse an end in production hours, where they bind."""
        environment = self.service.environment
        if environment.production:
            hours = self.world.hours
            texts.refuse_touching_hours(hours, environment.name, SYSTEM.now(), until, override)

    def found(self) -> Maintenance:
        """Return the open maintenance."""
        found = self.maintaining.open()
        if found is None:
            how = 'prompt-kafka maintenance announce "what"'
            raise RefusedError("no-maintenance", "no maintenance is announced", next=how)
        return found

    def approved(self, text: str, *, yes: bool, dry_run: bool = False) -> bool:
        """Show what would be told, and ask once."""
        machine = self._output != "text"
        self._show(text, stderr=machine)
        return not dry_run and (yes or click.confirm("\nTell it?", default=False, err=machine))

    def render(self, maintenance: Maintenance) -> None:
        """Print it for machines, where that was asked for."""
        rendered(self._output, lambda: encode(maintenance), lambda: _markdown(maintenance))

    def _show(self, text: str, *, stderr: bool) -> None:
        from rich.markup import escape

        from prompt_kafka.cli.console import show_target, terminal

        console, announcing = terminal(stderr=stderr), self.service.announcing
        show_target(self.world.target.line, self.world.target.production, console)
        how = "" if announcing.has_token else f"  {announcing.why_not}: paste it yourself"
        console.print(f"[bold]On {escape(self.service.environment.channel)}[/][quiet]{escape(how)}[/]\n")
        for line in text.splitlines():
            console.print(f"   {escape(line)}")
        console.print()
        hours, at = self.world.hours.known, self.world.at
        closes = hours.changes_at(at) if hours is not None and hours.production_at(at) is None else None
        if closes is not None:
            console.print(f"[quiet]· the maintenance window closes at {texts.said(closes, self.zone)}[/]")
        console.print("[quiet]· Argo CD's sync windows are not changed[/]")


def _markdown(maintenance: Maintenance) -> str:
    lines = [f"# {maintenance.what}", ""]
    return "\n\n".join([*lines, *(notice.text for notice in maintenance.thread.notices)]) + "\n"


@contextmanager
def _desk(target: TargetOptions, output: str) -> Iterator[_Desk]:
    with session(target, changes=True) as service:
        if not service.environment.channel:
            what = f"no channel is configured for {service.environment.name}"
            raise UsageError(what, next="name it in service.yaml: channel: …")
        desk = _Desk(service, service.observe(frozenset({Part.HOURS, Part.NODES})), output)
        with service.maintaining(desk.zone, desk.say) as desk.maintaining:
            yield desk
