"""``prompt-kafka history``: what changed lately."""

from __future__ import annotations

from datetime import timedelta

import click

from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import output_option, rendered, target_options
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import encode
from prompt_kafka.core.history import handover, history_told
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("history")
@click.option("--since", callback=seconds, default="12h", show_default=True, help="How far back: 30m, 12h.")
@click.option("--handover", "note", is_flag=True, help="As a note for the next shift, in Markdown.")
@click.option("--reads", is_flag=True, help="Who read which messages from this machine, instead.")
@target_options
@output_option
def command(since: float, note: bool, reads: bool, target: TargetOptions, output: str) -> None:
    """What changed: Git, Argo CD, rolls with their reasons, exits, edits by hand, runs.

    A source that cannot be read is named, with the reason.
    """
    if reads:
        if note:
            raise click.UsageError("--reads and --handover tell different things: give one")
        from prompt_kafka.adapters import readings
        from prompt_kafka.cli.present_readings import present

        began = SYSTEM.now() - timedelta(seconds=since)
        present(readings.read(began, environment=target.environment or ""), output)
        return
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.core.status import SEES, report
    from prompt_kafka.core.status_told import VERDICT

    with session(target) as look:
        found = look.history(SYSTEM.now() - timedelta(seconds=since))
        if note:
            world = look.observe(SEES)
            judged = report(world)
            problems = [(p.what, p.mend) for p in (*judged.problems, *judged.warnings)]
            click.echo(handover(world.target.line, VERDICT[judged.answer], problems, found), nl=False)
            return
    if rendered(output, lambda: encode(found), lambda: history_told(found)):
        return
    console = terminal()
    for happening in found.happenings:
        who = f"  [quiet]{escape(happening.who)}[/]" if happening.who else ""
        console.print(
            f"{happening.at:%m-%d %H:%M:%S}  [command]{happening.source:<8}[/]  {escape(happening.what)}{who}"
        )
    if not found.happenings:
        console.print(f"nothing changed since {found.since:%Y-%m-%d %H:%M} UTC")
    for source, because in found.unknown:
        console.print(f"[unsure]{source}: unknown, because {escape(because)}[/]")
