"""``prompt-kafka user …``: who may do what."""

from __future__ import annotations

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "list": Entry("user.list", "Users, and in words what each may do.", "Look"),
    "describe": Entry("user.describe", "One user: resource, brokers, and what it may do.", "Look"),
    "create": Entry("user.create", "From Git and Vault to the brokers, proved.", "Change"),
    "alter": Entry("user.alter", "Grant rights and revoke them, proved.", "Change"),
    "delete": Entry("user.delete", "The user, its rights and its Secret.", "Change"),
}


@click.command("user", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """Kafka users."""
