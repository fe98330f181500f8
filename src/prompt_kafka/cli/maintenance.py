"""``prompt-kafka maintenance``: the heading *Maintenance*."""

from __future__ import annotations

import click

from prompt_kafka.cli.windows import windows


@click.group("maintenance")
def command() -> None:
    """When maintenance may be done."""


command.add_command(windows)
