"""How records lie in a batch's payload: lengths as variable numbers, one after another.

A search walks over millions of them, so this is written for speed: most numbers have one byte. Nothing here
trusts a length: what does not fit raises ``IndexError``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

Bytes = bytes | bytearray | memoryview


class Layout(NamedTuple):
    """The fields of one record, with time and offset as differences to the batch's."""

    time_delta: int
    offset_delta: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def varint(data: Bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and where the next thing begins."""
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise IndexError("number too long")


def ends(data: Bytes, count: int) -> Iterator[tuple[int, int]]:
    """Give where each record begins and ends, without reading it."""
    at, size = 0, len(data)
    for _ in range(count):
        start = at
        length, at = varint(data, at)
        at += length
        if length < 0 or at > size:
            raise IndexError("record length")
        yield start, at


def value_spans(data: bytes, count: int) -> list[tuple[int, int, int, int]]:
    """Return, for each record, where it begins and ends, and where its value does: -1 if it has none."""
    found = []
    at, size = 0, len(data)
    for _ in range(count):
        start = at
        length, at = varint(data, at)
        end = at + length
        if length < 0 or end > size:
            raise IndexError("record length")
        at += 1
        while data[at] > 0x7F:  # time
            at += 1
        at += 1
        while data[at] > 0x7F:  # offset
            at += 1
        at += 1
        byte = data[at]
        if byte < 0x80:
            length, at = (byte >> 1) ^ -(byte & 1), at + 1
        else:
            length, at = varint(data, at)
        if length > 0:
            at += length
        byte = data[at]
        if byte < 0x80:
            length, at = (byte >> 1) ^ -(byte & 1), at + 1
        else:
            length, at = varint(data, at)
        if at + length > end:
            raise IndexError("field length")
        found.append((start, end, at if length >= 0 else -1, at + length))
        at = end
    return found


def fields(data: bytes, count: int) -> Iterator[Layout]:
    """Give the fields of each record."""
    at = 0
    for _ in range(count):
        length, at = varint(data, at)
        end = at + length
        at += 1  # attributes of a record: unused
        time_delta, at = varint(data, at)
        byte = data[at]
        if byte < 0x80:
            offset_delta, at = (byte >> 1) ^ -(byte & 1), at + 1
        else:
            offset_delta, at = varint(data, at)
        key, at = _bytes(data, at)
        value, at = _bytes(data, at)
        named, at = varint(data, at)
        headers: list[tuple[str, bytes | None]] = []
        for _ in range(named):
            name, at = _bytes(data, at)
            content, at = _bytes(data, at)
            headers.append(((name or b"").decode(), content))
        if at != end:
            raise IndexError("record length")
        yield Layout(time_delta, offset_delta, key, value, tuple(headers))


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    length = data[at]
    if length < 0x80:
        length, at = (length >> 1) ^ -(length & 1), at + 1
    else:
        length, at = varint(data, at)
    if length < 0:
        return None, at
    end = at + length
    if end > len(data):
        raise IndexError("field length")
    return data[at:end], end
