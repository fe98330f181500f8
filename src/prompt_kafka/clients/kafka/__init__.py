"""Kafka over its own protocol: one connection for the runbook, the message reader and the lab.

Importing this package does not import kafka-python (0.1 s): that happens when a connection is used.
"""

from prompt_kafka.clients.kafka.batches import Batch, Record
from prompt_kafka.clients.kafka.connection import KafkaConnection
from prompt_kafka.clients.kafka.errors import (
    KafkaError,
    NotAuthorizedError,
    NotTheLeaderError,
    OffsetOutOfRangeError,
    ReadOnlyError,
    UnknownTopicError,
)
from prompt_kafka.clients.kafka.fetch import Fetched
from prompt_kafka.clients.kafka.lazy import preload
from prompt_kafka.clients.kafka.quorum import Controllers
from prompt_kafka.clients.kafka.security import Sasl, Tls

__all__ = [
    "Batch",
    "Controllers",
    "Fetched",
    "KafkaConnection",
    "KafkaError",
    "NotAuthorizedError",
    "NotTheLeaderError",
    "OffsetOutOfRangeError",
    "ReadOnlyError",
    "Record",
    "Sasl",
    "Tls",
    "UnknownTopicError",
    "preload",
]
