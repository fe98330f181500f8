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
from .quorum import Controllers
from .security import Sasl, Tls



def preload() -> None:
    """Import kafka-python (0.1 s). Its packages import each other in circles: two threads must not be first."""
    import kafka.admin  # noqa: F401


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
