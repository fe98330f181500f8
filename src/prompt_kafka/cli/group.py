"""``prompt-kafka group``: who reads, and how far behind they are."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.codec import encode
from prompt_kafka.core.kafka import Group
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.group("group")
def command() -> None:
    """Consumer groups."""


@command.command("list")
@target_options
@data_option
def list_groups(target: TargetOptions, output: str) -> None:
    """List consumer groups with their lag in records and in time."""
    from rich.table import Table

    from prompt_kafka.cli.console import age, terminal

    with session(target) as look:
        groups = look.kafka().groups()
        objectives = look.environment.groups
    if rendered(output, lambda: encode(groups)):
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("GROUP", "STATE", "MEMBERS", "RECORDS BEHIND", "TIME BEHIND", "OBJECTIVE"):
        table.add_column(column, justify="left" if column in ("GROUP", "STATE") else "right")
    for group in groups:
        objective = objectives.get(group.id)
        table.add_row(
            group.id,
            group.state.lower(),
            str(len(group.members)),
            str(group.lag_records),
            _behind(group, age(group.lag_s) if group.lag_s is not None else ""),
            "" if objective is None else age(objective),
        )
    terminal().print(table)


def _behind(group: Group, text: str) -> str:
    return text or f"unknown: {group.unknown}"
