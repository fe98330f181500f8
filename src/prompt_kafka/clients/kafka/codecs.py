"""Compressed payloads of record batches, into memory that is used again.

A search decompresses everything and keeps nothing, so it hands in a `Buffer`. Lz4 frames are cut into their
blocks here: three times as fast as the library's frame reader. What a payload may grow to is bounded: the
broker checks a batch as it streams by, so one of a megabyte can hold gigabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from prompt_kafka.clients.kafka.errors import KafkaError

XERIAL = b"\x82SNAPPY\x00"
LZ4_MAGIC = b"\x04\x22\x4d\x18"
LZ4_BLOCK = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}
FIRST_SIZE = 1 << 20
MOST = 256 << 20

Bytes = bytes | bytearray | memoryview


class Buffer:
    """Memory to decompress into; each thread has its own.

    Parameters
    ----------
    most
        Bytes that a payload may grow to.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.memory = bytearray()

    def room(self, size: int) -> bytearray:
        """Return the memory, at least `size` bytes of it; what was in it is kept."""
        if len(self.memory) < size:
            bigger = bytearray(max(size, 2 * len(self.memory)))
            bigger[: len(self.memory)] = self.memory
            self.memory = bigger
        return self.memory


def decompress(codec: str, data: Bytes, where: str = "", most: int = MOST) -> bytes:
    """Decompress a payload.

    Raises
    ------
    KafkaError
        If the codec is not known, the data is damaged or grows beyond `most` bytes.
    """
    if codec == "none":
        return bytes(data)
    buffer = Buffer(most)
    size = decompress_into(codec, data, buffer, where)
    return bytes(memoryview(buffer.memory)[:size])


def decompress_into(codec: str, data: Bytes, buffer: Buffer, where: str = "") -> int:
    """Decompress a payload into `buffer` and return how long it is; errors as `decompress`."""
    import cramjam

    try:
        if codec == "lz4":
            size = _lz4_blocks(data, buffer)
            return size if size is not None else _grow(cramjam.lz4.decompress_into, data, buffer)
        if codec == "zstd":
            return _grow(cramjam.zstd.decompress_into, data, buffer)
        if codec == "gzip":
            return _grow(cramjam.gzip.decompress_into, data, buffer)
        if codec == "snappy":
            return _snappy(bytes(data), buffer)
    except (cramjam.DecompressionError, struct.error, OverflowError) as error:
        raise KafkaError(f"a {codec} batch does not decompress: {error}", where=where) from error
    except _TooLarge:
        raise KafkaError(
            f"a {codec} batch of {len(data)} bytes grows beyond {buffer.most >> 20} MiB", where=where
        ) from None
    raise KafkaError(f"batch with {codec}", where=where)


class _TooLarge(Exception):
    """The payload does not fit into what is allowed."""


def _grow(into: Callable[..., int], data: Bytes, buffer: Buffer) -> int:
    """Decompress a stream that does not say how long it gets: with more room until it fits."""
    import cramjam

    size = min(max(FIRST_SIZE, len(buffer.memory)), buffer.most)
    while True:
        view = memoryview(buffer.room(size))[:size]
        try:
            return into(data, view)
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):
                raise
            if size >= buffer.most:
                raise _TooLarge from None
            size = min(size * 4, buffer.most)


def _lz4_blocks(data: Bytes, buffer: Buffer) -> int | None:
    """Decompress a frame of independent blocks; ``None`` if it is anything else."""
    import cramjam

    block = cramjam.lz4.decompress_block_into
    if bytes(data[:4]) != LZ4_MAGIC or len(data) < 7:
        return None
    flags, largest = data[4], LZ4_BLOCK.get(data[5] >> 4 & 7)
    if flags >> 6 != 1 or not flags & 0x20 or flags & 0x01 or largest is None:
        return None
    at = 7 + (8 if flags & 0x08 else 0)
    checksum = 4 if flags & 0x10 else 0
    source, written = memoryview(data), 0
    while True:
        (length,) = struct.unpack_from("<I", source, at)
        at += 4
        if not length:
            return written
        stored, length = length >> 31, length & 0x7FFFFFFF
        part = source[at : at + length]
        if len(part) < length or (stored and length > largest):
            raise struct.error("cut off inside a block")
        if written + largest > buffer.most:
            raise _TooLarge
        memory = memoryview(buffer.room(written + largest))
        if stored:
            memory[written : written + length] = part
            written += length
        else:
            written += block(part, memory[written : written + largest], output_len=largest)
        memory.release()
        at += length + checksum


def _snappy(data: bytes, buffer: Buffer) -> int:
    """Decompress snappy as Java frames it (xerial), or one bare block as other clients write it."""
    if not data.startswith(XERIAL):
        return _snappy_block(data, buffer, 0)
    written, at = 0, len(XERIAL) + 8
    while at + 4 <= len(data):
        (length,) = struct.unpack_from(">i", data, at)
        if length < 0:
            raise struct.error("cut off inside a block")
        written += _snappy_block(data[at + 4 : at + 4 + length], buffer, written)
        at += 4 + length
    return written


def _snappy_block(data: bytes, buffer: Buffer, written: int) -> int:
    import cramjam

    snappy: Any = cramjam.snappy
    size = int(snappy.decompress_raw_len(data))
    if written + size > buffer.most:
        raise _TooLarge
    if not size:
        return 0
    memory = memoryview(buffer.room(written + size))
    return int(snappy.decompress_raw_into(data, memory[written : written + size]))
