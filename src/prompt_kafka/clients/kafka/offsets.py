"""First, last and stable offsets of partitions, and offsets by time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.describe import check, leaders
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.kafka import Offsets

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

EARLIEST, LATEST = -2, -1
UNCOMMITTED, COMMITTED = 0, 1
TRIES = 3


def of_topics(connection: KafkaConnection, topics: Sequence[str]) -> tuple[Offsets, ...]:
    """Return the offsets of every partition of `topics` that has a leader."""
    partitions = _led(connection, topics)
    starts = look_up(connection, {where: EARLIEST for where in partitions}, UNCOMMITTED)
    ends = look_up(connection, {where: LATEST for where in partitions}, UNCOMMITTED)
    stable = look_up(connection, {where: LATEST for where in partitions}, COMMITTED)
    return tuple(
        Offsets(topic, partition, starts[topic, partition], ends[topic, partition], stable[topic, partition])
        for topic, partition in sorted(partitions)
    )


def at_time(connection: KafkaConnection, topic: str, time_ms: int) -> dict[int, int | None]:
    """Return per partition the first offset with a time not before `time_ms`."""
    found = look_up(connection, {where: time_ms for where in _led(connection, [topic])}, COMMITTED)
    return {partition: offset if offset >= 0 else None for (_, partition), offset in sorted(found.items())}


def _led(connection: KafkaConnection, topics: Sequence[str]) -> list[tuple[str, int]]:
    return [(topic, partition) for topic in topics for partition in leaders(connection, topic)]


def look_up(
    connection: KafkaConnection, wanted: dict[tuple[str, int], int], isolation: int
) -> dict[tuple[str, int], int]:
    """Return the offset for each partition's time (or `EARLIEST`, `LATEST`), asking the leaders.

    A leader that has just moved is looked up again.
    """
    found: dict[tuple[str, int], int] = {}
    for attempt in range(TRIES):
        missing = {where: time for where, time in wanted.items() if where not in found}
        if not missing:
            break
        if attempt:
            connection.clock.sleep(0.3 * attempt)
        by_leader: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for topic, partition in missing:
            by_leader[connection.leader(topic, partition, refresh=attempt > 0)].append((topic, partition))
        requests = [
            (request({where: missing[where] for where in places}, isolation), leader)
            for leader, places in by_leader.items()
        ]
        for response in connection.ask_each(requests):
            if isinstance(response, UnreachableError) and attempt < TRIES - 1:
                continue
            if isinstance(response, BaseException):
                raise response
            found.update(_read(response, connection.where, last=attempt == TRIES - 1))
    return found


def request(wanted: dict[tuple[str, int], int], isolation: int) -> Any:
    """Return the question for the offset at each partition's time (or `EARLIEST`, `LATEST`)."""
    from kafka.protocol.consumer import ListOffsetsRequest

    topic_type = ListOffsetsRequest.ListOffsetsTopic
    by_topic: dict[str, list[Any]] = defaultdict(list)
    for (topic, partition), time in wanted.items():
        by_topic[topic].append(
            topic_type.ListOffsetsPartition(
                partition_index=partition, current_leader_epoch=-1, timestamp=time
            )
        )
    return ListOffsetsRequest(
        replica_id=-1,
        isolation_level=isolation,
        topics=[topic_type(name=name, partitions=partitions) for name, partitions in by_topic.items()],
        min_version=2,
        max_version=9,
    )


def _read(response: Any, where: str, *, last: bool) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for topic in response.topics:
        for partition in topic.partitions:
            try:
                check(partition.error_code, f"{topic.name}-{partition.partition_index} at {where}")
            except PromptKafkaError:
                if last:
                    raise
                continue
            found[topic.name, partition.partition_index] = partition.offset
    return found
