"""The canary: one message to every partition of the canary topic, written with acks=all and read back.

It is the only proof that the service does what it is for. It writes, so it belongs to proofs and never to a
look.
"""

from __future__ import annotations

import uuid

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.objects import Canary


def sing(connection: KafkaConnection, topic: str, clock: Clock) -> Canary:
    """Write one message to each partition and read it back.

    Returns
    -------
    Canary
        The slowest times of all partitions, or why it failed.
    """
    mark = uuid.uuid4().hex
    slowest_write = slowest = 0.0
    try:
        (state,) = connection.topics([topic])
        for partition in state.partitions:
            value = f"{mark}-{partition.index}".encode()
            began = clock.monotonic()
            offset = connection.produce_one(topic, None, value, partition=partition.index)
            written = clock.monotonic()
            fetched = connection.fetch(topic, partition.index, offset, wait=2.0)
            if not any(r.offset == offset and r.value == value for r in fetched.records()):
                return Canary(
                    topic, failed=f"message at {topic}-{partition.index}:{offset} did not come back"
                )
            slowest_write = max(slowest_write, written - began)
            slowest = max(slowest, clock.monotonic() - began)
    except PromptKafkaError as error:
        return Canary(topic, failed=error.what)
    return Canary(topic, produce_ms=slowest_write * 1000, round_trip_ms=slowest * 1000)
