"""Cluster, brokers and topics: metadata requests turned into values."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.errors import KafkaError, UnknownTopicError, translate
from prompt_kafka.core.kafka import Broker, Cluster, Features, Partition, TopicState

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

TOPIC_RESOURCE = 2
AT_ONCE = 250
"""Topics in one question for settings: all of thousands in one answer end a broker with a small heap."""
SET_ON_TOPIC = 1  # config source DYNAMIC_TOPIC_CONFIG
CONTROLLERS = 2  # endpoint type


def check(code: int, where: str, message: str | None = None) -> None:
    """Raise this tool's error for a Kafka error code; 0 is none."""
    if code:
        from kafka.errors import for_code

        raise translate(for_code(code)(message or ""), where)


def operations(numbers: Iterable[int] | None) -> frozenset[str]:
    """Return the names of the operations that a broker says we may do (KIP-430)."""
    known = _names()
    return frozenset(known[number] for number in numbers or () if number in known)


@functools.cache
def _names() -> dict[int, str]:
    """Return the names of the operations; `any` and `all` are none that one may do."""
    from kafka.protocol.admin.acl import ACLOperation

    return {each.value: each.name.lower() for each in ACLOperation if each.value > 2}


def cluster(connection: KafkaConnection) -> Cluster:
    """Ask a broker to describe the cluster, fenced brokers included."""
    from kafka.protocol.admin import DescribeClusterRequest

    response = connection.ask(
        DescribeClusterRequest(include_cluster_authorized_operations=True, include_fenced_brokers=True)
    )
    check(response.error_code, connection.where, response.error_message)
    return cluster_of(response)


def cluster_of(response: Any) -> Cluster:
    """Turn a response to *describe cluster* into its value."""
    return Cluster(
        id=response.cluster_id,
        controller_id=None if response.controller_id < 0 else response.controller_id,
        nodes=tuple(
            Broker(node.broker_id, node.host, node.port, node.rack, bool(node.is_fenced))
            for node in sorted(response.brokers, key=lambda node: node.broker_id)
        ),
        operations=operations(response.authorized_operations),
    )


def features(connection: KafkaConnection) -> Features:
    """Ask a broker which feature levels are finalized."""
    from kafka.protocol.metadata import ApiVersionsRequest

    request = ApiVersionsRequest(client_software_name="prompt-kafka", client_software_version="1")
    response = connection.ask(request)
    check(response.error_code, connection.where)
    levels = {each.name: int(each.max_version_level) for each in response.finalized_features or ()}
    return Features(levels.get("metadata.version", 0))


def metadata(connection: KafkaConnection, names: Sequence[str] | None, *, rights: bool = True) -> list[Any]:
    """Return the topics of a metadata response, with what we may do to them; never creates a topic."""
    from kafka.protocol.metadata import MetadataRequest

    topic = MetadataRequest.MetadataRequestTopic
    request = MetadataRequest(
        topics=None if names is None else [topic(name=name) for name in names],
        allow_auto_topic_creation=False,
        include_topic_authorized_operations=rights,
    )
    found: list[Any] = connection.ask(request).topics
    return found


def leaders(connection: KafkaConnection, topic: str) -> dict[int, int]:
    """Return the leader of each partition that has one."""
    (found,) = metadata(connection, [topic])
    require_topic(connection, found)
    return {p.partition_index: p.leader_id for p in found.partitions if p.leader_id >= 0}


def topics(connection: KafkaConnection, names: Sequence[str] | None = None) -> tuple[TopicState, ...]:
    """Return the state of topics: all that we may see, or those named."""
    if names is not None and not names:
        return ()
    found = sorted(metadata(connection, names), key=lambda topic: topic.name)
    if names is not None:
        for topic in found:
            require_topic(connection, topic)
    settings = _settings(connection, [topic.name for topic in found])
    return tuple(
        state_of(topic, *settings.get(topic.name, ({}, frozenset())))
        for topic in found
        if topic.error_code in (0, 5)  # 5: a partition of it has no leader, which its partitions say
    )


def state_of(
    topic: Any, settings: Mapping[str, str] | None = None, overrides: frozenset[str] = frozenset()
) -> TopicState:
    """Turn a topic of a metadata response into its value."""
    return TopicState(
        name=topic.name,
        topic_id=str(topic.topic_id),
        internal=topic.is_internal,
        partitions=tuple(_partition(topic.name, partition) for partition in _ordered(topic)),
        settings=settings or {},
        overrides=overrides,
        operations=operations(topic.authorized_operations),
    )


def _ordered(topic: Any) -> list[Any]:
    return sorted(topic.partitions, key=lambda partition: partition.partition_index)


def _partition(topic: str, partition: Any) -> Partition:
    return Partition(
        topic=topic,
        index=partition.partition_index,
        leader=None if partition.leader_id < 0 else partition.leader_id,
        replicas=tuple(partition.replica_nodes),
        in_sync=tuple(partition.isr_nodes),
        offline=tuple(partition.offline_replicas or ()),
        leader_epoch=partition.leader_epoch,
    )


def _settings(
    connection: KafkaConnection, names: list[str]
) -> dict[str, tuple[dict[str, str], frozenset[str]]]:
    """Return effective settings and the names of those set on the topic, where we may read them."""
    from kafka.protocol.admin import DescribeConfigsRequest

    if not names:
        return {}
    resource = DescribeConfigsRequest.DescribeConfigsResource
    read: dict[str, tuple[dict[str, str], frozenset[str]]] = {}
    results: list[Any] = []
    for first in range(0, len(names), AT_ONCE):
        request = DescribeConfigsRequest(
            resources=[
                resource(resource_type=TOPIC_RESOURCE, resource_name=name, configuration_keys=None)
                for name in names[first : first + AT_ONCE]
            ]
        )
        results += connection.ask(request).results
    for result in results:
        if result.error_code == 0:
            read[result.resource_name] = (
                {config.name: config.value for config in result.configs if config.value is not None},
                frozenset(config.name for config in result.configs if config.config_source == SET_ON_TOPIC),
            )
    return read


def require_topic(connection: KafkaConnection, topic: Any) -> None:
    """Raise `UnknownTopicError`, with the names near it, where a metadata response says so."""
    if topic.error_code == 5:
        return
    try:
        check(topic.error_code, connection.where)
    except UnknownTopicError:
        existing = [known.name for known in metadata(connection, None)]
        near = difflib.get_close_matches(topic.name, existing, n=3, cutoff=0.5)
        near += [name for name in existing if topic.name in name and name not in near][:3]
        raise UnknownTopicError(
            f"no topic {topic.name!r} that this user may see",
            where=connection.where,
            next=f"did you mean {', '.join(near)}?" if near else "prompt-kafka topic list",
        ) from None
    except KafkaError as error:
        error.where = f"topic {topic.name} at {connection.where}"
        raise
