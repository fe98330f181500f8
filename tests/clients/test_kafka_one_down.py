"""Looks at topics and groups while one of three brokers is frozen: the rest is shown, and what misses."""

from __future__ import annotations

from collections.abc import Iterator

import confluent_kafka
import pytest

from prompt_kafka.clients.kafka import KafkaConnection, groups, topic_looks
from tests.kafka_node import KafkaNode, kafka_nodes

pytestmark = pytest.mark.slow

SETTINGS = {"offsets.topic.num.partitions": "6", "broker.session.timeout.ms": "600000"}
"""A frozen broker stays registered and leader: what a viewer sees in the first moments."""
PATIENCE_S = 12.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[KafkaNode]]:
    with kafka_nodes(tmp_path_factory.mktemp("cluster"), 3, settings=SETTINGS) as made:
        yield made


@pytest.fixture(scope="module")
def made(nodes: list[KafkaNode]) -> dict[str, int]:
    """Make a topic on each broker alone, one on all, and a group for each; return coordinators."""
    from kafka.admin import NewTopic

    with nodes[0].connect(timeout=30) as admin:
        topics = [NewTopic(f"on-{n}", replica_assignments={0: [n]}) for n in (1, 2, 3)]
        topics.append(NewTopic("on-all", replica_assignments={0: [1, 2], 1: [2, 3], 2: [3, 1]}))
        admin.admin.create_topics(topics)
        for topic, partitions in (("on-1", 1), ("on-2", 1), ("on-3", 1), ("on-all", 3)):
            for partition in range(partitions):
                admin.clock.wait_until(lambda t=topic, p=partition: _wrote(admin, t, p), 30)
        coordinators = {}
        for number in range(12):
            name = f"group-{number}"
            _commit(nodes[0], name, "on-all")
            coordinators[name] = -1
        return coordinators


def _wrote(admin: KafkaConnection, topic: str, partition: int) -> bool:
    try:
        admin.produce_one(topic, None, b"x" * 200, partition=partition)
    except Exception:
        return False
    return True


def _commit(node: KafkaNode, group: str, topic: str) -> None:
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": node.bootstrap, "group.id": group, "enable.auto.commit": False}
    )
    places = [confluent_kafka.TopicPartition(topic, partition, 0) for partition in range(3)]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def _connect(nodes: list[KafkaNode]) -> KafkaConnection:
    return KafkaConnection([node.plain for node in nodes], timeout=PATIENCE_S, read_only=True)


@pytest.fixture
def without_two(nodes: list[KafkaNode], made: dict[str, int]) -> Iterator[KafkaConnection]:
    nodes[1].freeze()
    try:
        with _connect(nodes) as connection:
            yield connection
    finally:
        nodes[1].thaw()


def test_all_is_seen_with_all_brokers(nodes: list[KafkaNode], made: dict[str, int]) -> None:
    with _connect(nodes) as connection:
        seen = topic_looks.look(connection)
        assert seen.unknown == ()
        assert {volume.broker for volume in seen.volumes} == {1, 2, 3}
        whole = {topic.name: topic for topic in seen.topics}
        assert list(whole) == ["on-1", "on-2", "on-3", "on-all"]
        for topic in whole.values():
            assert topic.size is not None
            assert topic.size.missing == 0
            assert topic.size.value > 200 * len(topic.partitions)
            assert topic.last_ms is not None
            assert topic.unknown == ()
        both = whole["on-all"].disk
        assert both is not None
        assert whole["on-all"].size is not None
        assert both.value >= 1.9 * whole["on-all"].size.value
        found = groups.look(connection)
        assert found.unknown == ()
        assert {group.id for group in found.groups} == set(made)
        assert all(len(group.lags) == 3 and group.lag_s is not None for group in found.groups)


def test_topics_with_a_frozen_broker(without_two: KafkaConnection) -> None:
    clock = without_two.clock
    began = clock.monotonic()
    seen = topic_looks.look(without_two)
    assert clock.monotonic() - began < 2 * PATIENCE_S, "its silence is waited for once"
    (why,) = seen.unknown[:1]
    assert why.startswith("broker 2 is not seen: ")
    assert {volume.broker for volume in seen.volumes} == {1, 3}
    whole = {topic.name: topic for topic in seen.topics}
    assert list(whole) == ["on-1", "on-2", "on-3", "on-all"]
    assert whole["on-1"].unknown == whole["on-3"].unknown == ()
    assert whole["on-1"].records is not None
    alone = whole["on-2"]
    assert (alone.size, alone.records, alone.rate(300)) == (None, None, None)
    assert alone.unknown
    part = whole["on-all"]
    assert part.records is not None
    assert part.records.missing == 1
    assert part.size is not None
    assert part.size.missing == 0, "another broker has a copy of every partition"
    assert alone.state.settings, "settings come from any broker"


def test_groups_with_a_frozen_broker(without_two: KafkaConnection, made: dict[str, int]) -> None:
    found = groups.look(without_two)
    (why,) = found.unknown
    assert why.startswith("groups that broker 2 coordinates are not seen: ")
    seen = {group.id: group for group in found.groups}
    assert 0 < len(seen) < len(made)
    for group in seen.values():
        assert len(group.lags) == 3
        unknown = [lag for lag in group.lags if lag.unknown]
        assert len(unknown) == 1, "the partition that the frozen broker leads"
        assert group.lag_s is None
        assert group.lag_records > 0
    hidden = sorted(set(made) - set(seen))
    named = without_two.groups(hidden)
    assert [group.id for group in named] == hidden
    assert all("its coordinator does not answer: broker 2" in group.unknown for group in named)
    assert groups.look(without_two, names=["no-such-group-at-all"]).groups == () or all(
        group.unknown for group in groups.look(without_two, names=["no-such-group-at-all"]).groups
    )


def test_a_topic_that_is_named_is_described_all_the_same(without_two: KafkaConnection) -> None:
    seen = topic_looks.look(without_two, names=["on-2"], every_setting=True)
    (topic,) = seen.topics
    assert topic.unknown
    assert topic.state.settings["retention.ms"]
    assert topic.origins["cleanup.policy"] == "default"
