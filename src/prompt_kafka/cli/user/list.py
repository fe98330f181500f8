"""``prompt-kafka user list``: every user, and in words what it may do."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core import who
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("list")
@target_options
@data_option
def command(target: TargetOptions, output: str) -> None:
    """List users: what each may do, and whether the brokers agree."""
    with session(target) as look:
        users = who.users(look.observe(who.LOOKS))
    if rendered(output, lambda: [user.to_json() for user in users]):
        return
    from rich.table import Table
    from rich.text import Text

    from prompt_kafka.cli.console import terminal

    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("USER", no_wrap=True)
    table.add_column("MAY", overflow="fold")
    table.add_column("STATE", overflow="fold")
    for user in users:
        well = bool(user.resource and user.resource.settled) and not user.differs and not user.unknown
        may = user.words.removeprefix(f"{user.name} may ")
        table.add_row(user.name, Text(may), Text(user.state, "green" if well else "red"))
    terminal().print(table)
