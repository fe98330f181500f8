"""One broker down: the rest is searched, and what could not be seen is named."""

from collections.abc import Iterator

import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.messages import Asking, Filter, Found, Progress, search
from prompt_kafka.messages.filters import read
from prompt_kafka.messages.summary import found_summary
from prompt_kafka.messages.token import asking_of, token_of
from tests.kafka_node import KafkaNode, kafka_node

pytestmark = pytest.mark.lab

ROWS = Filter((read("value", "row"),))
PARTITIONS = 4  # two on each node


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaNode, KafkaNode]]:
    folder = tmp_path_factory.mktemp("two")
    with kafka_node(folder / "first") as first:
        with kafka_node(folder / "second", joins=first, node_id=2) as second:
            yield first, second


def fill(first: KafkaNode, connection: KafkaConnection, topic: str, count: int, size: int) -> None:
    """Write rows to a topic whose odd partitions are on the second node only."""
    import confluent_kafka
    from kafka.admin import NewTopic

    copies = {partition: [1 + partition % 2] for partition in range(PARTITIONS)}
    connection.admin.create_topics([NewTopic(topic, replica_assignments=copies)])
    assert connection.clock.wait_until(lambda: _written(connection, topic), 30)
    producer = confluent_kafka.Producer({"bootstrap.servers": first.bootstrap, "batch.size": 20_000})
    for number in range(count):
        producer.produce(topic, b"row %d " % number + b"x" * size, partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(60) == 0


def _written(connection: KafkaConnection, topic: str) -> bool:
    try:
        return len(connection.offsets(topic)) == PARTITIONS
    except Exception:
        return False


def accounted(found: Found) -> int:
    """Count the offsets that are said to be read or not read; none may be both."""
    places = [
        (each.partition, offset)
        for each in (*found.page.spans, *found.page.unread)
        for offset in range(each.first, each.end)
    ]
    assert len(set(places)) == len(places)
    return len(places)


def test_the_rest_is_searched_and_what_is_missing_is_named(nodes: tuple[KafkaNode, KafkaNode]) -> None:
    first, second = nodes
    with first.connect(timeout=6.0) as connection:
        fill(first, connection, "named", 400, 10)
        assert search(connection, Asking("named", ROWS, wanted=None)).progress.matches == 400
        second.stop(kill=True)
        try:
            for wanted in (ROWS, Filter()):
                found = search(connection, Asking("named", wanted, wanted=None if wanted else 150))
                assert set(found.page.unseen) == {1, 3}
                assert {record.partition for record in found.page.records} == {0, 2}
                assert len(found.page.records) == (200 if wanted else 150)
                assert accounted(found) == 200
                assert found.failed
                said = "\n".join(found_summary(found, searched=True))
                assert "partition 1: not seen" in said and "partition 3: not seen" in said
        finally:
            second.start()


def test_a_broker_that_goes_away_meanwhile(nodes: tuple[KafkaNode, KafkaNode]) -> None:
    """What it still had is not read, says so, and is what a later search goes on with."""
    first, second = nodes
    with first.connect(timeout=6.0) as connection:
        fill(first, connection, "meanwhile", 4000, 9000)
        killed: list[bool] = []

        def progress(told: Progress) -> None:
            if told.offsets and not killed:
                killed.append(True)
                second.stop(kill=True)

        asking = Asking("meanwhile", ROWS, wanted=None)
        try:
            found = search(connection, asking, throttle=12e6, progress=progress)
            assert killed and accounted(found) == 4000
            gone = [each for each in found.page.unread if each.partition in (1, 3)]
            assert gone and all("broker 2" in each.why for each in gone)
            assert {s.partition for s in found.page.spans if s.end - s.first == 1000} == {0, 2}
            token = token_of(asking, found)
        finally:
            second.start()
        assert token is not None
        assert connection.clock.wait_until(lambda: _written(connection, "meanwhile"), 30)
        rest = search(connection, asking_of(token)[0])
        assert rest.page.ending == "end of the range"
        assert found.progress.matches + rest.progress.matches == 4000
