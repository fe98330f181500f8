"""Kafka over its own protocol: one connection for the runbook, the message reader and the lab.

Importing this package does not import kafka-python (0.1 s): that happens when a connection is used.
"""

from .batches import Batch, Record
from .connection import KafkaConnection
from .errors import (
    KafkaError,
    NotAuthorizedError,
    NotTheLeaderError,
    OffsetOutOfRangeError,
    ReadOnlyError,
    UnknownTopicError,
)
from .fetch import Fetched
from .lazy import preload
from .quorum import Controllers
from .security import Sasl, Tls

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
