"""Text without anything that could drive a terminal."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return `text` with every character that could drive a terminal written out as ``\\x..``."""
    if text.isprintable() or text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    return "".join(_escaped(character) if _unprintable(character) else character for character in text)


def readable(data: bytes) -> str | None:
    """Return `data` as text, or ``None``: not UTF-8, or with control characters that no text has."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text.isprintable() or text.replace("\n", " ").isprintable() or _CONTROL.search(text) is None:
        return text
    return None


def _unprintable(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in _UNSAFE


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
