"""Users and topics that are there, on a lab of its own: made, altered, and gone, each as the brokers see it.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.clients.kafka import NotAuthorizedError, UnknownTopicError
from prompt_kafka.clients.kinds import SECRET, TOPIC, USER
from prompt_kafka.core.errors import PromptKafkaError
from tests.story.conftest import User
from tests.story.test_topic import Service

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SPACE = "prompt-kafka"
VALUES = "main:applications/prompt-kafka/charts/alerts/values.yaml"


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    for role in ("AUTHOR", "COMMITTER"):
        user.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    user.run("lab", "up", timeout=900)
    user.run("topic", "create", "alerts", "--subchart", "alerts", "--yes", timeout=600)
    yield
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka/git"
    for clone in clones.glob("*.git"):
        if str(user.home) in (clone / "config").read_text():
            shutil.rmtree(clone)
            clone.with_name(f"{clone.name}.lock").unlink()


@pytest.fixture(scope="module")
def service(user: User, lab: None) -> Iterator[Service]:
    found = Service(user)
    yield found
    found.kubernetes.close()


def test_users_are_created_and_may_do_just_what_was_said(user: User, service: Service) -> None:
    reader = user.json(
        "user", "create", "alert-reader", "--subchart", "alerts", "--may", "read:alerts@alert*", "--yes"
    )
    evidence = " ".join(reader["steps"][-1]["evidence"])
    assert "alert-reader logs in and may describe, read on topic alerts" in evidence
    assert "describe, read on group alert" in evidence
    assert "may do nothing on topic alerts" in evidence
    assert service.commits_of(reader["id"]) == 1
    user.run("user", "create", "alert-sender", "--subchart", "alerts", "--may", "write:alerts", "--yes")
    with service.connect("alert-sender") as sender:
        offset = sender.produce_one("alerts", b"k", b"hello", partition=1)
        with pytest.raises(NotAuthorizedError):
            sender.fetch("alerts", 1, offset)
    with service.connect("alert-reader") as connection:
        assert [record.value for record in connection.fetch("alerts", 1, offset).records()] == [b"hello"]
        with pytest.raises(NotAuthorizedError):
            connection.produce_one("alerts", None, b"no")


def test_who_may_do_what_is_told_in_words(user: User) -> None:
    said = user.run("user", "describe", "alert-reader").stdout
    assert said.splitlines()[0] == "alert-reader may read `alerts` in groups `alert*`; may not write"
    assert "state: Ready, brokers agree" in said
    users = {each["name"]: each for each in user.json("user", "list")}
    assert users["kafka-admin"]["super_user"]
    assert users["alert-sender"]["words"] == "alert-sender may write `alerts`; may not read"
    assert {each["state"] for each in users.values()} == {"Ready, brokers agree"}
    topic = user.run("topic", "describe", "alerts").stdout
    assert "3 partitions, 3 replicas" in topic
    assert "KafkaTopic alerts: Ready" in topic
    assert "alert-reader may describe, read" in topic


def test_a_second_time_there_is_nothing_to_do(user: User, service: Service) -> None:
    head = service.git("rev-parse", "main")
    words = ("user", "create", "alert-sender", "--subchart", "alerts", "--may", "write:alerts", "--yes")
    assert "nothing to do: it is there already" in user.run(*words).stdout
    assert service.git("rev-parse", "main") == head


def test_a_revoked_right_is_really_gone(user: User, service: Service) -> None:
    record = user.json("user", "alter", "alert-sender", "--revoke", "write:alerts", "--yes")
    assert "alert-sender logs in and may do nothing on topic alerts" in " ".join(
        record["steps"][-1]["evidence"]
    )
    with service.connect("alert-sender") as sender, pytest.raises((NotAuthorizedError, UnknownTopicError)):
        sender.produce_one("alerts", b"k", b"no")
    granted = user.json("user", "alter", "alert-sender", "--grant", "write:alerts", "--yes")
    assert granted["state"] == "done"
    with service.connect("alert-sender") as sender:
        sender.produce_one("alerts", b"k", b"again", partition=0)
    again = user.run("user", "alter", "alert-sender", "--grant", "write:alerts", "--yes")
    assert "nothing to do: it is so already" in again.stdout


def test_settings_reach_the_brokers_and_what_cannot_be_is_refused(user: User, service: Service) -> None:
    alter = ("topic", "alter", "alerts")
    for words, code, said in (
        (("--partitions", "2"), 4, "refused (partitions-decreased)"),
        (("--replicas", "2"), 4, "refused (replicas-changed)"),
        (("--min-in-sync", "3"), 4, "refused (min-in-sync)"),
        (("--set", "compresion.type=zstd"), 4, "did you mean compression.type"),
        (("--retention", "7"), 2, "a retention needs a unit"),
        (("--partitions", "6"), 4, "give --confirm alerts"),
    ):
        assert said in user.run(*alter, *words, "--yes", code=code).stderr, words
    head = service.git("rev-parse", "main")
    words = ("--partitions", "6", "--retention", "7d", "--set", "compression.type=zstd")
    record = user.json(*alter, *words, "--yes", "--confirm", "alerts")
    assert record["state"] == "done"
    assert "alerts: 6 partitions, 3 replicas on the brokers" in " ".join(record["steps"][-1]["evidence"])
    with service.connect("kafka-admin") as admin:
        topic = next(each for each in admin.topics() if each.name == "alerts")
    assert len(topic.partitions) == 6
    assert topic.settings["retention.ms"] == "604800000"
    assert topic.settings["compression.type"] == "zstd"
    changed = service.git("diff", head, "main", "--stat", "--format=").splitlines()
    assert len(changed) == 2 and "charts/alerts/values.yaml" in changed[0]
    assert "    retention: 604800000  # 7 days" in service.git("show", VALUES)
    assert "nothing to do: it is so already" in user.run(*alter, *words, "--yes").stdout


def test_a_user_is_deleted_with_its_secret(user: User, service: Service) -> None:
    assert "--confirm alert-sender" in user.run("user", "delete", "alert-sender", "--yes", code=4).stderr
    record = user.json("user", "delete", "alert-sender", "--yes", "--confirm", "alert-sender")
    assert "no KafkaUser, Secret, password or right of alert-sender is left" in " ".join(
        record["steps"][-1]["evidence"]
    )
    assert service.kubernetes.find(USER, "alert-sender", SPACE) is None
    assert service.kubernetes.find(SECRET, "alert-sender", SPACE) is None
    assert "alert-sender" not in service.git("show", "main:applications/prompt-kafka/secrets.yaml")
    with pytest.raises(PromptKafkaError):
        service.connect("alert-sender")
    assert "nothing to do" in user.run("user", "delete", "alert-sender", "--yes").stdout


def test_a_topic_is_deleted_when_its_name_is_typed(user: User, service: Service) -> None:
    refused = user.run("topic", "delete", "alerts", "--yes", code=4).stderr
    assert "refused (still-allowed)" in refused and "alert-reader" in refused
    accepted = ("topic", "delete", "alerts", "--accept", "still-allowed", "--yes")
    assert "give --confirm alerts" in user.run(*accepted, code=4).stderr
    assert "give --confirm alerts" in user.run(*accepted, "--confirm", "lab", code=4).stderr
    record = user.json(*accepted, "--confirm", "alerts")
    assert record["state"] == "done"
    assert "no KafkaTopic alerts, and no topic alerts on the brokers" in " ".join(
        record["steps"][-1]["evidence"]
    )
    assert service.kubernetes.find(TOPIC, "alerts", SPACE) is None
    with service.connect("kafka-admin") as admin:
        assert "alerts" not in [each.name for each in admin.topics()]
    assert "topics: []" in service.git("show", VALUES)
    assert "nothing to do" in user.run("topic", "delete", "alerts", "--yes").stdout
