"""``prompt-kafka restart``: the heading *Restarting Kafka*."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.targets import TargetOptions


@click.command("restart")
@click.argument("what", nargs=-1, metavar="[controllers|brokers|POD…]")
@click.option(
    "--by-deletion", is_flag=True, help="Delete the pods one at a time instead of asking the operator."
)
@stable_option
@change_options
@target_options
@output_option
def command(
    what: tuple[str, ...],
    by_deletion: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Restart Kafka: controllers, then brokers, one pod at a time, each proved.

    \b
    prompt-kafka restart                          every pod
    prompt-kafka restart brokers                  the brokers
    prompt-kafka restart prompt-kafka-kafka-4     one pod
    """
    pods = tuple(word for word in what if word not in ("controllers", "brokers"))
    request = RestartRequest(
        controllers="controllers" in what,
        brokers="brokers" in what,
        pods=pods,
        by_deletion=by_deletion,
        stable_s=stable,
    )
    return change(target, request, how, output)
