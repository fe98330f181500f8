"""What every command that changes something does with its plan: show it, ask once, run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.options import echo_json
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.run import RunRecord
from prompt_kafka.factory import Session

if TYPE_CHECKING:
    from rich.console import Console

Function = Callable[..., Any]


def change_options(function: Function) -> Function:
    """Add the options of a change: ``--dry-run`` and ``--yes``."""
    function = click.option("--dry-run", is_flag=True, help="Stop after the plan.")(function)
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def carry_out(session: Session, plan: Plan, *, output: str, dry_run: bool, yes: bool) -> int:
    """Show a plan, ask once, run it.

    Returns
    -------
    int
        The exit code.
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.present_plan import as_json, show
    from prompt_kafka.cli.progress import Progress

    machine = output == "json"
    console = terminal(stderr=machine)
    if machine and (dry_run or not plan.steps):
        echo_json(as_json(plan))
        return ExitCode.OK
    show(plan, console)
    if dry_run or not plan.steps:
        return ExitCode.OK
    if not yes:
        console.print()
        if not click.confirm("Run this plan?", default=False, err=machine):
            console.print("nothing was done")
            return ExitCode.OK
    progress = Progress(console)
    try:
        record = session.run(plan, progress)
    except KeyboardInterrupt:
        console.print(
            "\n[unsure]interrupted[/]: what was asked of the operator goes on without this command.\n"
            f"take it up again: [command]prompt-kafka run list -e {plan.target.environment}[/]"
        )
        return ExitCode.INTERRUPTED
    show_end(record, console)
    if machine:
        echo_json(encode(record))
    return ExitCode.OK


def show_end(record: RunRecord, console: Console) -> None:
    """Print that a run is done, and what proves it."""
    seconds = (record.updated - record.started).total_seconds()
    console.print(
        f"\n[good]✓ {record.plan.summary}: done and proved[/] in {seconds:.1f} s  [quiet]run {record.id}[/]"
    )
