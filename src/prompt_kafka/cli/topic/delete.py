"""``prompt-kafka topic delete``: a topic goes with all its messages."""

from __future__ import annotations

from dataclasses import replace

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request_rights import DeleteTopicRequest
from prompt_kafka.targets import TargetOptions


@click.command("delete")
@click.argument("name")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["in-use", "still-allowed"]),
    help="Delete it although it is read or written, or users keep rights to it.",
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
    """Delete a topic and all its messages: from Git, then the resource. Its name is typed to confirm it.

    \b
    prompt-kafka topic delete alerts
    prompt-kafka topic delete alerts --yes --confirm alerts      in a script
    """
    how = replace(how, terms=replace(how.terms, accepted=accept))
    request = DeleteTopicRequest(name, with_undeployed, stable)
    return change(target, request, how, output)
