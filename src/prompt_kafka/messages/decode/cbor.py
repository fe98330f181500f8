"""CBOR: binary bytes that are one whole map or list and nothing after it, or that say to be CBOR."""

from __future__ import annotations

import io

from prompt_kafka.messages.decode.decoded import EXTRA, Decoded, Tried
from prompt_kafka.messages.decode.plain import document, plain, said

NAME = "cbor"
SELF_DESCRIBED = b"\xd9\xd9\xf7"
LIST_LEAST = 4
ARRAY, MAP = 4, 5


def decode(data: bytes, raw: bytes) -> Decoded | Tried:
    """Return a CBOR document, or why it is none."""
    described = data.startswith(SELF_DESCRIBED)
    if not described and data[0] >> 5 not in (ARRAY, MAP):
        return Tried(NAME, "it does not begin with a map or a list")
    try:
        import cbor2
    except ImportError:
        return Tried(NAME, EXTRA)
    stream = io.BytesIO(data)
    try:
        found = cbor2.load(stream)
        if stream.tell() != len(data):
            return Tried(NAME, "a document fits the beginning, but bytes are left over")
        if not described and data[0] >> 5 == ARRAY and len(data) < LIST_LEAST:
            return Tried(NAME, "a list of so few bytes fits by accident")
        if not described and isinstance(found, dict) and not _keys(found):
            return Tried(NAME, "it would be a map whose keys are neither text nor numbers")
        value = plain(found, len(data))
        return Decoded(NAME, value, document(value), (), (), raw)
    except Exception as error:  # whatever the library makes of hostile bytes
        return Tried(NAME, f"it does not decode ({said(error)})")


def _keys(found: dict[object, object]) -> bool:
    return bool(found) and all(isinstance(key, (str, int)) for key in found)
