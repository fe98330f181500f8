"""``prompt-kafka lab list``."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered


@click.command("list")
@data_option
def command(output: str) -> None:
    """List the labs of this machine."""
    from rich.table import Table

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.lab_factory import list_labs as labs

    found = labs()
    if rendered(output, lambda: found):
        return
    if not found:
        terminal().print("no lab on this machine; [command]prompt-kafka lab up[/] makes one")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in found[0]:
        table.add_column(column.upper())
    for lab in found:
        table.add_row(*[str(value) for value in lab.values()])
    terminal().print(table)
