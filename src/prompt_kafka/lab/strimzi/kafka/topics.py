"""Topics over one connection to a broker, for the topic operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError, error_text

TOPIC = 2
DYNAMIC_TOPIC = 1
SET, DELETE = 0, 1
UNKNOWN_TOPIC, ALREADY_EXISTS = 3, 36
WAIT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as Kafka has it.

    Parameters
    ----------
    id
        Topic id as the operator prints it: URL-safe base64.
    replicas
        Replicas of each partition.
    config
        Settings of its own.
    """

    id: str
    replicas: tuple[tuple[int, ...], ...]
    config: Mapping[str, str]

    @property
    def partitions(self) -> int:
        """Number of partitions."""
        return len(self.replicas)


def describe(channel: Channel, names: Sequence[str]) -> dict[str, Topic]:
    """Return those of `names` that exist."""
    from kafka.protocol.metadata import MetadataRequest as Request

    if not names:
        return {}
    wanted = [Request.MetadataRequestTopic(name=name) for name in names]
    answer = channel.ask(Request(topics=wanted, allow_auto_topic_creation=False))
    there = {}
    for topic in answer.topics:
        if topic.error_code == UNKNOWN_TOPIC:
            continue
        if topic.error_code:
            raise NodeError(f"{topic.name}: {error_text(topic.error_code, None)}", where=channel.where)
        there[topic.name] = topic
    configs = _configs(channel, sorted(there))
    return {
        name: Topic(
            topic_id(topic.topic_id),
            tuple(
                tuple(one.replica_nodes)
                for one in sorted(topic.partitions, key=lambda one: int(one.partition_index))
            ),
            configs.get(name, {}),
        )
        for name, topic in there.items()
    }


def topic_id(value: Any) -> str:
    """Return a topic's UUID as Kafka prints it."""
    import base64

    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def _configs(channel: Channel, names: Sequence[str]) -> dict[str, dict[str, str]]:
    from kafka.protocol.admin import DescribeConfigsRequest as Request

    if not names:
        return {}
    resources = [
        Request.DescribeConfigsResource(resource_type=TOPIC, resource_name=name, configuration_keys=None)
        for name in names
    ]
    return {
        result.resource_name: {
            one.name: one.value for one in result.configs if one.config_source == DYNAMIC_TOPIC
        }
        for result in channel.ask(Request(resources=resources)).results
        if not result.error_code
    }


def create(
    channel: Channel, topics: Iterable[tuple[str, int, int, Mapping[str, str]]]
) -> tuple[dict[str, str | None], dict[str, Topic]]:
    """Create topics: name, partitions, replicas (-1 for Kafka's default) and settings.

    Returns
    -------
    errors, made : dict
        By name what went wrong, None for success (a topic that exists already is one); and the new topics,
        of which brokers may not know yet.
    """
    from kafka.protocol.admin import CreateTopicsRequest as Request

    topic = Request.CreatableTopic
    wanted = [
        topic(
            name=name,
            num_partitions=partitions,
            replication_factor=replicas,
            assignments=[],
            configs=[topic.CreatableTopicConfig(name=key, value=value) for key, value in config.items()],
        )
        for name, partitions, replicas, config in topics
    ]
    if not wanted:
        return {}, {}
    answer = channel.ask(Request(topics=wanted, timeout_ms=WAIT_MS, validate_only=False))
    errors = {
        one.name: None
        if one.error_code in (0, ALREADY_EXISTS)
        else error_text(one.error_code, one.error_message)
        for one in answer.topics
    }
    made = {one.name: Topic(topic_id(one.topic_id), (), {}) for one in answer.topics if not one.error_code}
    return errors, made


def alter(channel: Channel, changes: Mapping[str, Mapping[str, str | None]]) -> dict[str, str | None]:
    """Change settings by topic; a value of None takes a setting away. Returns what went wrong, by topic."""
    from kafka.protocol.admin import IncrementalAlterConfigsRequest as Request

    if not changes:
        return {}
    resource = Request.AlterConfigsResource
    wanted = [
        resource(
            resource_type=TOPIC,
            resource_name=name,
            configs=[
                resource.AlterableConfig(
                    name=key, config_operation=DELETE if value is None else SET, value=value
                )
                for key, value in change.items()
            ],
        )
        for name, change in changes.items()
    ]
    answer = channel.ask(Request(resources=wanted, validate_only=False))
    return {
        one.resource_name: error_text(one.error_code, one.error_message) if one.error_code else None
        for one in answer.responses
    }


def add_partitions(channel: Channel, counts: Mapping[str, int]) -> dict[str, str | None]:
    """Give topics more partitions. Returns what went wrong, by topic."""
    from kafka.protocol.admin import CreatePartitionsRequest as Request

    if not counts:
        return {}
    wanted = [
        Request.CreatePartitionsTopic(name=name, count=count, assignments=None)
        for name, count in counts.items()
    ]
    answer = channel.ask(Request(topics=wanted, timeout_ms=WAIT_MS, validate_only=False))
    return {
        one.name: error_text(one.error_code, one.error_message) if one.error_code else None
        for one in answer.results
    }


def delete(channel: Channel, names: Sequence[str]) -> dict[str, str | None]:
    """Delete topics. Returns what went wrong, by topic; one that is not there is a success."""
    from kafka.protocol.admin import DeleteTopicsRequest as Request

    if not names:
        return {}
    answer = channel.ask(
        Request(
            topics=[Request.DeleteTopicState(name=name) for name in names],
            topic_names=list(names),
            timeout_ms=WAIT_MS,
        )
    )
    return {
        one.name: error_text(one.error_code, getattr(one, "error_message", None))
        if one.error_code not in (0, UNKNOWN_TOPIC)
        else None
        for one in answer.responses
    }
