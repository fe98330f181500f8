"""``prompt-kafka upgrade …``: the headings *Upgrading Kafka* and *Upgrading Strimzi Operator*."""

from __future__ import annotations

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "kafka": Entry("upgrade.kafka", "Kafka, one hop; without a version: the legal ways from here."),
    "metadata": Entry("upgrade.metadata", "Raise the metadata level; there is no way back."),
    "strimzi": Entry("upgrade.strimzi", "The operator, for every cluster that it watches."),
}


@click.command("upgrade", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """Upgrade Kafka, its metadata level, or the operator: one legal hop a run, each proved."""
