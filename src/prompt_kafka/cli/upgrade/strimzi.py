"""``prompt-kafka upgrade strimzi``."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import (
    ChangeOptions,
    change,
    change_options,
    refuse_a_look,
    stable_option,
    undeployed_option,
)
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request import OperatorUpgradeRequest
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("strimzi")
@click.argument("version", required=False, default="")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    version: str,
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Bring the operator to another version. Every pod of every cluster that it watches restarts.

    Refused where it would reject the Kafka of one of them.

    \b
    prompt-kafka upgrade strimzi            the operators that may follow, and the ways to the others
    prompt-kafka upgrade strimzi 0.51.0     this version
    """
    if not version:
        from prompt_kafka.cli.upgrade.ways import show_operators

        refuse_a_look("version")
        with session(target) as look:
            return show_operators(look, output)
    request = OperatorUpgradeRequest(version, with_undeployed, stable)
    return change(target, request, how, output)
