"""Where every partition ends, and which topics are being written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kafka.offsets import COMMITTED, look_up, of_topics
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.kafka import Offsets, TopicState
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Part

WRITTEN_S = 30.0


Ask = Callable[[Callable[[KafkaConnection], Any]], Any]
Topics = Callable[[], tuple[TopicState, ...]]


def ways(
    environment: Environment, clock: Clock, ask: Ask, topics: Topics
) -> dict[Part, tuple[str, Callable[[], Any]]]:
    """Return how each part is looked at, with the World's field; `ask` asks the brokers."""
    canary = environment.kafka.canary_topic
    return {
        Part.OFFSETS: ("offsets", lambda: ask(ends(topics))),
        Part.WRITES: ("writes", lambda: ask(writes_at(clock.now(), canary, topics))),
    }


def ends(topics: Topics) -> Callable[[KafkaConnection], tuple[Offsets, ...]]:
    """Return the question for the offsets of every partition, internal topics included."""
    return lambda connection: of_topics(connection, [topic.name for topic in topics()])


def writes_at(now: datetime, canary: str, topics: Topics) -> Callable[[KafkaConnection], tuple[str, ...]]:
    """Return the question which topics hold a record of the last half minute, by its producer's time."""
    since = int((now.timestamp() - WRITTEN_S) * 1000)

    def ask(connection: KafkaConnection) -> tuple[str, ...]:
        led = {
            (topic.name, partition.index): since
            for topic in topics()
            if not topic.internal and topic.name != canary
            for partition in topic.partitions
            if partition.leader is not None
        }
        found = look_up(connection, led, COMMITTED) if led else {}
        return tuple(sorted({topic for (topic, _), offset in found.items() if offset >= 0}))

    return ask
