"""Lines put into a text, and a piece of one line replaced: all that an edit ever does."""

from __future__ import annotations

from collections.abc import Sequence

ENDS = ("\n", "\r", "\x85", "\u2028", "\u2029")


def newline_of(text: str) -> str:
    """Return how most lines of a text end."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def splice(lines: Sequence[str], line: int, begin: int, end: int, new: str) -> str:
    """Return the text in which columns `begin` to `end` of a line are replaced."""
    before = lines[line]
    return "".join([*lines[:line], before[:begin] + new + before[end:], *lines[line + 1 :]])


def insert(
    lines: Sequence[str], line: int, column: int, body: Sequence[str], newline: str, *, blank: bool = False
) -> str:
    """Return the text with the lines of `body`, set in by `column`, before a line.

    Parameters
    ----------
    blank
        Put a blank line before them where there is none.
    """
    new = [f"{' ' * column}{each}".rstrip() + newline for each in body]
    before, after = list(lines[:line]), lines[line:]
    if blank and before and before[-1].strip():
        new = [newline, *new]
    if before and not before[-1].endswith(ENDS):
        before[-1] += newline
    return "".join([*before, *new, *after])
