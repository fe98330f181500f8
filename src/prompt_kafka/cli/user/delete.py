"""``prompt-kafka user delete``: a user goes with its rights and its Secret."""

from __future__ import annotations

from dataclasses import replace

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request_rights import DeleteUserRequest
from prompt_kafka.targets import TargetOptions


@click.command("delete")
@click.argument("name")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["in-use"]),
    help="Delete it although a group reads with it, or a workload takes its Secret.",
)
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    name: str,
    accept: tuple[str, ...],
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Delete a user: from Git, then the resource and with it the Secret. Its name is typed to confirm it.

    \b
    prompt-kafka user delete alert-reader
    prompt-kafka user delete alert-reader --yes --confirm alert-reader      in a script
    """
    how = replace(how, terms=replace(how.terms, accepted=accept))
    request = DeleteUserRequest(name, with_undeployed, stable)
    return change(target, request, how, output)
