"""``prompt-kafka status``: look, judge, and say what mends what is wrong."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import output_option, rendered, target_options
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.core.status import PATIENCE_S, SEES, WITHIN_S, report
from prompt_kafka.core.verdict import Answer
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions


@click.command("status")
@target_options
@output_option
@click.option("-w", "--watch", is_flag=True, help="Look again every two seconds.")
def command(target: TargetOptions, output: str, watch: bool) -> int:
    """Is it healthy, and if not, what to do.

    Reads only. Ends with 0 when the service is really finished, with 1 when it is not or cannot be told.
    """

    with session(target, patience=PATIENCE_S) as look:
        if watch:
            return _watch(look)
        world = look.look(SEES, within=WITHIN_S)
        found = report(world)
        from prompt_kafka.cli.present_status import show
        from prompt_kafka.core.status_told import as_json, as_markdown

        if not rendered(output, lambda: as_json(world, found), lambda: as_markdown(world, found)):
            from prompt_kafka.cli.console import terminal

            show(world, found, terminal())
    return ExitCode.OK if found.answer is Answer.YES else ExitCode.FAILED


def _watch(look: Session) -> int:
    """Show the report again and again, until interrupted."""
    from rich.live import Live
    from rich.text import Text

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.present_status import show

    console = terminal()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            world = look.look(SEES, within=WITHIN_S)
            with console.capture() as captured:
                show(world, report(world), console)
            live.update(Text.from_ansi(captured.get()), refresh=True)
            SYSTEM.sleep(2.0)
