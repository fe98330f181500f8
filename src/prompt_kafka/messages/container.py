"""A file of records, byte for byte: what ``messages --export FILE.pkr`` writes and ``messages import`` reads.

The format is described in docs/messages.md. It is written block by block and read block by block, so memory
does not grow with it; each block has a checksum, the last one those of all before it. A file without that
last block is one that was not finished, and nothing of it is used.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import UsageError

MAGIC = b"PKREC\x01\r\n"
HEADER, RECORDS, END = b"H", b"R", b"E"
BLOCK = struct.Struct(">cII")  # kind, length of the payload, CRC-32 of kind and payload
SIZES = struct.Struct(">II")  # records in a block, their bytes when decompressed
RECORD = struct.Struct(">iqqB")  # partition, offset, time, flags
TRANSACTIONAL = 1
NONE = -1
BLOCK_BYTES = 1 << 20
LARGEST = 1 << 30
LENGTH = struct.Struct(">i")


@dataclass(frozen=True, slots=True)
class About:
    """Where the records of a container come from; all of it is for people, except the topic.

    Parameters
    ----------
    asked
        In words: the filters.
    written
        When, by the clock here, and by which version.
    """

    topic: str
    topic_id: str = ""
    cluster_id: str = ""
    environment: str = ""
    asked: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container holds, verified.

    Parameters
    ----------
    sha256
        Of everything before the last block: two containers with the same one hold the same records.
    partitions
        Records by partition.
    ordered
        The offsets of each partition only rise.
    end
        What the writer said at its end: what was read and what was not.
    """

    about: About
    records: int
    sha256: str
    partitions: dict[int, int] = field(default_factory=dict)
    oldest_ms: int | None = None
    largest: int = 0
    ordered: bool = True
    end: dict[str, Any] = field(default_factory=dict)


class Out(Protocol):
    """Where bytes are written."""

    def write(self, data: bytes) -> int:
        """Write all of them."""


class Writer:
    """Writes a container to a stream."""

    def __init__(self, out: Out, about: About) -> None:
        self._out, self._digest = out, hashlib.sha256()
        self._block = bytearray()
        self._count = self.records = 0
        self._raw(MAGIC)
        self._write(HEADER, json.dumps(asdict(about)).encode())

    def write(self, record: Record) -> None:
        """Add a record."""
        self._block += encoded(record)
        self._count += 1
        if len(self._block) >= BLOCK_BYTES:
            self._flush()

    def close(self, **end: Any) -> str:
        """Write the last block, with what is to be said at the end; return the checksum of all before it."""
        self._flush()
        digest = self._digest.hexdigest()
        self._write(END, json.dumps({"records": self.records, "sha256": digest, **end}).encode())
        return digest

    def _flush(self) -> None:
        if self._count:
            import cramjam

            packed = bytes(cramjam.zstd.compress(bytes(self._block), 3))
            self._write(RECORDS, SIZES.pack(self._count, len(self._block)) + packed)
            self.records += self._count
            self._block, self._count = bytearray(), 0

    def _write(self, kind: bytes, payload: bytes) -> None:
        self._raw(BLOCK.pack(kind, len(payload), zlib.crc32(kind + payload)) + payload)

    def _raw(self, data: bytes) -> None:
        self._digest.update(data)
        self._out.write(data)


def verify(path: Path) -> Contents:
    """Read a container to its end and return what it holds.

    Raises
    ------
    UsageError
        It is none, is damaged, or was not finished.
    """
    partitions: Counter[int] = Counter()
    records = largest = 0
    oldest: int | None = None
    last: dict[int, int] = {}
    ordered = True
    with _opened(path) as file:
        digest = hashlib.sha256()
        about, end = None, None
        for at, kind, payload, before in _blocks(file, path, digest):
            if end is not None:
                raise _damaged(path, at, "something follows its end")
            if kind == HEADER and about is None:
                about = _about(path, at, payload)
            elif kind == RECORDS and about is not None:
                for record in _records(payload, about.topic, path, at):
                    partitions[record.partition] += 1
                    records += 1
                    ordered = ordered and last.get(record.partition, -1) < record.offset
                    last[record.partition] = record.offset
                    largest = max(largest, len(record.key or b"") + len(record.value or b""))
                    if record.time_ms >= 0 and (oldest is None or record.time_ms < oldest):
                        oldest = record.time_ms
            elif kind == END and about is not None:
                end = _json(path, at, payload)
                if end.get("sha256") != before or end.get("records") != records:
                    raise _damaged(path, at, "its checksum does not fit")
            else:
                raise _damaged(path, at, "a block is where it cannot be")
    if about is None or end is None:
        raise UsageError("this file was not written to its end", where=str(path), next="export again")
    return Contents(
        about, records, end["sha256"], dict(sorted(partitions.items())), oldest, largest, ordered, end
    )


def records(path: Path) -> Iterator[Record]:
    """Give the records of a container in the order in which they were written; see `verify` first."""
    with _opened(path) as file:
        about = None
        for at, kind, payload, _ in _blocks(file, path, hashlib.sha256()):
            if kind == HEADER:
                about = _about(path, at, payload)
            elif kind == RECORDS and about is not None:
                yield from _records(payload, about.topic, path, at)


# -- records ----------------------------------------------------------------------------------------------


def encoded(record: Record) -> bytes:
    """Return a record's bytes."""
    parts = [
        RECORD.pack(
            record.partition, record.offset, record.time_ms, TRANSACTIONAL if record.transactional else 0
        ),
        _field(record.key),
        _field(record.value),
        LENGTH.pack(len(record.headers)),
    ]
    for name, value in record.headers:
        parts += (_field(name.encode("utf-8")), _field(value))
    return b"".join(parts)


def _field(data: bytes | None) -> bytes:
    return LENGTH.pack(NONE) if data is None else LENGTH.pack(len(data)) + data


def _records(payload: bytes, topic: str, path: Path, at: int) -> Iterator[Record]:
    import cramjam

    try:
        count, size = SIZES.unpack_from(payload)
        if size > LARGEST:
            raise ValueError("a block is too large")
        data = bytearray(size)
        if cramjam.zstd.decompress_into(payload[SIZES.size :], data) != size:
            raise ValueError("a block is too small")
        place = 0
        for _ in range(count):
            record, place = _record(memoryview(data), place, topic)
            yield record
        if place != size:
            raise ValueError("a block has too many bytes")
    except (struct.error, ValueError, cramjam.DecompressionError) as error:
        raise _damaged(path, at, str(error)) from error


def _record(data: memoryview, at: int, topic: str) -> tuple[Record, int]:
    partition, offset, time_ms, flags = RECORD.unpack_from(data, at)
    key, at = _bytes(data, at + RECORD.size)
    value, at = _bytes(data, at)
    (count,) = LENGTH.unpack_from(data, at)
    at += LENGTH.size
    headers: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        name, at = _bytes(data, at)
        content, at = _bytes(data, at)
        headers.append(((name or b"").decode("utf-8"), content))
    found = Record(topic, partition, offset, time_ms, key, value, tuple(headers), bool(flags & TRANSACTIONAL))
    return found, at


def _bytes(data: memoryview, at: int) -> tuple[bytes | None, int]:
    (length,) = LENGTH.unpack_from(data, at)
    at += LENGTH.size
    if length == NONE:
        return None, at
    if length < 0 or at + length > len(data):
        raise ValueError("a field is longer than its block")
    return bytes(data[at : at + length]), at + length


# -- blocks -----------------------------------------------------------------------------------------------


def _blocks(file: IO[bytes], path: Path, digest: Any) -> Iterator[tuple[int, bytes, bytes, str]]:
    """Give place, kind and payload of each block, and the checksum of what is before it."""
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise UsageError("this is no file of exported records", where=str(path), next="export to FILE.pkr")
    digest.update(magic)
    at = len(magic)
    while head := file.read(BLOCK.size):
        kind, length, checksum = BLOCK.unpack(head.ljust(BLOCK.size, b"\0"))
        if length > LARGEST:
            raise _damaged(path, at, "a block is too large")
        payload = file.read(length)
        if len(head) < BLOCK.size or len(payload) < length:
            raise _damaged(path, at, "it ends within a block")
        if zlib.crc32(kind + payload) != checksum:
            raise _damaged(path, at, "a block's checksum does not fit")
        yield at, kind, payload, digest.hexdigest()
        digest.update(head + payload)
        at += len(head) + length


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read it: {error.strerror}", where=str(path)) from error


def _json(path: Path, at: int, payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _damaged(path, at, "a block is not what it should be")
    return found


def _about(path: Path, at: int, payload: bytes) -> About:
    found = _json(path, at, payload)
    known = {name: str(found[name]) for name in About.__dataclass_fields__ if name in found}
    if "topic" not in known:
        raise _damaged(path, at, "it does not say which topic it is from")
    return About(**known)


def _damaged(path: Path, at: int, why: str) -> UsageError:
    return UsageError(f"the file is damaged at byte {at}: {why}", where=str(path), next="export again")
