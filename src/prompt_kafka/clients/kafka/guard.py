"""What a connection that only reads lets through, before it reaches the wire.

Importing this module imports ``kafka``: see :mod:`prompt_kafka.clients.kafka.network`.
"""

from __future__ import annotations

from typing import Any

from kafka.future import Future
from kafka.net.connection import KafkaConnection as Wire
from kafka.protocol.api_key import ApiKey

from prompt_kafka.clients.kafka.errors import ReadOnlyError

# FindCoordinator is missing on purpose: the first one makes a broker create `__consumer_offsets`.
READS = frozenset(
    {
        ApiKey.Fetch,
        ApiKey.ListOffsets,
        ApiKey.Metadata,
        ApiKey.OffsetFetch,
        ApiKey.DescribeGroups,
        ApiKey.ListGroups,
        ApiKey.SaslHandshake,
        ApiKey.ApiVersions,
        ApiKey.OffsetForLeaderEpoch,
        ApiKey.DescribeAcls,
        ApiKey.DescribeConfigs,
        ApiKey.DescribeLogDirs,
        ApiKey.SaslAuthenticate,
        ApiKey.ListPartitionReassignments,
        ApiKey.DescribeClientQuotas,
        ApiKey.DescribeUserScramCredentials,
        ApiKey.DescribeQuorum,
        ApiKey.DescribeCluster,
        ApiKey.DescribeProducers,
        ApiKey.DescribeTransactions,
        ApiKey.ListTransactions,
        ApiKey.ListConfigResources,
        ApiKey.DescribeTopicPartitions,
        ApiKey.ConsumerGroupDescribe,
        ApiKey.ShareGroupDescribe,
        ApiKey.StreamsGroupDescribe,
        ApiKey.DescribeShareGroupOffsets,
    }
)


def is_read(request: Any) -> bool:
    """Say whether `request` changes nothing; a metadata request can create the topics that it names."""
    if ApiKey.Metadata == request.API_KEY:
        return not (request.topics and request.allow_auto_topic_creation)
    return request.API_KEY in READS


class GuardedWire(Wire):  # type: ignore[misc]
    """A connection to one node that refuses what is not a read."""

    def _send_request(self, request: Any, future: Any = None, timeout_at: float | None = None) -> Any:
        if not is_read(request):
            return (future or Future()).failure(ReadOnlyError(type(request).__name__.removesuffix("Request")))
        return super()._send_request(request, future=future, timeout_at=timeout_at)
