"""The topics that ``bench messages`` reads: alerts as JSON, with one message that is searched for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.kafka_node import KafkaNode

NEEDLE = b"needle-4711-in-the-haystack"
TERMS = (
    "alert difference template psf photometry calibration detector amplifier streak satellite saturated"
    " cosmic-ray variable-star transient host-galaxy"
)
WORDS = tuple(TERMS.split())


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics, how many messages of 400 bytes each has, and how many of them CEL selects."""

    count: int
    selected: int
    lz4: str = "lz4"
    twelve: str = "lz4-12-partitions"
    zstd: str = "zstd-8kB"
    plain: str = "uncompressed"
    small: str = "lz4-tenth"

    @property
    def all(self) -> tuple[str, ...]:
        """Those that are searched whole."""
        return self.lz4, self.twelve, self.zstd, self.plain


def bodies(count: int, size: int) -> Iterator[bytes]:
    """Give JSON messages of about `size` bytes; one in the middle of the second half has the needle."""
    draw = random.Random(7)
    tails = []
    for _ in range(500):
        text = ""
        while len(text) < size:
            text += draw.choice(WORDS) + f" {draw.randrange(10**4)} "
        tails.append(text)
    hidden = count * 3 // 4
    for number in range(count):
        head = (
            f'{{"id": {number}, "visit": {{"day_obs": 20260501, "instrument": "LSSTCam",'
            f' "detector": {number % 189}, "exposure": {number // 189}}}, "flux": {draw.random() * 100:.4f},'
            f' "uri": "s3://embargo/LSSTCam/raw/{number:012x}.fits", "note": "'
        )
        note = tails[number % 500][: size - len(head) - 2]
        if number == hidden:
            note = NEEDLE.decode() + note[len(NEEDLE) :]
        yield f'{head}{note}"}}'.encode()


def fill(node: KafkaNode, count: int) -> Topics:
    """Create the topics and write them."""
    import confluent_kafka
    from kafka.admin import NewTopic

    selected = sum(number % 189 == 42 and (number // 189) % 5 == 0 for number in range(count))
    topics = Topics(count, selected)
    plan = [
        (topics.lz4, 1, count, 400, "lz4"),
        (topics.twelve, 12, count, 400, "lz4"),
        (topics.zstd, 1, count // 5, 8000, "zstd"),
        (topics.plain, 1, count, 400, "none"),
        (topics.small, 1, count // 10, 400, "lz4"),
    ]
    with node.connect() as connection:
        connection.admin.create_topics([NewTopic(name, partitions, 1) for name, partitions, *_ in plan])
    for name, _, number, size, codec in plan:
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": node.bootstrap,
                "compression.type": codec,
                "linger.ms": 50,
                "batch.size": 900_000 if size > 1000 else 250_000,
                "queue.buffering.max.messages": 100_000,
                "partitioner": "murmur2_random",
            }
        )
        for own, body in enumerate(bodies(number, size)):
            while True:
                try:
                    producer.produce(name, body, b"visit-%d" % own)
                    break
                except BufferError:
                    producer.poll(0.1)
            if own % 1000 == 0:
                producer.poll(0)
        assert producer.flush(120) == 0
    return topics
