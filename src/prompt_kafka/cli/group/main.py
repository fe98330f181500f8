"""``prompt-kafka group …``: who reads, and how far behind they are."""

from __future__ import annotations

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "list": Entry("group.list", "Groups, their members, and how far behind they are.", "Look"),
    "describe": Entry("group.describe", "One group: members, and its lag partition by partition.", "Look"),
}


@click.command("group", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """Consumer groups, share groups and streams groups."""
