"""How full the brokers' volumes are, and how fast they fill.

Brokers tell the size of every replica, and since Kafka 3.3 the size of the volume. How fast a log grows no
broker tells; its size and the age of its oldest record do: see :func:`prompt_kafka.core.upkeep.forecast`. The
age is read for the biggest logs only, which hold nearly all bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prompt_kafka.clients.kafka.disks import disk_of
from prompt_kafka.clients.kafka.offsets import EARLIEST, UNCOMMITTED, look_up
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.upkeep import Disk, Volume, forecast

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

Place = tuple[str, int]
WORTH_BYTES = 1 << 20
"""A smaller log is not worth a question."""
MOST = 12
"""Of how many logs the age is read."""
FIRST_BYTES = 1024


def volumes(connection: KafkaConnection, topics: Sequence[TopicState]) -> tuple[Volume, ...]:
    """Return the volume of each broker that serves.

    Raises
    ------
    UnreachableError
        No broker answers.
    """
    from kafka.protocol.admin import DescribeLogDirsRequest

    ids = [broker.id for broker in connection.brokers() if not broker.fenced]
    answers = connection.ask_each([(DescribeLogDirsRequest(topics=None), node) for node in ids])
    disks = {
        node: disk_of(answer)
        for node, answer in zip(ids, answers, strict=True)
        if not isinstance(answer, BaseException)
    }
    if not disks:
        raise UnreachableError("no broker tells how full its volume is", where=connection.where)
    return forecast(disks, ages(connection, disks, topics), topics)


def biggest(disks: Mapping[int, Disk]) -> list[Place]:
    """Return the biggest logs, which hold nearly all bytes."""
    sizes: dict[Place, int] = {}
    for disk in disks.values():
        for place, size in disk.sizes.items():
            if size >= WORTH_BYTES:
                sizes[place] = max(size, sizes.get(place, 0))
    return sorted(sizes, key=lambda place: -sizes[place])[:MOST]


def ages(
    connection: KafkaConnection, disks: Mapping[int, Disk], topics: Sequence[TopicState]
) -> dict[Place, float]:
    """Return the age in seconds of the oldest record of the biggest logs, where it can be read."""
    led = {(t.name, p.index) for t in topics for p in t.partitions if not p.without_leader}
    asked = [place for place in biggest(disks) if place in led]
    if not asked:
        return {}
    try:
        starts = look_up(connection, dict.fromkeys(asked, EARLIEST), UNCOMMITTED)
        fetched = connection.fetch_each(starts, max_bytes=FIRST_BYTES, committed=False)
    except PromptKafkaError:
        return {}
    now_ms = connection.clock.now().timestamp() * 1000
    firsts = {place: next(iter(answer.records()), None) for place, answer in fetched.items()}
    return {
        place: (now_ms - record.time_ms) / 1000
        for place, record in firsts.items()
        if record is not None and 0 < record.time_ms < now_ms
    }
