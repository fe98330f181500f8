"""Bytes as a person can read them: JSON, text or hex, and safe to print.

A message may hold anything, also sequences that drive a terminal: what is returned here never contains a
control character except newline and tab.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

Encoding = Literal["null", "json", "text", "hex"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Bytes made readable.

    Parameters
    ----------
    encoding
        ``null`` for no bytes at all (a tombstone), ``json`` for a JSON object or list, ``text``, or ``hex``.
    text
        To print.
    value
        The parsed JSON, the text, the hex digits, or ``None``.
    """

    encoding: Encoding
    text: str
    value: Any


def show(data: bytes | None) -> Shown:
    """Make `data` readable."""
    if data is None:
        return Shown("null", "", None)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Shown("hex", data.hex(), data.hex())
    if text.lstrip()[:1] in ("{", "["):
        try:
            return Shown("json", printable(text), json.loads(text, parse_constant=_refuse))
        except (ValueError, RecursionError):
            pass
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t\r" for character in text):
        return Shown("hex", data.hex(), data.hex())
    return Shown("text", printable(text), text)


def printable(text: str) -> str:
    """Return `text` with every character that could drive a terminal written out as ``\\x..``."""
    if text.isprintable():
        return text
    return "".join(_escaped(character) if _unprintable(character) else character for character in text)


def _unprintable(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
