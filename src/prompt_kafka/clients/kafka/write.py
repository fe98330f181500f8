"""Writing records as they were: partition, time, key, value and headers, absent ones too, in whole batches.

kafka-python's producer chooses times and partitions itself and knows no header without a value; a rehearsal
on other records than those of production would rehearse something else.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prompt_kafka.clients.kafka.batches import HEADER, PREFIX, Record
from prompt_kafka.clients.kafka.describe import check

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

MAGIC = 2
CHECKED_FROM = 21  # what the checksum covers begins with the attributes
ALL = -1  # acknowledged by all in-sync replicas
NOT_WRITTEN = frozenset({3, 5, 6})  # unknown, no leader, not leader
TRIES = 5


def write_one(
    connection: KafkaConnection,
    topic: str,
    partition: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
    acks: int,
) -> int:
    """Write one record with the present time and return its offset."""
    now = int(connection.clock.now().timestamp() * 1000)
    record = Record(topic, partition, 0, now, key, value, tuple(headers))
    return write(connection, topic, partition, [record], acks, fresh=True)


def write(
    connection: KafkaConnection,
    topic: str,
    partition: int,
    records: Sequence[Record],
    acks: int = ALL,
    *,
    fresh: bool = False,
) -> int:
    """Write records as one batch and return the first one's offset, once the brokers acknowledged it.

    Tried again only where a broker says that it did not write: after a lost answer the caller must look.

    Parameters
    ----------
    fresh
        Ask first who leads the partition now.

    Raises
    ------
    KafkaError
        The brokers refuse it: too large, times that they do not take, no right.
    """
    from kafka.protocol.producer import ProduceRequest

    topic_type = ProduceRequest.TopicProduceData
    data = topic_type.PartitionProduceData(index=partition, records=batch(records))
    request = ProduceRequest(
        transactional_id=None,
        acks=acks,
        timeout_ms=int(connection.timeout * 1000),
        topic_data=[topic_type(name=topic, partition_data=[data])],
        min_version=3,
        max_version=12,
    )
    for attempt in range(TRIES):
        leader = connection.leader(topic, partition, refresh=fresh or attempt > 0)
        response = connection.ask_once(request, leader)
        answer = response.responses[0].partition_responses[0]
        if answer.error_code not in NOT_WRITTEN or attempt == TRIES - 1:
            break
        connection.clock.sleep(0.1 * 2**attempt)
    check(answer.error_code, f"{topic}-{partition} at {connection.where}", answer.error_message)
    return int(answer.base_offset)


def batch(records: Sequence[Record]) -> bytes:
    """Return a batch of records, uncompressed; its offsets begin at 0."""
    base = records[0].time_ms
    body = bytearray()
    for index, record in enumerate(records):
        one = _record(record, index, base)
        body += _varint(len(one))
        body += one
    newest = max(record.time_ms for record in records)
    last = len(records) - 1
    length = HEADER.size - PREFIX + len(body)
    head = HEADER.pack(0, length, -1, MAGIC, 0, 0, last, base, newest, -1, -1, -1, len(records))
    checked = head[CHECKED_FROM:] + bytes(body)
    return head[: CHECKED_FROM - 4] + struct.pack(">I", crc32c(checked)) + checked


def _record(record: Record, index: int, base: int) -> bytes:
    found = bytearray(b"\x00")
    found += _varint(record.time_ms - base)
    found += _varint(index)
    found += _field(record.key)
    found += _field(record.value)
    found += _varint(len(record.headers))
    for name, value in record.headers:
        found += _field(name.encode("utf-8"))
        found += _field(value)
    return bytes(found)


def _field(data: bytes | None) -> bytes:
    return _varint(-1) if data is None else _varint(len(data)) + data


def _varint(number: int) -> bytes:
    value = (number << 1) if number >= 0 else ((-number) << 1) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def crc32c(data: bytes) -> int:
    """Return the checksum that batches have; quick where google-crc32c is installed, as it is with a lab."""
    try:
        import google_crc32c
    except ImportError:
        from kafka.record.util import calc_crc32c

        return int(calc_crc32c(data))
    return int(google_crc32c.value(data))
