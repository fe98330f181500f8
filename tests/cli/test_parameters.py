"""No command has two parameters of one name: click would let one overwrite the other."""

from __future__ import annotations

from collections.abc import Iterator

import click

from prompt_kafka.cli.main import root


def _commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}".strip(), command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def test_every_parameter_has_a_name_of_its_own() -> None:
    assert isinstance(root, click.Group)
    found = list(_commands(root))
    assert ("operator namespaces add") in dict(found)
    for path, command in found:
        names = [each.name for each in command.params]
        assert len(names) == len(set(names)), path
