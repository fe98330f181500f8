"""``prompt-kafka run``: the runs that are kept with the cluster; take one up that stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.change import hours_option
from prompt_kafka.cli.continuing import continue_run
from prompt_kafka.cli.options import data_option, output_option, rendered, target_options
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import encode
from prompt_kafka.core.in_flight import in_flight, resume_line
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.story import run_told
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.adapters.journal import Entry


@click.group("run")
def command() -> None:
    """Runs: what was carried out on this cluster, by whom, and how far."""


command.add_command(continue_run)


@command.command("list")
@target_options
@data_option
def list_runs(target: TargetOptions, output: str) -> None:
    """List runs, the newest first."""
    from rich.table import Table

    from prompt_kafka.cli.console import age, terminal

    with session(target) as look:
        for run in look.acting.upload():
            click.echo(f"uploaded: run {run}, kept on this machine while the API did not answer", err=True)
        records = look.runs().list()
    if rendered(output, lambda: [{k: v for k, v in encode(r).items() if k != "plan"} for r in records]):
        return
    rests = {record.continues: record.id for record in records if record.continues}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("RUN", "STATE", "PROVED", "OWNER", "AGE", "WHAT"):
        table.add_column(column, no_wrap=column != "WHAT")
    for record in records:
        table.add_row(
            record.id,
            _state(record, rests),
            f"{record.proved} of {len(record.steps)}",
            record.owner,
            age((SYSTEM.now() - record.started).total_seconds()),
            record.plan.summary + (f" (continues {record.continues})" if record.continues else ""),
        )
    terminal().print(table if records else "no run yet")


def _state(record: RunRecord, rests: Mapping[str, str]) -> str:
    """Return how a run stands, in a word or two."""
    if record.plan.request_to_merge is None or record.open:
        return record.state.value
    return f"{record.state.value}, merged" if record.id in rests else f"{record.state.value}, waits for merge"


@command.command("show")
@click.argument("run")
@click.option("--detail", is_flag=True, help="Everything that this machine's journal has of it.")
@target_options
@output_option
def show_run(run: str, detail: bool, target: TargetOptions, output: str) -> None:
    """Show a run: its steps, how far it is, and what proved them."""
    with session(target) as look:
        record = look.runs().load(run)
        waits = record.plan.request_to_merge is not None
        rests = [each.id for each in look.runs().list() if each.continues == run] if waits else []
        entries = look.acting.journal(run) if detail else []
    more: dict[str, object] = {"journal": [encode(each) for each in entries]} if detail else {}
    more |= {"continued_by": rests} if rests else {}
    if not rendered(
        output, lambda: {**encode(record), **more}, lambda: run_told(record) + _journal_told(entries)
    ):
        _show(record, rests)
        if detail:
            _show_journal(entries)


def _show(record: RunRecord, rests: Sequence[str]) -> None:
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal

    console = terminal()
    console.print(f"[bold]{escape(record.plan.summary)}[/]\n{record.plan.target.line}")
    console.print(
        f"run {record.id} · {record.state} · {record.owner} · began {record.started:%Y-%m-%d %H:%M:%S} UTC"
    )
    if record.because:
        style = "bad" if record.open else "unsure"
        console.print(f"[{style}]{escape(record.because)}[/]")
    if record.continues:
        console.print(f"continues run {record.continues}")
    for rest in rests:
        console.print(f"continued by run {rest}")
    if record.terms.override_hours:
        console.print(f"[unsure]production hours overridden: {escape(record.terms.override_hours)}[/]")
    for number, (step, done) in enumerate(zip(record.plan.steps, record.steps, strict=True), 1):
        console.print(f"\n{number}. [bold]{escape(step.title)}[/]  {done.state}")
        for line in done.evidence:
            console.print(f"   [quiet]{escape(line)}[/]")
    _show_notices(record)
    if record.open:
        console.print()
        for sentence in in_flight(record):
            console.print(escape(sentence))
        console.print(f"take it up: [command]{escape(resume_line(record))}[/]")


def _show_notices(record: RunRecord) -> None:
    """Print what the channel was told, and what still waits."""
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal

    thread, console = record.thread, terminal()
    if thread is None or not thread.notices:
        return
    console.print(f"\ntold on {escape(thread.channel)}{f': {escape(thread.link)}' if thread.link else ''}")
    for notice in thread.notices:
        head = notice.text.partition("\n")[0]
        console.print(f"   [quiet]{notice.state:<8}[/]  {escape(head)}")


def _show_journal(entries: Sequence[Entry]) -> None:
    """Print what the journal has: time, step, what happened."""
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal

    console = terminal()
    console.print("\n[bold]What this machine's journal has of it[/] (times in UTC)")
    if not entries:
        console.print("nothing: it was carried out on another machine")
    for each in entries:
        step = f"{each.step}." if each.step else ""
        console.print(
            f"{each.at:%Y-%m-%d %H:%M:%S.%f}"[:23] + f"  {step:<3} {each.kind:<10} {escape(each.what)}"
        )


def _journal_told(entries: Sequence[Entry]) -> str:
    """Return the journal as a part of a Markdown page."""
    told = [f"- {each.at:%H:%M:%S} UTC {each.step or ''} {each.kind}: {each.what}" for each in entries]
    return "\n".join(["", "## Journal", "", *told, ""]) if told else ""


@command.command("abort")
@click.argument("run")
@click.option("--take-over", metavar="REASON", help="Take it from an owner whose process is gone.")
@target_options
def abort_run(run: str, take_over: str | None, target: TargetOptions) -> None:
    """End a run that is not at its end: undo what can be undone, say what stays."""
    from prompt_kafka.cli.console import terminal

    console = terminal()
    with session(target, changes=True) as service:
        service.acting.abort(run, lambda text: console.print(f"  {text}"), take_over=bool(take_over))
    console.print(f"run {run} is aborted; see: [command]prompt-kafka status[/]")


@command.command("resume")
@click.argument("run")
@click.option("--take-over", metavar="REASON", help="Take it from an owner whose process is gone.")
@click.option("--announced", default="", metavar="LINK", help="It is announced: I posted or found it there.")
@click.option("--not-announced", is_flag=True, help="I have looked: the announcement in doubt is not there.")
@hours_option
@target_options
def resume_run(
    run: str,
    take_over: str | None,
    announced: str,
    not_announced: bool,
    override_hours: str,
    target: TargetOptions,
) -> None:
    """Take up a run that stopped or died, here or on another machine. Nothing is done twice."""
    from prompt_kafka.cli.change import show_end
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.live import watching

    console = terminal()
    with session(target, changes=True) as service:
        plan = service.runs().load(run).plan
        with watching(console, plan) as listener:
            record = service.acting.resume(
                run,
                listener,
                take_over=take_over or "",
                override_hours=override_hours,
                announced=announced,
                not_announced=not_announced,
            )
    show_end(record, console)
