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

from prompt_kafka.clients.kafka import layout
from prompt_kafka.clients.kafka.codecs import Buffer, decompress, decompress_into
from prompt_kafka.clients.kafka.errors import KafkaError

HEADER = struct.Struct(">qiibIhiqqqhii")
PREFIX = 12  # base offset and length, which the length does not count
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
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
    raw: bytes | memoryview = field(repr=False)

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
    def dense(self) -> bool:
        """Every offset of it has a record: nothing was compacted away."""
        return self.count == self.last_offset + 1 - self.base_offset

    @property
    def append_time(self) -> bool:
        """Times are those of the broker: all records have the same one."""
        return bool(self.attributes & APPEND_TIME)

    @property
    def abort_marker(self) -> bool:
        """Is a marker that aborts its producer's transaction."""
        if not self.control:
            return False
        key = record_at(self, bytes(self.raw)).key or b""
        return len(key) >= 4 and struct.unpack_from(">h", key, 2)[0] == 0

    @property
    def where(self) -> str:
        """Topic, partition and offset, for error messages."""
        return f"{self.topic}-{self.partition} offset {self.base_offset}"

    def payload(self) -> bytes:
        """Return the records' bytes, decompressed."""
        return decompress(self.codec, self.raw, self.where)

    def payload_in(self, buffer: Buffer) -> memoryview:
        """Return the records' bytes, decompressed into `buffer` if need be: valid until it is used again."""
        if not self.attributes & CODEC_MASK:
            return memoryview(self.raw)
        size = decompress_into(self.codec, self.raw, buffer, self.where)
        return memoryview(buffer.memory)[:size]

    def records(self) -> Iterator[Record]:
        """Give the records in the order of their offsets; none for a control batch."""
        return iter(()) if self.control else _records(self, self.payload(), self.count)

    def records_of(self, payload: bytes) -> Iterator[Record]:
        """Give the records of a payload that is decompressed already."""
        return iter(()) if self.control else _records(self, payload, self.count)


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
                raw=view[at + HEADER.size : end],
            )
        )
        at = end
    return tuple(found)


def record_ends(batch: Batch, payload: memoryview | bytes) -> Iterator[tuple[int, int]]:
    """Give where each record of a payload begins and ends, without reading it."""
    try:
        yield from layout.ends(payload, batch.count)
    except IndexError as error:
        raise _damaged(batch) from error


def value_spans(batch: Batch, payload: bytes) -> list[tuple[int, int, int, int]]:
    """Return, for each record, where it begins and ends, and where its value does: -1 if it has none."""
    try:
        return layout.value_spans(payload, batch.count)
    except IndexError as error:
        raise _damaged(batch) from error


def record_at(batch: Batch, data: bytes) -> Record:
    """Return the one record whose bytes `data` are."""
    for record in _records(batch, data, 1):
        return record
    raise _damaged(batch)


def _records(batch: Batch, data: bytes, count: int) -> Iterator[Record]:
    topic, partition, base, first = batch.topic, batch.partition, batch.base_offset, batch.first_time_ms
    append_time = batch.max_time_ms if batch.append_time else None
    transactional = batch.transactional
    try:
        for time_delta, offset_delta, key, value, headers in layout.fields(data, count):
            time_ms = first + time_delta if append_time is None else append_time
            yield Record(topic, partition, base + offset_delta, time_ms, key, value, headers, transactional)
    except (IndexError, UnicodeDecodeError) as error:
        raise _damaged(batch) from error


def _damaged(batch: Batch) -> KafkaError:
    return KafkaError("a record batch is damaged", where=batch.where)
