"""``prompt-kafka user list``: every user, and in words what it may do."""

from __future__ import annotations

import click

from prompt_kafka.cli.matching import match_option, matching
from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core import who
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("list")
@match_option
@target_options
@data_option
def command(match: tuple[str, ...], target: TargetOptions, output: str) -> None:
    """List users: what each may do, and whether the brokers agree."""
    with session(target) as look:
        there = matching(match)
        users = [user for user in who.users(look.observe(who.LOOKS)) if there(user.name)]
    if rendered(output, lambda: [user.to_json() for user in users]):
        return
    from rich.table import Table
    from rich.text import Text

    from prompt_kafka.cli.console import terminal

    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("USER", no_wrap=True)
    table.add_column("MAY", overflow="fold")
    table.add_column("LOGIN", no_wrap=True)
    table.add_column("STATE", overflow="fold")
    for user in users:
        well = bool(user.resource and user.resource.settled) and not user.differs and not user.unknown
        may = user.words.removeprefix(f"{user.name} may ")
        style = "good" if well else "unsure" if user.unknown else "bad"
        table.add_row(user.name, Text(may), user.login or "?", Text(user.state, style))
    terminal().print(table)
