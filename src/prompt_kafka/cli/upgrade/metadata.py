"""``prompt-kafka upgrade metadata``."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request import MetadataRequest
from prompt_kafka.targets import TargetOptions


@click.command("metadata")
@click.argument("level", required=False, default="")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    level: str,
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Raise the metadata level to that of the running Kafka, or to LEVEL. No pod restarts.

    A point of no return: it wants the environment's name typed, or --confirm ENVIRONMENT.

    \b
    prompt-kafka upgrade metadata             the level of the Kafka that runs
    prompt-kafka upgrade metadata 4.2-IV1     this level
    """
    request = MetadataRequest(level, with_undeployed, stable)
    return change(target, request, how, output)
