"""``prompt-kafka topic …``: topics, and the heading *Create New Kafka Topics*."""

from __future__ import annotations

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "list": Entry("topic.list", "Topics, their partitions, retention and what is wrong.", "Look"),
    "describe": Entry("topic.describe", "One topic: brokers, resource, and who may do what.", "Look"),
    "create": Entry("topic.create", "From Git to the brokers, with its users, proved.", "Change"),
    "alter": Entry("topic.alter", "Partitions, retention, in-sync replicas, any setting.", "Change"),
    "delete": Entry("topic.delete", "The topic and all its messages; there is no way back.", "Change"),
}


@click.command("topic", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """Topics."""
