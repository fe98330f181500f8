"""Messages that kafka-python does not have: groups of Kafka 4 (KIP-848, KIP-932, KIP-1071), as their fields.

Field by field as Kafka's protocol guide names them; kafka-python's own reader makes classes of them.
"""

from __future__ import annotations

from kafka.protocol.api_message import ApiMessage

HERE = __name__


class ConsumerGroupDescribeRequest(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Asks for groups of the new consumer protocol."""


class ConsumerGroupDescribeResponse(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Their members and assignment."""


class ShareGroupDescribeRequest(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Asks for share groups (queues)."""


class ShareGroupDescribeResponse(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Their members and assignment."""


class StreamsGroupDescribeRequest(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Asks for groups of streams applications."""


class StreamsGroupDescribeResponse(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Their members and tasks."""


class DescribeShareGroupOffsetsRequest(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """Asks how far share groups are."""


class DescribeShareGroupOffsetsResponse(ApiMessage, load_json=HERE):  # type: ignore[misc,call-arg]
    """The first offset of each partition that is not done with."""
