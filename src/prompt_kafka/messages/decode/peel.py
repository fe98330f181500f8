"""Taking compression off: gzip, zstd, lz4 frames, snappy; never to more than is allowed.

Each is recognised by its magic bytes and by nothing else. A bomb is not decompressed and then measured: every
decompressor here writes into a buffer of the largest size that is allowed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from prompt_kafka.messages.decode.decoded import Limits, Tried

XERIAL = b"\x82SNAPPY\x00"
_FIRST = 64 << 10


class Peeled(NamedTuple):
    """A layer's kind, and what was in it."""

    kind: str
    inner: bytes


class _TooLargeError(ValueError):
    """More comes out than is allowed."""


def peel(data: bytes, limits: Limits) -> Peeled | Tried | None:
    """Take one layer of compression off.

    Returns
    -------
    Peeled | Tried | None
        What was in it; why it could not be taken off; or ``None`` when there is no layer.
    """
    found = next(((kind, inflate) for kind, magic, inflate in _KINDS if data.startswith(magic)), None)
    if found is None:
        return None
    kind, inflate = found
    bound = limits.bound(len(data))
    try:
        return Peeled(kind, inflate(data, bound))
    except _TooLargeError:
        return Tried(kind, f"not peeled: {len(data)} bytes grow to more than the {bound} that are allowed")
    except Exception as error:  # a damaged stream: whatever the library makes of it
        return Tried(kind, f"begins like {kind}, but does not decompress ({_short(error)})")


def _short(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:80] or type(error).__name__


def _gzip(data: bytes, bound: int) -> bytes:
    found = bytearray()
    while data:
        member = zlib.decompressobj(wbits=31)
        found += member.decompress(data, bound - len(found) + 1)
        if len(found) > bound:
            raise _TooLargeError
        if not member.eof:
            raise ValueError("it ends too early")
        data = member.unused_data.lstrip(b"\0")
    return bytes(found)


def _into(module: str) -> Callable[[bytes, int], bytes]:
    """Return a decompressor of cramjam's that cannot write more than it may."""

    def inflate(data: bytes, bound: int) -> bytes:
        import cramjam

        into = getattr(cramjam, module).decompress_into
        first = min(bound, max(_FIRST, 16 * len(data)))
        for size in dict.fromkeys((first, bound)):
            buffer = bytearray(size)
            try:
                return bytes(memoryview(buffer)[: into(data, buffer)])
            except cramjam.DecompressionError as error:
                if "whole buffer" not in str(error) or "write" not in str(error):
                    raise
        raise _TooLargeError

    return inflate


def _xerial(data: bytes, bound: int) -> bytes:
    """Decompress snappy as Java frames it: a header of 16 bytes, then blocks with their lengths."""
    import cramjam

    found = bytearray()
    at = len(XERIAL) + 8
    while at < len(data):
        (length,) = struct.unpack_from(">i", data, at)
        block = data[at + 4 : at + 4 + length]
        if length < 0 or len(block) != length:
            raise ValueError("it ends too early")
        if len(found) + cramjam.snappy.decompress_raw_len(block) > bound:
            raise _TooLargeError
        found += bytes(cramjam.snappy.decompress_raw(block))
        at += 4 + length
    return bytes(found)


_KINDS: tuple[tuple[str, bytes, Callable[[bytes, int], bytes]], ...] = (
    ("gzip", b"\x1f\x8b\x08", _gzip),
    ("zstd", b"\x28\xb5\x2f\xfd", _into("zstd")),
    ("lz4", b"\x04\x22\x4d\x18", _into("lz4")),
    ("snappy", b"\xff\x06\x00\x00sNaPpY", _into("snappy")),
    ("snappy", XERIAL, _xerial),
)
