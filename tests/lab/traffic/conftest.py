from collections.abc import Callable
from typing import Any

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    NewTopic,
    ResourcePattern,
    ResourceType,
)

from prompt_kafka.lab.traffic import TrafficSettings
from tests.kafka_node import USERS, KafkaNode, shared_node

# As in the chart: each user may do its part and nothing else.
RIGHTS = (
    ("prompt-processing", ResourceType.TOPIC, "butler-writer", ACLOperation.WRITE),
    ("butler-writer", ResourceType.TOPIC, "butler-writer", ACLOperation.READ),
    ("butler-writer", ResourceType.GROUP, "butler-writer", ACLOperation.READ),
    ("butler-writer", ResourceType.TOPIC, "butler-writer-ingestion-events", ACLOperation.WRITE),
    ("butler-writer", ResourceType.TRANSACTIONAL_ID, "butler-writer-output", ACLOperation.DESCRIBE),
    ("butler-writer", ResourceType.TRANSACTIONAL_ID, "butler-writer-output", ACLOperation.WRITE),
    ("prompt-publication-consumer", ResourceType.TOPIC, "butler-writer-ingestion-events", ACLOperation.READ),
    ("prompt-publication-consumer", ResourceType.GROUP, "prompt-publication", ACLOperation.READ),
)


def set_up(node: KafkaNode) -> None:
    """Create the service's topics and rights."""
    with node.connect() as admin:
        present = {topic.name for topic in admin.topics()}
        wanted = {"butler-writer": 3, "butler-writer-ingestion-events": 1}
        missing = [NewTopic(name, n, 1) for name, n in wanted.items() if name not in present]
        if missing:
            admin.admin.create_topics(missing)
            admin.admin.create_acls(
                [
                    ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
                    for user, kind, name, operation in RIGHTS
                ]
            )
            admin.clock.wait_until(lambda: len(admin.offsets("butler-writer")) == 3, 10)


def settings_for(node: KafkaNode, **changes: Any) -> TrafficSettings:
    values: dict[str, Any] = {
        "bootstrap": (node.external,),
        "passwords": USERS,
        "ca_pem": node.tls.ca_pem,
        "rate": 150.0,
        "duration": 2.0,
        "batch_wait": 0.2,
        "drain_timeout": 15.0,
    }
    return TrafficSettings(**{**values, **changes})


@pytest.fixture(scope="session")
def service() -> KafkaNode:
    """The shared node with the service's topics and rights."""
    node = shared_node()
    set_up(node)
    return node


@pytest.fixture
def settings(service: KafkaNode) -> Callable[..., TrafficSettings]:
    def make(**changes: Any) -> TrafficSettings:
        return settings_for(service, **changes)

    return make
