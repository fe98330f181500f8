"""The console's forms, made of the commands that change something: their options, help and readers.

A form is filled in as its command line would be, and read by the command itself up to where it would begin to
carry the request out. So a form and a command cannot ask for different things.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import click

from prompt_kafka.cli.change import taken
from prompt_kafka.console.forms import Asked, Field, Form, Values
from prompt_kafka.core.errors import UsageError

CHANGES = {"dry_run", "save_plan", "yes"}
"""Options that only a change has."""

NOT_ASKED = frozenset(
    {"dry_run", "save_plan", "yes", "by_hand", "confirm", "rehearse", "output", "state"}
    | {"environment", "context", "namespace", "cluster", "kubeconfig", "config", "allow_exec"}
)
"""Options that the console answers itself."""

LATER = ("apply", "run continue")
"""Changes that begin with a file or another run, not with a form."""


@dataclass(frozen=True, slots=True)
class Asks:
    """A parameter of a command that a form asks for."""

    parameter: click.Parameter
    field: Field

    @property
    def flag(self) -> str:
        """The option as it is written out."""
        return max(self.parameter.opts, key=len)


class CommandForms:
    """The forms of the commands below a group.

    Parameters
    ----------
    environment
        Whose console this is: it stands in the command lines that are shown.
    """

    def __init__(self, root: click.Group, environment: str) -> None:
        self._root, self._environment = root, environment

    def all(self) -> Mapping[str, Form]:
        """Return the forms by their command."""
        return {words: form for words, (_, form, _) in self._found.items()}

    def asked(self, words: str, values: Values) -> Asked:
        """Read a form as its command would."""
        if words not in self._found:
            raise UsageError(f"there is no form for {words!r}")
        command, _, asks = self._found[words]
        options, arguments = line_of(asks, values)
        try:
            with taken() as found:
                command.main(
                    [*options, "--", *arguments], prog_name=f"prompt-kafka {words}", standalone_mode=False
                )
        except click.ClickException as error:
            raise UsageError(error.format_message(), next=f"prompt-kafka {words} --help") from None
        if not found:
            raise UsageError(f"{words} asks for no change", next=f"prompt-kafka {words} --help")
        request, how = found[0]
        shown = [word for option in options for word in apart(option)]
        dashes = ["--"] if any(argument.startswith("-") for argument in arguments) else []
        line = shlex.join(
            ["prompt-kafka", *words.split(), *shown, "-e", self._environment, *dashes, *arguments]
            if dashes
            else ["prompt-kafka", *words.split(), *arguments, *shown, "-e", self._environment]
        )
        return Asked(request, how.terms, line)

    def of_line(self, line: str) -> tuple[Form, dict[str, str]] | None:
        """Return the form that a command line fills in, and how."""
        try:
            first, *rest = shlex.split(line)
        except ValueError:
            return None
        for length in (3, 2, 1):
            found = self._found.get(" ".join(rest[:length]))
            if first == "prompt-kafka" and found is not None:
                command, form, asks = found
                try:
                    context = click.Context(command)
                    given, _, _ = command.make_parser(context).parse_args(list(rest[length:]))
                except click.ClickException:
                    return None
                names = {each.field.name for each in asks}
                return form, {name: _text(value) for name, value in given.items() if name in names and value}
        return None

    @cached_property
    def _found(self) -> dict[str, tuple[click.Command, Form, tuple[Asks, ...]]]:
        found = {}
        for words, command in _commands(self._root):
            if not {each.name for each in command.params} >= CHANGES or words in LATER:
                continue
            asks = asks_of(command)
            title, _, about = (command.help or "").partition("\n\n")
            fields = tuple(each.field for each in asks)
            form = Form(words, " ".join(title.split()), about.replace("\b", "").strip("\n"), fields)
            found[words] = (command, form, asks)
        return found


def asks_of(command: click.Command, but: frozenset[str] = frozenset()) -> tuple[Asks, ...]:
    """Return what a form asks for a command, arguments first."""
    params = sorted(command.params, key=lambda p: not isinstance(p, click.Argument))
    return tuple(Asks(each, _field(each)) for each in params if each.name not in NOT_ASKED | but)


def _commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        words = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from _commands(command, words)
        elif command is not None:
            yield words, command


def _field(parameter: click.Parameter) -> Field:
    name = str(parameter.name)
    metavar = parameter.metavar or ""
    if isinstance(parameter, click.Argument):
        many = parameter.nargs == -1
        required = parameter.required or name == "version"
        return Field(name, name, "many" if many else "text", required=required, hint=metavar)
    assert isinstance(parameter, click.Option)
    kind, choices = "text", tuple[str, ...]()
    if isinstance(parameter.type, click.Choice):
        kind, choices = "choice", tuple(str(each) for each in parameter.type.choices)
    if parameter.is_flag:
        kind = "flag"
    elif parameter.multiple:
        kind = "many"
    elif isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType):
        kind = "number"
    return Field(
        name,
        max(parameter.opts, key=len),
        kind,
        parameter.help or "",
        parameter.required,
        _default(parameter),
        metavar,
        choices,
    )


def _default(parameter: click.Option) -> str:
    default = parameter.get_default(click.Context(click.Command("form")))
    return str(default) if isinstance(default, str | int | float) and not isinstance(default, bool) else ""


def line_of(asks: tuple[Asks, ...], values: Values) -> tuple[list[str], list[str]]:
    """Return the options, each in one word so that no value is taken for one, and the arguments."""
    options: list[str] = []
    arguments: list[str] = []
    for each in asks:
        field, text = each.field, values.get(each.field.name, "").strip()
        several = [line.strip() for line in text.splitlines() if line.strip()]
        if isinstance(each.parameter, click.Argument):
            arguments += several if field.kind == "many" else [text] if text else []
        elif field.kind == "flag":
            options += [each.flag] if text else []
        elif field.kind == "many" or (isinstance(each.parameter, click.Option) and each.parameter.multiple):
            options += [f"{each.flag}={line}" for line in several]
        elif text and text != field.default:
            options.append(f"{each.flag}={text}")
    return options, arguments


def apart(option: str) -> list[str]:
    """Return an option as people write it."""
    name, equals, value = option.partition("=")
    return [name, value] if equals and not value.startswith("-") else [option]


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(str(each) for each in value)
    return "1" if value is True else str(value)
