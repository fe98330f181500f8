"""``prompt-kafka topic alter``: other settings of a topic that is there."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.durations import retention as read_retention
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.request_rights import AlterTopicRequest
from prompt_kafka.targets import TargetOptions


@click.command("alter")
@click.argument("name")
@click.option("--partitions", type=int, help="More partitions; Kafka takes none away.")
@click.option("--retention", help="14d, 12h, 30m … or unlimited.")
@click.option("--min-in-sync", type=int, help="In-sync replicas that a write needs.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any setting, in Kafka's name.")
@click.option("--replicas", type=int, help="Refused: that is a reassignment, and the refusal says how.")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    name: str,
    partitions: int | None,
    retention: str | None,
    min_in_sync: int | None,
    settings: tuple[str, ...],
    replicas: int | None,
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Change settings of a topic: in the chart, byte for byte, and proved on the brokers.

    \b
    prompt-kafka topic alter alerts --retention 7d
    prompt-kafka topic alter alerts --partitions 6 --set compression.type=zstd
    """
    milliseconds, words = read_retention(retention) if retention is not None else (None, "")
    request = AlterTopicRequest(
        name=name,
        partitions=partitions,
        replicas=replicas,
        min_in_sync=min_in_sync,
        retention_ms=milliseconds,
        retention=words,
        settings=tuple(setting(each) for each in settings),
        with_undeployed=with_undeployed,
        stable_s=stable,
    )
    return change(target, request, how, output)


def setting(text: str) -> tuple[str, str]:
    """Read ``KEY=VALUE``.

    Raises
    ------
    UsageError
        It is none.
    """
    name, found, value = text.partition("=")
    if not found or not name.strip() or not value.strip() or "\n" in text:
        raise UsageError(f"cannot read --set {text!r}", next="write --set KEY=VALUE")
    return name.strip(), value.strip()
