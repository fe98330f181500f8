"""An independent witness: reads the topic itself, in no group, with another client library."""

from __future__ import annotations

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.traffic.settings import RESULTS
from prompt_kafka.lab.traffic.visit import read_message

FETCH_BYTES = 4 << 20


def ends(connection: KafkaConnection) -> dict[int, int]:
    """Return the end of each partition, where a run begins."""
    return {offsets.partition: offsets.end for offsets in connection.offsets(RESULTS)}


def stored(connection: KafkaConnection, run: str, begin: dict[int, int]) -> set[int]:
    """Return the sequence numbers of `run` that the topic holds between `begin` and its end now.

    Records deleted meanwhile are not there: reading goes on at the partition's first offset.
    """
    found: set[int] = set()
    for offsets in connection.offsets(RESULTS):
        position = max(begin.get(offsets.partition, 0), offsets.start)
        while position < offsets.end:
            fetched = connection.fetch(
                RESULTS, offsets.partition, position, max_bytes=FETCH_BYTES, committed=False, wait=1.0
            )
            if fetched.next_offset <= position:
                raise PromptKafkaError(
                    f"the broker gives nothing at offset {position}, but the partition ends at {offsets.end}",
                    where=f"{RESULTS}-{offsets.partition}",
                )
            for record in fetched.records():
                sequence = read_message(record.value, run)
                if sequence is not None:
                    found.add(sequence)
            position = fetched.next_offset
    return found
