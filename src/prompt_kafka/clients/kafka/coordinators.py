"""Which broker coordinates a group, computed as the brokers do.

To ask for it (FindCoordinator) would create `__consumer_offsets` where it is not there yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_kafka.clients.kafka.describe import metadata
from prompt_kafka.core.errors import PromptKafkaError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.survey import Survey

OFFSETS = "__consumer_offsets"


def coordinator_of(survey: Survey, group: str) -> int | None:
    """Return the leader of the group's partition of the offsets topic; None where that is not known."""
    try:
        (topic,) = metadata(survey.connection, [OFFSETS], rights=False)
    except PromptKafkaError:
        return None
    partitions = {each.partition_index: each for each in topic.partitions}
    if not partitions:
        return None
    found = partitions.get(_hash(group) % len(partitions))
    if found is None:
        return None
    if found.leader_id >= 0:
        return int(found.leader_id)
    return int(found.replica_nodes[0]) if found.replica_nodes else None


def _hash(text: str) -> int:
    """Return Java's hash code of a string, without its sign."""
    value = 0
    data = text.encode("utf-16-be")
    for high, low in zip(data[::2], data[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >= 1 << 31 else value
    return 0 if value == 1 << 31 else abs(signed)
