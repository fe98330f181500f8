"""Messages as a person reads them in the lab: paged, searched, and with one broker down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.adapters.access import Access
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kinds import KAFKA
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.errors import PromptKafkaError
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.slow]

TOPIC = "one-copy"
BROKERS = (3, 4, 5)
HELD = 4


@pytest.fixture(scope="module")
def admin(user: User) -> Iterator[KafkaConnection]:
    user.run("lab", "up")
    kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig")
    environment = config.read(user.labs / "lab/service.yaml")["lab"]
    access = Access(kubernetes, environment, read_only=False)
    connection = access.connect(kubernetes.list(KAFKA, "prompt-kafka")[0], "kafka-admin")[0]
    yield connection
    connection.close()
    user.run("lab", "down", "--purge")


def test_what_a_broker_that_is_down_holds_is_named_and_the_rest_is_searched(
    user: User, admin: KafkaConnection
) -> None:
    from kafka.admin import NewTopic

    copies = {partition: [broker] for partition, broker in enumerate(BROKERS)}
    admin.admin.create_topics([NewTopic(TOPIC, replica_assignments=copies)])
    assert admin.clock.wait_until(lambda: _there(admin), 30)
    for number in range(60):
        admin.produce_one(TOPIC, b"k", b"row %d" % number, partition=number % 3)
    words = ("messages", TOPIC, "--grep", "row", "--all")
    whole = user.json(*words)
    assert len(whole["records"]) == 60 and whole["ending"] == "end of the range"

    user.run("lab", "faults", "hold", f"prompt-kafka-kafka-{HELD}")
    lost = BROKERS.index(HELD)
    found = user.json(*words, code=1)
    assert [gone["partition"] for gone in found["not_seen"]] == [lost]
    assert {record["partition"] for record in found["records"]} == {0, 1, 2} - {lost}
    assert len(found["records"]) == 40
    newest = user.json("messages", TOPIC, "-c", "5", code=1)
    assert len(newest["records"]) == 5 and newest["not_seen"]
    said = user.run("messages", TOPIC, "--grep", "row", code=1).stderr
    assert f"partition {lost}: not seen" in said

    user.run("lab", "faults", "release")
    assert admin.clock.wait_until(lambda: len(user.json(*words, code=None)["records"]) == 60, 60)


def _there(admin: KafkaConnection) -> bool:
    """Whether every partition has its leader; a broker hears of a new topic a moment later."""
    try:
        return len(admin.offsets(TOPIC)) == len(BROKERS)
    except PromptKafkaError:
        return False


def test_pages_go_on_where_they_ended(user: User, admin: KafkaConnection) -> None:
    words = ("messages", TOPIC, "--value", "regex:row [0-9]*5$")
    page = user.json(*words, "-c", "4")
    seen = page["records"]
    while page["continue"]:
        page = user.json("messages", TOPIC, "--continue", page["continue"])
        seen += page["records"]
    assert sorted(record["value"] for record in seen) == sorted(f"row {n}" for n in range(5, 60, 10))


def test_what_is_wrong_in_a_filter_is_said_before_anything_is_read(
    user: User, admin: KafkaConnection
) -> None:
    for words in (
        ("--where", "value."),
        ("--grep", "regex:(a"),
        ("--from", "5", "--to", "4"),
        ("--budget", "x"),
    ):
        assert user.run("messages", TOPIC, *words, code=2).stderr.startswith("error:")
