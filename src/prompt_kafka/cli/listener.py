"""``prompt-kafka listener``: the addresses at which the outside reaches Kafka."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import data_option, output_option, rendered, target_options
from prompt_kafka.core.request_tree import ListenerPinRequest
from prompt_kafka.core.world import Part
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.group("listener")
def command() -> None:
    """Load balancers of the external listener: what they have, and what Git asks for."""


@command.command("list")
@target_options
@data_option
def list_listener(target: TargetOptions, output: str) -> None:
    """List the load balancers, the address that each has, asks for, and is to have by Git."""
    from rich.table import Table

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.procedures import pin_listener
    from prompt_kafka.procedures.table import Means

    with session(target) as look:
        world = look.observe(pin_listener.LOOKS | {Part.APPLICATIONS})
        with look.charts(world) as render:
            rows = pin_listener.rows(world, Means(look.environment, False, render))
    data = [
        {
            "service": each.name,
            "broker": each.broker,
            "addresses": list(each.addresses),
            "asks_for": each.asked,
            "in_git": in_git,
            "node_ports": each.node_ports,
        }
        for each, in_git in rows
    ]
    if rendered(output, lambda: data):
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("for", "service", "has", "asks for", "in Git", ""):
        table.add_column(name)
    for each, in_git in rows:
        has = ", ".join(each.addresses)
        pinned = "pinned" if in_git and in_git == has else "not pinned" if not in_git else "different"
        ports = ", holds node ports" if each.node_ports else ""
        table.add_row(each.what, each.name, has or "-", each.asked or "-", in_git or "-", pinned + ports)
    terminal().print(table)


@command.command("pin")
@click.option("--pool", default="", metavar="CIDR", help="The range from which the addresses must be.")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def pin(
    pool: str, with_undeployed: bool, stable: float, how: ChangeOptions, target: TargetOptions, output: str
) -> int:
    """Write the addresses that the load balancers have into Git, so that they keep them.

    \b
    prompt-kafka listener pin --pool 172.24.10.0/24 --dry-run
    """
    return change(target, ListenerPinRequest(pool, with_undeployed, stable), how, output)
