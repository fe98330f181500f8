"""``prompt-kafka maintenance``: the heading *Maintenance*."""

from __future__ import annotations

import click

from prompt_kafka.cli.announce import announce, end, extend
from prompt_kafka.cli.windows import windows


@click.group("maintenance")
def command() -> None:
    """When maintenance may be done, and telling it: one thread on the environment's channel."""


for each in (windows, announce, extend, end):
    command.add_command(each)
