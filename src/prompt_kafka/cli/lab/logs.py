"""``prompt-kafka lab logs``."""

from __future__ import annotations

import click

from prompt_kafka.cli.lab.options import name_option


@click.command("logs")
@click.argument("what")
@name_option
@click.option("-n", "--lines", default=50, show_default=True, help="How many lines from the end.")
def command(what: str, name: str, lines: int) -> None:
    """Print the log of a pod, or of supervisor, apiserver or controllers."""
    from prompt_kafka.lab_factory import log as lab_log

    path = lab_log(name, what)
    with path.open(errors="replace") as log:
        for line in log.readlines()[-lines:]:
            click.echo(line, nl=False)
