"""MessagePack: binary bytes that are one whole map with text keys, or one list, and nothing after it."""

from __future__ import annotations

from prompt_kafka.messages.decode.decoded import EXTRA, Decoded, Tried
from prompt_kafka.messages.decode.plain import document, plain, said

NAME = "msgpack"
LIST_LEAST = 4
"""Bytes below which a list is not believed: two bytes of a number would be one in sixteen times."""


def decode(data: bytes, raw: bytes) -> Decoded | Tried:
    """Return a MessagePack document, or why it is none."""
    if not (0x80 <= data[0] <= 0x9F or 0xDC <= data[0] <= 0xDF):
        return Tried(NAME, "it does not begin with a map or a list")
    try:
        import msgpack
    except ImportError:
        return Tried(NAME, EXTRA)
    try:
        found = msgpack.unpackb(data, raw=False, strict_map_key=False)
        if isinstance(found, list) and len(data) < LIST_LEAST:
            return Tried(NAME, "a list of so few bytes fits by accident")
        if isinstance(found, dict) and (not found or not all(isinstance(key, str) for key in found)):
            return Tried(NAME, "it would be a map whose keys are not text")
        value = plain(found, len(data))
        return Decoded(NAME, value, document(value), (), (), raw)
    except msgpack.ExtraData:
        return Tried(NAME, "a document fits the beginning, but bytes are left over")
    except Exception as error:  # whatever the library makes of hostile bytes
        return Tried(NAME, f"it does not decode ({said(error)})")
