import itertools
from collections.abc import Iterator

import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from tests.kafka_node import KafkaNode, shared_node

_numbers = itertools.count()


@pytest.fixture(scope="session")
def node() -> KafkaNode:
    return shared_node()


@pytest.fixture
def admin(node: KafkaNode) -> Iterator[KafkaConnection]:
    """A superuser over the plain listener."""
    with node.connect() as connection:
        yield connection


@pytest.fixture
def topic(admin: KafkaConnection) -> str:
    """A new topic with one partition."""
    return make_topic(admin)


def make_topic(admin: KafkaConnection, partitions: int = 1, **configs: str) -> str:
    from kafka.admin import NewTopic

    name = f"topic-{next(_numbers)}"
    settings = {key.replace("_", "."): value for key, value in configs.items()}
    admin.admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])
    for partition in range(partitions):  # a broker lists a topic a moment before it leads it
        admin.clock.wait_until(lambda p=partition: _led(admin, name, p), 10)
    return name


def _led(admin: KafkaConnection, topic: str, partition: int) -> bool:
    try:
        admin.fetch(topic, partition, 0)
    except Exception:
        return False
    return True
