"""Who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from prompt_kafka.console.settings import Settings


class Role(IntEnum):
    """What somebody may do; each may do what those before it may."""

    VIEWER = 0
    OPERATOR = 1
    APPROVER = 2


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in.

    Attributes
    ----------
    name
        As the proxy says it; on loopback, whoever runs the console.
    """

    name: str
    role: Role

    @property
    def title(self) -> str:
        """The role as a word."""
        return self.role.name.lower()


def from_groups(name: str, groups: Iterable[str], settings: Settings) -> Person:
    """Return a person with the role that their groups give; a viewer by default."""
    theirs = set(groups)
    if theirs & settings.approvers:
        return Person(name, Role.APPROVER)
    return Person(name, Role.OPERATOR if theirs & settings.operators else Role.VIEWER)
