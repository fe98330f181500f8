"""``prompt-kafka upgrade kafka``: one hop, or the legal ways from here."""

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
from prompt_kafka.core.request import KafkaUpgradeRequest
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("kafka")
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
    """Bring Kafka to another version: one hop, every pod restarts once, the metadata level stays.

    \b
    prompt-kafka upgrade kafka            the legal ways from here, hop by hop
    prompt-kafka upgrade kafka 4.2.0      one hop; an older version is the way back
    """
    if not version:
        from prompt_kafka.cli.upgrade.ways import show

        refuse_a_look("version")
        with session(target) as look:
            return show(look, output)
    request = KafkaUpgradeRequest(version, with_undeployed, stable)
    return change(target, request, how, output)
