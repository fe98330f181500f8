"""What a change asks for, as a form: made of its command's own options, so there is no second list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from prompt_kafka.core.request import Request, Terms

Values = Mapping[str, str]
"""What is filled in, by the field's name; a field that takes several has one a line."""

USUAL = ("stable", "with_undeployed", "override_hours", "announce", "announced")
"""Fields of many changes, which stand apart."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field.

    Attributes
    ----------
    name
        In an address and in the form.
    label
        The option's name, or the argument's.
    kind
        ``text``, ``number``, ``flag``, ``many`` (one a line) or ``choice``.
    """

    name: str
    label: str
    kind: str
    help: str = ""
    required: bool = False
    default: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()

    @property
    def usual(self) -> bool:
        """It is left as it is, most of the time."""
        return self.name in USUAL


@dataclass(frozen=True, slots=True)
class Form:
    """A change that can be asked for.

    Attributes
    ----------
    words
        The command, such as ``topic create``.
    title
        What it does, one sentence.
    about
        The rest of the command's help.
    """

    words: str
    title: str
    about: str
    fields: tuple[Field, ...]

    @property
    def path(self) -> str:
        """The command as a part of an address."""
        return self.words.replace(" ", "/")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form that was filled in.

    Attributes
    ----------
    line
        The command line that asks for the same.
    """

    request: Request
    terms: Terms
    line: str


class Forms(Protocol):
    """The forms of all changes."""

    def all(self) -> Mapping[str, Form]:
        """Return the forms by their command."""

    def asked(self, words: str, values: Values) -> Asked:
        """Read a form.

        Raises
        ------
        UsageError
            Something is missing or cannot be read, in the words of the command line.
        """

    def of_line(self, line: str) -> tuple[Form, dict[str, str]] | None:
        """Return the form that a command line fills in, and how; None where it is no change."""
