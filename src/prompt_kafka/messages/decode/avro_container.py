"""Avro's container file in one message: its own schema, then blocks that are bounded when decompressed."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from prompt_kafka.messages.decode.avro_schema import PER_BYTE, AvroSchema, SchemaError, prepare
from prompt_kafka.messages.decode.decoded import Limits

MAGIC = b"Obj\x01"
SYNC = 16
OBJECTS = 100_000
"""Objects in one message."""


def read(data: bytes, limits: Limits) -> tuple[str, list[Any]]:
    """Return the schema's name and the objects of a container file.

    Raises
    ------
    SchemaError
        Its schema is not usable, it is damaged, or it unfolds to more than is allowed.
    """
    stream = io.BytesIO(data)
    stream.seek(len(MAGIC))
    meta: dict[str, bytes] = _META.read_from(stream)
    sync = stream.read(SYNC)
    schema = prepare(meta.get("avro.schema", b"").decode("utf-8"))
    codec = meta.get("avro.codec", b"null").decode("utf-8")
    if codec not in _CODECS:
        raise SchemaError(f"its codec {codec[:20]!r} is not known")
    left = limits.bound(len(data))
    found: list[Any] = []
    while stream.tell() < len(data):
        count, size = _LONG.read_from(stream), _LONG.read_from(stream)
        if not 0 <= count <= OBJECTS - len(found) or not 0 <= size <= len(data):
            raise SchemaError("it has too many objects, or is damaged")
        block = _CODECS[codec](stream.read(size), left)
        left -= len(block)
        if left < 0:
            raise SchemaError("it grows to more than is allowed")
        if stream.read(SYNC) != sync:
            raise SchemaError("it is damaged: a block does not end where it should")
        if count * schema.most > PER_BYTE * (len(block) + SYNC):
            raise SchemaError("few bytes of it unfold into very many values")
        objects = io.BytesIO(block)
        found += [schema.read_from(objects) for _ in range(count)]
    return schema.name, found


def _limited(name: str, maker: Callable[[], Any]) -> Callable[[bytes, int], bytes]:
    def inflate(block: bytes, left: int) -> bytes:
        return bytes(maker().decompress(block, left + 1))

    inflate.__name__ = name
    return inflate


def _snappy(block: bytes, left: int) -> bytes:
    import cramjam

    if cramjam.snappy.decompress_raw_len(block[:-4]) > left:
        raise SchemaError("it grows to more than is allowed")
    return bytes(cramjam.snappy.decompress_raw(block[:-4]))  # the last four bytes are a checksum


def _zstd(block: bytes, left: int) -> bytes:
    import cramjam

    buffer = bytearray(left)
    return bytes(memoryview(buffer)[: cramjam.zstd.decompress_into(block, buffer)])


_CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": lambda block, left: block,
    "deflate": _limited("deflate", lambda: zlib.decompressobj(wbits=-15)),
    "bzip2": _limited("bzip2", bz2.BZ2Decompressor),
    "xz": _limited("xz", lzma.LZMADecompressor),
    "snappy": _snappy,
    "zstandard": _zstd,
}
_META = AvroSchema("meta", b"", 1, {"type": "map", "values": "bytes"})
_LONG = AvroSchema("long", b"", 1, "long")
