"""``prompt-kafka topic``: what topics there are."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import echo_json, output_option, target_options
from prompt_kafka.factory import TargetOptions, session


@click.group("topic")
def command() -> None:
    """Topics."""


@command.command("list")
@click.option("--internal", is_flag=True, help="Kafka's own topics too.")
@target_options
@output_option
def list_topics(internal: bool, target: TargetOptions, output: str) -> None:
    """List topics with their partitions, replicas, retention and what is wrong with them."""
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.messages.render import topics_json, topics_table

    with session(target) as look:
        topics = [topic for topic in look.kafka().topics() if internal or not topic.internal]
    if output == "json":
        echo_json(topics_json(topics))
    else:
        terminal().print(topics_table(topics))
