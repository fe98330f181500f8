"""``prompt-kafka topic list``: what topics there are."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("list")
@click.option("--internal", is_flag=True, help="Kafka's own topics too.")
@target_options
@data_option
def command(internal: bool, target: TargetOptions, output: str) -> None:
    """List topics with their partitions, replicas, retention and what is wrong with them."""
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.messages.render import topics_json, topics_table

    with session(target) as look:
        topics = [topic for topic in look.kafka().topics() if internal or not topic.internal]
    if not rendered(output, lambda: topics_json(topics)):
        terminal().print(topics_table(topics))
