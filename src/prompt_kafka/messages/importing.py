"""Writing a container's records into a topic, as they were: for a rehearsal in a lab.

Partitions, times, keys, values and headers are kept, offsets begin anew. A topic must be empty or hold the
beginning of the same import: then it is gone on with, so a second import of the same file writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.clients.kafka import KafkaConnection, KafkaError, Record
from prompt_kafka.clients.kafka.reach import Reach, reach
from prompt_kafka.clients.kafka.write import write
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UnreachableError, UsageError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.messages import container
from prompt_kafka.messages.container import Contents

BATCH_BYTES = 512 << 10
BATCH_RECORDS = 2000
OVERHEAD = 100
"""Bytes that a record takes at most beyond its key, value and headers."""
TRIES = 5
WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be written.

    Parameters
    ----------
    there
        Records by partition that are in the topic already, the same as the container's first.
    notes
        What somebody should know before.
    """

    path: Path
    topic: str
    contents: Contents
    there: dict[int, int]
    batch_bytes: int = BATCH_BYTES
    notes: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """Records to write."""
        return self.contents.records - sum(self.there.values())


def plan(connection: KafkaConnection, path: Path, topic: str, contents: Contents) -> Import:
    """Compare a container with a topic; writes nothing.

    Parameters
    ----------
    contents
        Of `container.verify`.

    Raises
    ------
    RefusedError
        The topic cannot take the records as they are, or holds others.
    """
    if not contents.ordered:
        raise UsageError(
            "the records are not in the order of their offsets", where=str(path), next="export oldest first"
        )
    (state,) = connection.topics([topic])
    _fits(state, contents)
    reached = reach(connection, topic)
    if reached.unseen:
        partition, why = next(iter(reached.unseen.items()))
        raise UnreachableError(f"partition {topic}-{partition} cannot be read: {why}", where=connection.where)
    for partition, each in reached.found.items():
        if each.end - each.start > contents.partitions.get(partition, 0):
            raise _not_empty(topic, partition)
    there = {p: each.end - each.start for p, each in reached.found.items() if each.end > each.start}
    _same(connection, path, topic, {p: reached.found[p] for p in there})
    largest = int(state.settings.get("max.message.bytes", BATCH_BYTES * 2))
    return Import(
        path, topic, contents, there, min(BATCH_BYTES, largest // 2), _notes(connection, state, contents)
    )


def run(connection: KafkaConnection, todo: Import, tell: Callable[[int], None] | None = None) -> int:
    """Write what is left, and return how many records that were.

    Parameters
    ----------
    tell
        Gets the number of records written so far.

    Raises
    ------
    PromptKafkaError
        The brokers refused some, or went away; what is written stays, and the same import goes on there.
    """
    skip = dict(todo.there)
    waiting: dict[int, list[Record]] = defaultdict(list)
    size: dict[int, int] = defaultdict(int)
    written = 0

    def flush(partition: int) -> None:
        nonlocal written
        write(connection, todo.topic, partition, waiting[partition])
        written += len(waiting[partition])
        waiting[partition], size[partition] = [], 0
        if tell:
            tell(written)

    try:
        for record in container.records(todo.path):
            partition = record.partition
            if skip.get(partition, 0):
                skip[partition] -= 1
                continue
            more = _size(record)
            full = size[partition] + more > todo.batch_bytes or len(waiting[partition]) >= BATCH_RECORDS
            if waiting[partition] and full:
                flush(partition)
            waiting[partition].append(record)
            size[partition] += more
        for partition in [p for p, records in waiting.items() if records]:
            flush(partition)
    except PromptKafkaError as error:
        error.next = f"{written} records are written; the same command goes on after them"
        raise
    return written


def _size(record: Record) -> int:
    headers = sum(len(name) + len(value or b"") + 20 for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + OVERHEAD


def _fits(state: TopicState, contents: Contents) -> None:
    """Refuse a topic that cannot hold the records as they are."""
    needed, has = max(contents.partitions, default=0) + 1, len(state.partitions)
    if has < needed:
        raise RefusedError(
            "too-few-partitions",
            f"the records are in partitions up to {needed - 1}, and topic {state.name} has {has}",
            next=f"prompt-kafka topic alter {state.name} --partitions {needed}",
        )
    if state.settings.get("message.timestamp.type") == "LogAppendTime":
        raise RefusedError(
            "times-not-kept",
            f"topic {state.name} gives records the time at which they are written",
            next=f"prompt-kafka topic alter {state.name} --set message.timestamp.type=CreateTime",
        )
    most = int(state.settings.get("max.message.bytes", 0))
    if most and contents.largest + OVERHEAD > most:
        raise RefusedError(
            "records-too-large",
            f"a record has {contents.largest} bytes, and topic {state.name} takes {most}",
            next=f"prompt-kafka topic alter {state.name} --set max.message.bytes={contents.largest + 1000}",
        )


def _notes(connection: KafkaConnection, state: TopicState, contents: Contents) -> tuple[str, ...]:
    notes = []
    policy = state.settings.get("cleanup.policy", "delete")
    kept = int(state.settings.get("retention.ms", "-1"))
    oldest = contents.oldest_ms
    if "delete" in policy and kept >= 0 and oldest is not None:
        now = connection.clock.now().timestamp() * 1000
        if now - oldest > kept:
            days = kept / 86_400_000
            notes.append(f"the topic keeps records for {days:g} days: older ones will be deleted soon")
    if "compact" in policy:
        notes.append("the topic is compacted: of records with the same key only the last will stay")
    if contents.end.get("not_read") or contents.end.get("not_seen"):
        notes.append("the export says that it could not read everything that was asked for")
    return tuple(notes)


# -- what is there already --------------------------------------------------------------------------------


def _same(connection: KafkaConnection, path: Path, topic: str, places: dict[int, Reach]) -> None:
    """Refuse a topic that holds something else than the beginning of the container."""
    if not places:
        return
    theirs = {p: _stored(connection, topic, each) for p, each in places.items()}
    for record in container.records(path):
        own = theirs.get(record.partition)
        found = next(own, None) if own is not None else None
        if own is None or found is None:
            theirs.pop(record.partition, None)
            if not theirs:
                return
        elif found[3:7] != record[3:7]:  # time, key, value, headers
            raise _not_empty(topic, record.partition)


def _stored(connection: KafkaConnection, topic: str, place: Reach) -> Iterator[Record]:
    """Give the records of a partition as they are stored."""
    at, empty = place.start, 0
    while at < place.end:
        answer = connection.fetch(topic, place.partition, at, committed=False, wait=empty * WAIT_S)
        yield from (record for record in answer.records() if record.offset < place.end)
        empty = empty + 1 if answer.next_offset <= at else 0
        if empty > TRIES:
            raise KafkaError(f"the broker gives nothing at offset {at}", where=f"{topic}-{place.partition}")
        at = answer.next_offset


def _not_empty(topic: str, partition: int) -> RefusedError:
    return RefusedError(
        "topic-not-empty",
        f"partition {partition} of topic {topic} holds other records than this file's first",
        next="import into a new topic: prompt-kafka topic create",
    )
