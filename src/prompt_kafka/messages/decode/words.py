"""Readable text: JSON, base64 that holds something, or just text."""

from __future__ import annotations

import base64
import binascii
import json
import re

from prompt_kafka.messages.decode.decoded import Decoded, Tried
from prompt_kafka.messages.decode.printing import printable

BASE64_LEAST = 16
"""Characters below which a word is not taken for base64: too many words would fit."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\r\n]+={0,2}\s*")
_NOT_JSON = Tried("json", "it begins neither with { nor with [")
_READABLE = "readable text is text, which often fits others by accident"
BINARY = tuple(Tried(name, _READABLE) for name in ("avro", "protobuf", "msgpack", "cbor"))
_PLAIN = (_NOT_JSON, *BINARY)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_decode = json.JSONDecoder(parse_constant=_refuse).decode


def json_of(text: str, raw: bytes) -> Decoded | Tried:
    """Return a JSON object or list, or why it is none. Numbers, strings and ``null`` alone are text."""
    if text[:1] not in ("{", "["):
        text = text.lstrip("\ufeff \t\r\n")
        if text[:1] not in ("{", "["):
            return _NOT_JSON
    try:
        return Decoded("json", _decode(text), printable(text), (), (), raw)
    except json.JSONDecodeError as error:
        return Tried("json", f"{error.msg} at character {error.pos}")
    except RecursionError:
        return Tried("json", "it is nested too deeply")
    except ValueError as error:
        constant = str(error).endswith("is not JSON")
        return Tried("json", str(error) if constant else "it has a number of too many digits")


def text_of(text: str, raw: bytes, *tried: Tried) -> Decoded:
    """Return text as what it is."""
    why = _PLAIN if tried == (_NOT_JSON,) else (*tried, *BINARY)
    return Decoded("text", text, printable(text), (), why, raw)


def unbase64(text: str) -> bytes | None:
    """Return what a long enough word in base64 (either alphabet) holds, ``None`` when it cannot be one."""
    if len(text) < BASE64_LEAST or not _BASE64.fullmatch(text):
        return None
    word = re.sub(r"\s", "", text).rstrip("=")
    if len(word) < BASE64_LEAST - 2 or word.isdigit() or len(word) % 4 == 1:
        return None
    if ("+" in word or "/" in word) and ("-" in word or "_" in word):
        return None
    try:
        return base64.urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return None


def recognisable(inner: Decoded) -> bool:
    """Return whether decoding made sense of the bytes: what justifies calling a word base64.

    Lists of MessagePack and CBOR, and text that is not ASCII, fit too many words by accident.
    """
    if inner.layers or inner.format in ("json", "avro", "protobuf"):
        return True
    if inner.format in ("msgpack", "cbor"):
        return isinstance(inner.value, dict) and bool(inner.value)
    return inner.format == "text" and len(inner.text) >= 8 and inner.text.isascii()
