"""Record batches as brokers store them: header, payload, records.

Batches are kept raw until somebody wants their records, so that a search can look at the decompressed
payload first (a tenth of the time), and so that offsets without a record (compacted away, transaction
markers, aborted) can be told apart instead of called missing. The batch's checksum is not verified: the
broker did that, and TCP and TLS guard the way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from prompt_kafka.clients.kafka.errors import KafkaError

HEADER = struct.Struct(">qiibIhiqqqhii")
PREFIX = 12  # base offset and length, which the length does not count
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
XERIAL = b"\x82SNAPPY\x00"
CODEC_MASK, APPEND_TIME, TRANSACTIONAL, CONTROL = 0x07, 0x08, 0x10, 0x20


class Record(NamedTuple):
    """One record; times in milliseconds since the epoch (UTC)."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    transactional: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of records of one producer.

    Parameters
    ----------
    count
        Records in it; fewer than its offsets after compaction.
    control
        Holds a transaction marker and no record.
    """

    topic: str
    partition: int
    base_offset: int
    last_offset: int
    first_time_ms: int
    max_time_ms: int
    producer_id: int
    attributes: int
    count: int
    raw: bytes = field(repr=False)

    @property
    def codec(self) -> str:
        """``none``, ``gzip``, ``snappy``, ``lz4`` or ``zstd``."""
        number = self.attributes & CODEC_MASK
        return CODECS[number] if number < len(CODECS) else f"unknown codec {number}"

    @property
    def transactional(self) -> bool:
        """Written in a transaction."""
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def control(self) -> bool:
        """Holds a transaction marker, no record."""
        return bool(self.attributes & CONTROL)

    @property
    def abort_marker(self) -> bool:
        """Is a marker that aborts its producer's transaction."""
        if not self.control:
            return False
        key = next(_records(self, self.raw)).key or b""
        return len(key) >= 4 and struct.unpack_from(">h", key, 2)[0] == 0

    def payload(self) -> bytes:
        """Return the records' bytes, decompressed."""
        return decompress(self.codec, self.raw, f"{self.topic}-{self.partition} offset {self.base_offset}")

    def records(self) -> Iterator[Record]:
        """Give the records in the order of their offsets; none for a control batch."""
        return iter(()) if self.control else _records(self, self.payload())


def parse(topic: str, partition: int, data: bytes | memoryview) -> tuple[Batch, ...]:
    """Cut a fetch response's bytes into batches; an incomplete one at the end is left out."""
    view = memoryview(data)
    found: list[Batch] = []
    at = 0
    while at + PREFIX <= len(view):
        base, length = struct.unpack_from(">qi", view, at)
        end = at + PREFIX + length
        if length < HEADER.size - PREFIX:
            raise KafkaError("a record batch is damaged", where=f"{topic}-{partition} offset {base}")
        if end > len(view):
            break
        if view[at + 16] != 2:
            raise KafkaError(
                f"records of format {view[at + 16]} (written before Kafka 0.11) are not read",
                where=f"{topic}-{partition} offset {base}",
            )
        fields = HEADER.unpack_from(view, at)
        found.append(
            Batch(
                topic=topic,
                partition=partition,
                base_offset=base,
                last_offset=base + fields[6],
                first_time_ms=fields[7],
                max_time_ms=fields[8],
                producer_id=fields[9],
                attributes=fields[5],
                count=fields[12],
                raw=bytes(view[at + HEADER.size : end]),
            )
        )
        at = end
    return tuple(found)


def decompress(codec: str, data: bytes, where: str = "") -> bytes:
    """Decompress a payload.

    Raises
    ------
    KafkaError
        If the codec is not known or the data is damaged.
    """
    if codec == "none":
        return data
    import cramjam

    try:
        if codec == "gzip":
            return bytes(cramjam.gzip.decompress(data))
        if codec == "lz4":
            return bytes(cramjam.lz4.decompress(data))
        if codec == "zstd":
            return bytes(cramjam.zstd.decompress(data))
        if codec == "snappy":
            return _snappy(data)
    except cramjam.DecompressionError as error:
        raise KafkaError(f"a {codec} batch does not decompress: {error}", where=where) from error
    raise KafkaError(f"batch with {codec}", where=where)


def _snappy(data: bytes) -> bytes:
    """Decompress snappy as Java frames it (xerial), or one bare block as other clients write it."""
    import cramjam

    if not data.startswith(XERIAL):
        return bytes(cramjam.snappy.decompress_raw(data))
    parts: list[bytes] = []
    at = len(XERIAL) + 8
    while at + 4 <= len(data):
        (length,) = struct.unpack_from(">i", data, at)
        parts.append(bytes(cramjam.snappy.decompress_raw(data[at + 4 : at + 4 + length])))
        at += 4 + length
    return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _records(batch: Batch, data: bytes) -> Iterator[Record]:
    try:
        yield from _decode(batch, data)
    except (IndexError, UnicodeDecodeError) as error:
        raise KafkaError(
            "a record batch is damaged", where=f"{batch.topic}-{batch.partition} offset {batch.base_offset}"
        ) from error


def _decode(batch: Batch, data: bytes) -> Iterator[Record]:
    append_time = batch.attributes & APPEND_TIME
    transactional = batch.transactional
    at = 0
    for _ in range(batch.count):
        length, at = _varint(data, at)
        end = at + length
        at += 1  # attributes of a record: unused
        time_delta, at = _varint(data, at)
        offset_delta, at = _varint(data, at)
        key, at = _bytes(data, at)
        value, at = _bytes(data, at)
        count, at = _varint(data, at)
        headers: list[tuple[str, bytes | None]] = []
        for _ in range(count):
            name, at = _bytes(data, at)
            content, at = _bytes(data, at)
            headers.append(((name or b"").decode(), content))
        if at != end:
            raise IndexError("record length")
        yield Record(
            batch.topic,
            batch.partition,
            batch.base_offset + offset_delta,
            batch.max_time_ms if append_time else batch.first_time_ms + time_delta,
            key,
            value,
            tuple(headers),
            transactional,
        )


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(data, at)
    if length < 0:
        return None, at
    if at + length > len(data):
        raise IndexError("field length")
    return data[at : at + length], at + length
