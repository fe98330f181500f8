"""Links to one record that stay right: by cluster, topic id, partition and offset.

A topic that was deleted and made again has another id, and offsets go away by retention and compaction. What
a link means is the record that was there when it was made; its neighbour is never shown in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from prompt_kafka.clients.kafka import Fetched, KafkaConnection, KafkaError, OffsetOutOfRangeError, Record
from prompt_kafka.clients.kafka.errors import UnknownTopicError
from prompt_kafka.clients.kafka.reach import Reach, reach
from prompt_kafka.core.errors import UnreachableError, UsageError

SCHEME = "prompt-kafka"
TRIES = 4
WAIT_S = 0.5

_LINK = re.compile(
    rf"{SCHEME}:(?P<cluster>[\w-]+)/(?P<topic>[\w.-]+)@(?P<id>[\w-]+)/(?P<partition>\d{{1,10}})/(?P<offset>\d{{1,19}})",
    re.ASCII,
)
_PLACE = re.compile(r"(?P<topic>[\w.-]+)[/:](?P<partition>\d{1,10})[/:](?P<offset>\d{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Permalink:
    """A record's address.

    Parameters
    ----------
    cluster_id, topic_id
        Empty when the link only says where in the topic of that name; such a link is not permanent.
    """

    topic: str
    partition: int
    offset: int
    cluster_id: str = ""
    topic_id: str = ""

    def __str__(self) -> str:
        if not self.cluster_id:
            return f"{self.topic}/{self.partition}/{self.offset}"
        return (
            f"{SCHEME}:{self.cluster_id}/{self.topic}@{self.topic_id or '0'}/{self.partition}/{self.offset}"
        )


class Answer(Enum):
    """What became of the record."""

    FOUND = "found"
    EXPIRED = "expired"
    COMPACTED = "compacted"
    MARKER = "transaction marker"
    ABORTED = "aborted transaction"
    OPEN = "open transaction"
    NOT_YET = "not yet written"
    NO_PARTITION = "no such partition"
    NO_TOPIC = "no such topic"
    CREATED_ANEW = "topic was re-created"
    ANOTHER_CLUSTER = "another cluster"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a link leads to now.

    Parameters
    ----------
    link
        The permanent one, where the record is there.
    text
        The answer in one sentence.
    """

    link: Permalink
    answer: Answer
    text: str
    record: Record | None = None


def parse(text: str) -> Permalink:
    """Understand a link, or ``TOPIC/PARTITION/OFFSET``.

    Raises
    ------
    UsageError
        It is neither.
    """
    found = _LINK.fullmatch(text.strip()) or _PLACE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"{text[:200]!r} is no link to a record",
            next=f"write {SCHEME}:CLUSTER/TOPIC@ID/PARTITION/OFFSET, or TOPIC/PARTITION/OFFSET",
        )
    parts = found.groupdict()
    return Permalink(
        parts["topic"],
        int(parts["partition"]),
        int(parts["offset"]),
        parts.get("cluster", ""),
        parts.get("id", ""),
    )


def look(connection: KafkaConnection, link: Permalink, *, committed: bool = True) -> Looked:
    """Return the record that a link leads to, or what became of it.

    Parameters
    ----------
    committed
        Do not show records of transactions that were aborted or are still open.

    Raises
    ------
    UnreachableError
        The partition cannot be asked.
    """
    cluster_id = connection.describe_cluster().id
    if link.cluster_id and link.cluster_id != cluster_id:
        text = f"this link leads to cluster {link.cluster_id}; asked was {cluster_id}"
        return Looked(link, Answer.ANOTHER_CLUSTER, text)
    try:
        reached = reach(connection, link.topic, [link.partition])
    except UnknownTopicError as error:
        return Looked(link, Answer.NO_TOPIC, error.what)
    if link.topic_id and link.topic_id != reached.topic_id:
        text = f"topic {link.topic} was deleted and created again since: its id is now {reached.topic_id}"
        return Looked(link, Answer.CREATED_ANEW, text)
    own = Permalink(link.topic, link.partition, link.offset, cluster_id, reached.topic_id)
    if link.partition not in reached.partitions:
        text = f"topic {link.topic} has {len(reached.partitions)} partitions"
        return Looked(own, Answer.NO_PARTITION, text)
    if link.partition in reached.unseen:
        raise UnreachableError(
            f"partition {link.topic}-{link.partition} cannot be read: {reached.unseen[link.partition]}",
            where=connection.where,
        )
    return _in(connection, own, reached.found[link.partition], committed)


def _in(connection: KafkaConnection, link: Permalink, reach: Reach, committed: bool) -> Looked:
    offset = link.offset
    if offset >= reach.end:
        text = f"the partition ends before offset {reach.end}"
        return Looked(link, Answer.NOT_YET, text)
    if offset < reach.start:
        return _expired(link, reach.start)
    if committed and offset >= reach.stable:
        text = f"a transaction that began at offset {reach.stable} is not over"
        return Looked(link, Answer.OPEN, text)
    try:
        answer = _fetch(connection, link, committed)
    except OffsetOutOfRangeError:  # deleted a moment ago
        return _expired(link, offset + 1)
    batch = next((b for b in answer.batches if b.base_offset <= offset <= b.last_offset), None)
    if batch is not None and batch.control:
        return Looked(link, Answer.MARKER, "the offset holds the end of a transaction, and no record")
    if batch is not None and batch.base_offset not in {b.base_offset for b in answer.readable()}:
        return Looked(link, Answer.ABORTED, "the record's transaction was aborted")
    record = next((r for r in batch.records() if r.offset == offset), None) if batch else None
    if record is None:
        return Looked(link, Answer.COMPACTED, "the record was removed by compaction")
    return Looked(link, Answer.FOUND, "", record)


def _expired(link: Permalink, start: int) -> Looked:
    text = f"the partition now begins at offset {start}: what was before was deleted"
    return Looked(link, Answer.EXPIRED, text)


def _fetch(connection: KafkaConnection, link: Permalink, committed: bool) -> Fetched:
    """Fetch the batch at an offset; a broker that just became the leader may first give nothing."""
    for attempt in range(TRIES):
        answer = connection.fetch(
            link.topic, link.partition, link.offset, max_bytes=1, committed=committed, wait=attempt * WAIT_S
        )
        if answer.batches:
            return answer
    raise KafkaError(
        f"the broker gives nothing at offset {link.offset}, but the partition goes on",
        where=f"{link.topic}-{link.partition} at {connection.where}",
    )
