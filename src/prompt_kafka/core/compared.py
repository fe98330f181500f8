"""What is different from what a graceful shutdown wrote down."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.surroundings import ShutdownRecord
from prompt_kafka.core.world import World


def differences(world: World, record: ShutdownRecord) -> Iterator[str]:
    """Yield each difference that is not the passing of time, one sentence each.

    Topics may have come and offsets risen since; what was there must be there.
    """
    nodes = world.nodes.known
    if nodes is not None:
        kafka = nodes.kafka
        yield from _other("cluster id", record.cluster_id, kafka.cluster_id)
        yield from _other("Kafka", record.kafka_version, kafka.version)
        yield from _other("metadata level", record.metadata_version, kafka.metadata_version)
        there = {pod.name: pod.kafka_version for pod in nodes.pods}
        for name, version in record.pods:
            if name not in there:
                yield f"pod {name} is missing"
            else:
                yield from _other(f"{name}: Kafka", version, there[name])
    topics = {topic.name: topic for topic in world.topics.known or ()}
    for name, topic_id, partitions in record.topics:
        topic = topics.get(name)
        if topic is None:
            yield f"topic {name} is missing"
        elif topic.topic_id != topic_id:
            yield f"topic {name} is another one: its id was {topic_id}, it is {topic.topic_id}"
        elif len(topic.partitions) < partitions:
            yield f"topic {name} has {len(topic.partitions)} partitions, it had {partitions}"
    ends = {f"{each.topic}-{each.partition}": each.end for each in world.offsets.known or ()}
    for where, end in record.ends:
        if where not in ends:
            yield f"{where} has no end offset"
        elif ends[where] < end:
            yield f"{where} ends at {ends[where]}, it ended at {end}: {end - ends[where]} records are missing"


def _other(what: str, before: str, now: str) -> Iterator[str]:
    if before and now != before:
        yield f"{what} was {before}, it is {now or 'unknown'}"
