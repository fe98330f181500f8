"""A command group that imports a command only when it is used, so that ``--help`` is quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and what the help says of it.

    Attributes
    ----------
    module
        Module below ``prompt_kafka.cli`` that has the command under the name ``command``.
    help
        One line.
    section
        Heading of the help under which it is listed.
    """

    module: str
    help: str
    section: str = "Commands"


class LazyGroup(click.Group):
    """A group whose commands are named in a table."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"prompt_kafka.cli.{entry.module}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a wrong name is answered with the ones nearest to it."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self._entries, n=3) if args else []
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {' or '.join(near)}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings."""
        for section in dict.fromkeys(entry.section for entry in self._entries.values()):
            rows = [(name, e.help) for name, e in self._entries.items() if e.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)
