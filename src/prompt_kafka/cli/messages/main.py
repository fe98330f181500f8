"""``prompt-kafka messages``: a topic's messages. A first word that is no subcommand is a topic to read."""

from __future__ import annotations

from typing import Any

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "show": Entry("messages.show", "One record whole, by its permanent link or its place."),
    "import": Entry("messages.bring", "Write exported records (.pkr) into a topic of a lab."),
    "read": Entry("messages.read", "Read a topic that is called like one of these words."),
}


class TopicGroup(LazyGroup):
    """``messages TOPIC …`` is ``messages read TOPIC …``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``read`` before everything that is not a subcommand."""
        if args and args[0] not in self.list_commands(ctx) and args[0] not in ("-h", "--help"):
            args = ["read", *args]
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help of reading, and the subcommands."""
        reading = self.get_command(ctx, "read")
        assert reading is not None
        formatter = ctx.make_formatter()
        with click.Context(reading, info_name=ctx.info_name, parent=ctx.parent) as inner:
            reading.format_help(inner, formatter)
        self.format_commands(ctx, formatter)
        return formatter.getvalue().rstrip("\n")


@click.command(cls=TopicGroup, entries=ENTRIES, no_args_is_help=True)
def command(**_: Any) -> None:
    """Read a topic's messages, newest first."""
