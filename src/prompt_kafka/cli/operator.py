"""``prompt-kafka operator namespaces``: which namespaces the cluster operator watches."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options
from prompt_kafka.cli.options import data_option, output_option, rendered, target_options
from prompt_kafka.core.request_tree import WatchRequest
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.group("operator")
def command() -> None:
    """The cluster operator; its version is `upgrade strimzi`'s business."""


@command.group("namespaces")
def namespaces() -> None:
    """The namespaces in which the operator looks for Kafka."""


@namespaces.command("list")
@target_options
@data_option
def list_namespaces(target: TargetOptions, output: str) -> None:
    """List the namespaces that Git names, that the operator watches, and the clusters in them."""
    from rich.table import Table

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.core.codec import encode
    from prompt_kafka.procedures import operator_namespaces

    with session(target) as look:
        rows = operator_namespaces.rows(look.observe(operator_namespaces.LOOKS), look.environment)
    if rendered(output, lambda: [{k: v for k, v in encode(row).items() if k != "kind"} for row in rows]):
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("namespace", "in Git", "watched", "Kafka"):
        table.add_column(name)
    for row in rows:
        said = ("yes" if row.git else "no", "yes" if row.live else "no")
        table.add_row(row.namespace, *said, ", ".join(row.clusters) or "-")
    terminal().print(table)


@namespaces.command("add")
@click.argument("space", metavar="NAMESPACE")
@change_options
@target_options
@output_option
def add(space: str, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Have the operator watch a namespace. Its pod is replaced; Kafka is not touched."""
    return change(target, WatchRequest(space), how, output)


@namespaces.command("remove")
@click.argument("space", metavar="NAMESPACE")
@change_options
@target_options
@output_option
def remove(space: str, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Have the operator no longer watch a namespace. Refused while a Kafka cluster lives there."""
    return change(target, WatchRequest(space, remove=True), how, output)
