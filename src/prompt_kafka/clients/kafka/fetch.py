"""Reading and writing record batches at the partitions' leaders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.batches import Batch, Record, parse
from prompt_kafka.clients.kafka.describe import check
from prompt_kafka.clients.kafka.errors import LeaderMovedError, OffsetOutOfRangeError
from prompt_kafka.clients.kafka.offsets import COMMITTED, EARLIEST, LATEST, TRIES, UNCOMMITTED, look_up
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

OUT_OF_RANGE = 1
MOVED = frozenset({3, 5, 6, 9, 74, 76})  # unknown, no leader, not leader, no replica, fenced or unknown epoch
RESPONSE_LIMIT = 50 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch of one partition returned.

    Parameters
    ----------
    asked
        Offset that was asked for.
    start, end, stable
        First offset of the partition, the one after its last, and where a reader of committed data stops.
    batches
        Whole batches; the first may begin before `asked`.
    aborted
        ``(producer id, first offset)`` of aborted transactions in the range; only with ``committed``.
    """

    topic: str
    partition: int
    asked: int
    start: int
    end: int
    stable: int
    batches: tuple[Batch, ...]
    aborted: tuple[tuple[int, int], ...] = ()

    @property
    def next_offset(self) -> int:
        """Offset to ask for next."""
        return max((batch.last_offset + 1 for batch in self.batches), default=self.asked)

    def readable(self) -> Iterator[Batch]:
        """Give the batches that hold records, without those of aborted transactions."""
        waiting = sorted(self.aborted, key=lambda entry: entry[1])
        aborting: set[int] = set()
        for batch in self.batches:
            while waiting and waiting[0][1] <= batch.last_offset:
                aborting.add(waiting.pop(0)[0])
            if batch.control:
                if batch.abort_marker:
                    aborting.discard(batch.producer_id)
            elif not (batch.transactional and batch.producer_id in aborting):
                yield batch

    def records(self) -> Iterator[Record]:
        """Give the records from `asked` on, without those of aborted transactions."""
        for batch in self.readable():
            for record in batch.records():
                if record.offset >= self.asked:
                    yield record


def fetch(
    connection: KafkaConnection,
    positions: Mapping[tuple[str, int], int],
    *,
    max_bytes: int,
    committed: bool,
    wait: float,
) -> dict[tuple[str, int], Fetched]:
    """Fetch each partition from its leader, all leaders at once; see `KafkaConnection.fetch_each`."""
    found: dict[tuple[str, int], Fetched] = {}
    for attempt in range(TRIES):
        missing = {where: offset for where, offset in positions.items() if where not in found}
        if not missing:
            break
        if attempt:
            connection.clock.sleep(0.3 * attempt)
        by_leader: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)
        for (topic, partition), offset in missing.items():
            by_leader[connection.leader(topic, partition, refresh=attempt > 0)][topic, partition] = offset
        requests = [
            (fetch_request(places, max_bytes, committed, wait), leader)
            for leader, places in by_leader.items()
        ]
        for response in connection.ask_each(requests):
            if isinstance(response, UnreachableError) and attempt < TRIES - 1:
                continue
            if isinstance(response, BaseException):
                raise response
            check(response.error_code, connection.where)
            for topic in response.responses:
                for partition in topic.partitions:
                    if partition.error_code in MOVED and attempt < TRIES - 1:
                        continue
                    place = (topic.topic, partition.partition_index)
                    found[place] = _fetched(connection, place, missing[place], partition)
    return found


def fetch_from_each(
    connection: KafkaConnection,
    topic: str,
    positions: Mapping[int, Mapping[int, tuple[int, int]]],
    *,
    committed: bool,
    wait: float = 0.0,
) -> dict[int, Fetched | PromptKafkaError]:
    """Fetch partitions of one topic from several brokers at once, once; what failed is a value.

    Parameters
    ----------
    positions
        By leader and partition: offset to start at, and limit in bytes.
    """
    requests: list[tuple[Any, int | None]] = []
    for leader, wanted in positions.items():
        offsets = {(topic, partition): offset for partition, (offset, _) in wanted.items()}
        limits = {(topic, partition): limit for partition, (_, limit) in wanted.items()}
        requests.append((fetch_request(offsets, limits, committed, wait), leader))
    found: dict[int, Fetched | PromptKafkaError] = {}
    for (leader, wanted), response in zip(positions.items(), connection.ask_each(requests), strict=True):
        try:
            if isinstance(response, BaseException):
                raise response
            check(response.error_code, connection.where)
        except PromptKafkaError as error:
            found.update(dict.fromkeys(wanted, error))
            continue
        for each in (partition for answer in response.responses for partition in answer.partitions):
            asked = wanted[each.partition_index][0]
            try:
                found[each.partition_index] = _one(
                    connection, leader, (topic, each.partition_index), asked, each
                )
            except PromptKafkaError as error:
                found[each.partition_index] = error
    return found


def _one(
    connection: KafkaConnection, leader: int, place: tuple[str, int], asked: int, answer: Any
) -> Fetched:
    where = f"{place[0]}-{place[1]} at {connection.where}"
    if answer.error_code == OUT_OF_RANGE:
        raise OffsetOutOfRangeError(f"offset {asked} is not there", where=where)
    if answer.error_code in MOVED:
        raise LeaderMovedError(f"broker {leader} does not lead it any more", where=where)
    return _fetched(connection, place, asked, answer)


def fetch_request(
    positions: Mapping[tuple[str, int], int],
    max_bytes: int | Mapping[tuple[str, int], int],
    committed: bool,
    wait: float,
) -> Any:
    """Return the request for batches from `positions` on; `max_bytes` for each partition, or for all."""
    from kafka.protocol.consumer import FetchRequest

    topic_type = FetchRequest.FetchTopic
    by_topic: dict[str, list[Any]] = defaultdict(list)
    for (topic, partition), offset in positions.items():
        by_topic[topic].append(
            topic_type.FetchPartition(
                partition=partition,
                current_leader_epoch=-1,
                fetch_offset=offset,
                last_fetched_epoch=-1,
                log_start_offset=-1,
                partition_max_bytes=max_bytes if isinstance(max_bytes, int) else max_bytes[topic, partition],
            )
        )
    return FetchRequest(
        replica_id=-1,
        max_wait_ms=int(wait * 1000),
        min_bytes=1 if wait > 0 else 0,
        max_bytes=RESPONSE_LIMIT,
        isolation_level=COMMITTED if committed else UNCOMMITTED,
        session_id=0,
        session_epoch=-1,
        topics=[topic_type(topic=name, partitions=partitions) for name, partitions in by_topic.items()],
        forgotten_topics_data=[],
        rack_id="",
        min_version=4,
        max_version=12,
    )


def _fetched(connection: KafkaConnection, place: tuple[str, int], asked: int, partition: Any) -> Fetched:
    topic, index = place
    if partition.error_code == OUT_OF_RANGE:
        start = look_up(connection, {place: EARLIEST}, UNCOMMITTED)[place]
        end = look_up(connection, {place: LATEST}, UNCOMMITTED)[place]
        valid = f"valid are {start} to {end - 1}" if end > start else f"it is empty, the next offset is {end}"
        raise OffsetOutOfRangeError(
            f"offset {asked} is not in partition {topic}-{index}: {valid}", where=connection.where
        )
    check(partition.error_code, f"{topic}-{index} at {connection.where}")
    return Fetched(
        topic=topic,
        partition=index,
        asked=asked,
        start=partition.log_start_offset,
        end=partition.high_watermark,
        stable=partition.last_stable_offset,
        batches=parse(topic, index, partition.records or b""),
        aborted=tuple(
            (entry.producer_id, entry.first_offset) for entry in partition.aborted_transactions or ()
        ),
    )
