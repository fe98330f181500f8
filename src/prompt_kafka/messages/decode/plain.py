"""Decoded documents as what JSON can hold, whatever types their format knows."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from prompt_kafka.messages.decode.printing import printable

DIGITS = 4000
"""Decimal digits that an integer may have; Python refuses to write more."""


class TooMuchError(ValueError):
    """A document unfolds to more than its bytes can mean."""


def plain(value: Any, size: int) -> Any:
    """Return `value` with JSON's types only.

    Bytes become ``base64:…``, times ISO 8601, keys text, numbers that JSON has not (NaN, infinities, integers
    of thousands of digits) text. A document of `size` bytes cannot have more nodes than that, unless parts of
    it are shared to make it explode.

    Raises
    ------
    TooMuchError
        It has more nodes than bytes.
    """
    left = [size + 1000]

    def convert(node: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise TooMuchError("it unfolds to more values than it has bytes")
        if node is None or isinstance(node, (bool, str)):
            return node
        if isinstance(node, int):
            return int(node) if node.bit_length() < 3 * DIGITS else hex(node)
        if isinstance(node, float):
            return node if math.isfinite(node) else str(node)
        if isinstance(node, Mapping):
            return {_key(key): convert(each) for key, each in node.items()}
        if isinstance(node, (list, tuple, set, frozenset)):
            return [convert(each) for each in node]
        if isinstance(node, (bytes, bytearray, memoryview)):
            return "base64:" + base64.b64encode(node).decode("ascii")
        if isinstance(node, (datetime, date, time)):
            return node.isoformat()
        return str(node)

    return convert(value)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, (bytes, bytearray)):
        return "base64:" + base64.b64encode(key).decode("ascii")
    return str(key)


def document(value: Any) -> str:
    """Return a document as one line of JSON that is safe to print."""
    return printable(json.dumps(value, ensure_ascii=False))


def said(error: BaseException) -> str:
    """Return what a decoder's error says, short and without what the bytes hold."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, TooMuchError):
        return str(error)
    return type(error).__name__
