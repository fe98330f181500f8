"""A connection and a live tail outlive the broker that they talk to."""

import time
from pathlib import Path

import pytest

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.messages import Asking, Notice, follow, search
from tests.clients.conftest import make_topic
from tests.kafka_node import kafka_node


@pytest.mark.lab
def test_connection_and_tail_outlive_a_restart(tmp_path: Path) -> None:
    with kafka_node(tmp_path / "node") as node, node.connect(timeout=4.0) as connection:
        topic = make_topic(connection)
        connection.produce_one(topic, None, b"before")
        tail = follow(connection, topic, after=search(connection, Asking(topic)).page)
        node.stop(kill=True)
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            connection.topics()
        assert time.monotonic() - began < 6
        assert isinstance(next(tail), Notice)
        node.start()
        assert connection.describe_cluster().id == node.cluster_id
        assert [record.value for record in search(connection, Asking(topic)).page.records] == [b"before"]
        assert connection.clock.wait_until(
            lambda: bool(connection.topics([topic])[0].partitions[0].leader), 10
        )
        connection.produce_one(topic, None, b"after")
        seen = next(item for item in tail if isinstance(item, Record))
        assert seen.value == b"after"
