"""How a right is written on the command line: ``read:TOPIC@GROUP``."""

from __future__ import annotations

import re

from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.request_rights import UserRight

METAVAR = "read|write|read+write:TOPIC[@GROUP]"
_RIGHT = re.compile(
    r"(?P<may>read|write|read\+write|write\+read):(?P<topic>[^@:\s]+)(?:@(?P<group>[^@\s]+))?"
)


def right(text: str, option: str) -> UserRight:
    """Read ``read:TOPIC``, ``write:TOPIC``, ``read+write:TOPIC``, with ``@GROUP``.

    ``x*`` is all that begin so.

    Raises
    ------
    UsageError
        It is none of these.
    """
    found = _RIGHT.fullmatch(text)
    if not found or "*" in found["topic"][:-1] or "*" in (found["group"] or "")[:-1]:
        raise UsageError(
            f"cannot read {option} {text!r}",
            next="write read:TOPIC, write:TOPIC, read+write:TOPIC, read:TOPIC@GROUP; x* is all that begin so",
        )
    may = tuple(sorted(found["may"].split("+")))
    return UserRight(may, found["topic"], found["group"] or "")


def distinct(rights: tuple[UserRight, ...], option: str) -> tuple[UserRight, ...]:
    """Return the rights; refuse the same one twice.

    Raises
    ------
    UsageError
        Two of them are the same.
    """
    twice = next((each for n, each in enumerate(rights) if each in rights[:n]), None)
    if twice:
        raise UsageError(f"{option} {twice} is given twice", next="give it once")
    return rights
