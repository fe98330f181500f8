"""A topic from Git to the brokers, on a lab of its own: refused, planned, created, used, killed and resumed.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.adapters.access import Access
from prompt_kafka.clients.kafka import KafkaConnection, NotAuthorizedError, UnknownTopicError
from prompt_kafka.clients.kinds import APPLICATION, KAFKA
from prompt_kafka.clients.kubernetes import Kubernetes
from tests.story.conftest import User, wait_until

pytestmark = pytest.mark.lab

CREATE = ("topic", "create", "alerts", "--subchart", "alerts")
USERS = ("--user", "alert-sender=write", "--user", "alert-reader=read")


class Service:
    """The lab as its clients and its administrators' tools reach it."""

    def __init__(self, user: User) -> None:
        self.environment = config.read(user.labs / "lab/service.yaml")["lab"]
        self.kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig")
        self.bare = user.labs / "lab/git/phalanx.git"

    def connect(self, who: str) -> KafkaConnection:
        kafka = self.kubernetes.list(KAFKA, "prompt-kafka")[0]
        access = Access(self.kubernetes, self.environment, read_only=False)
        return access.connect(kafka, who)[0]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", f"--git-dir={self.bare}", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    @property
    def history(self) -> list[dict[str, Any]]:
        found = self.kubernetes.get(APPLICATION, "prompt-kafka", "argocd")
        return list(found["status"]["history"])

    def commits_of(self, run: str) -> int:
        trailers = self.git("log", "--format=%(trailers:key=Prompt-Kafka-Run,valueonly)", "main")
        return trailers.split().count(run)


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    for role in ("AUTHOR", "COMMITTER"):
        user.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    user.run("lab", "up")
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


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--replicas", "4"), 4, "refused (more-replicas-than-brokers)"),
        (("--replicas", "2", "--min-in-sync", "2"), 4, "refused (min-in-sync)"),
        (("--enable", "nowhere"), 4, "refused (unknown-environment)"),
        (("--retention", "14"), 2, "a retention needs a unit"),
        (("--user", "me"), 2, "USER=read"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    user: User, service: Service, words: tuple[str, ...], code: int, said: str
) -> None:
    head = service.git("rev-parse", "main")
    done = user.run(*CREATE, *words, "--yes", code=code)
    assert said in done.stderr
    assert service.git("rev-parse", "main") == head


def test_names_that_are_taken_or_illegal_are_refused(user: User) -> None:
    taken = user.run("topic", "create", "canary", "--subchart", "alerts", "--dry-run", code=4)
    assert "name-clash" in taken.stderr
    illegal = user.run("topic", "create", "a/b", "--subchart", "alerts", "--dry-run", code=4)
    assert "illegal-name" in illegal.stderr
    near = user.run("topic", "create", "x", "--subchart", "butler-writter", "--dry-run", code=4)
    assert "did you mean butler-writer" in near.stderr


def test_a_dry_run_shows_everything_and_changes_nothing(user: User, service: Service) -> None:
    head = service.git("rev-parse", "main")
    shown = user.run(*CREATE, *USERS, "--dry-run").stdout
    assert "+  - name: alerts" in shown
    assert "kind: KafkaTopic" in shown
    assert "alert-reader may read `alerts` in group `alert-reader`; may not write" in shown
    assert service.git("rev-parse", "main") == head


def test_a_topic_is_created_and_proved(user: User, service: Service) -> None:
    record = user.json(*CREATE, *USERS, "--yes")
    assert record["state"] == "done"
    evidence = " ".join(record["steps"][-1]["evidence"])
    assert "alerts: 3 partitions, 3 replicas on the brokers" in evidence
    assert "alert-reader logs in and may describe, read on topic alerts" in evidence
    assert "may do nothing on topic alerts" in evidence
    assert "canary back in" in evidence
    assert service.commits_of(record["id"]) == 1
    assert service.history[-1]["revision"] == service.git("rev-parse", "main")


def test_its_users_produce_and_read_and_others_cannot(service: Service) -> None:
    with service.connect("alert-sender") as sender:
        offset = sender.produce_one("alerts", b"k", b"hello", partition=1)
        with pytest.raises(NotAuthorizedError):
            sender.fetch("alerts", 1, offset)
    with service.connect("alert-reader") as reader:
        found = [record.value for record in reader.fetch("alerts", 1, offset).records()]
        assert found == [b"hello"]
        with pytest.raises(NotAuthorizedError):
            reader.produce_one("alerts", None, b"no")
    with service.connect("prompt-publication-consumer") as stranger:
        with pytest.raises((NotAuthorizedError, UnknownTopicError)):
            stranger.fetch("alerts", 1, offset)
        with pytest.raises((NotAuthorizedError, UnknownTopicError)):
            stranger.produce_one("alerts", None, b"no")


def test_a_reader_reads_in_its_group_and_in_no_other(service: Service) -> None:
    assert _read(service, "alert-reader") == b"hello"
    assert "GROUP_AUTHORIZATION_FAILED" in str(_read(service, "another"))


def _read(service: Service, group: str) -> bytes | str:
    """Read one message as ``alert-reader`` with the client that the services use; an error as text."""
    from confluent_kafka import Consumer

    connection = service.connect("alert-reader")
    settings = connection.settings()
    kafka = service.kubernetes.list(KAFKA, "prompt-kafka")[0]
    authority = next(each["certificates"] for each in kafka["status"]["listeners"] if "certificates" in each)
    consumer = Consumer(
        {
            "bootstrap.servers": ",".join(settings["bootstrap_servers"]),
            "security.protocol": "SASL_SSL",
            "ssl.ca.pem": "\n".join(authority),
            "ssl.endpoint.identification.algorithm": "none",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "alert-reader",
            "sasl.password": Access(service.kubernetes, service.environment, read_only=True).secret(
                "alert-reader", "password"
            ),
            "group.id": group,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.subscribe(["alerts"])
        message = consumer.poll(20)
        assert message is not None
        return str(message.error().name()) if message.error() else bytes(message.value() or b"")
    finally:
        consumer.close()
        connection.close()


def test_in_the_goal_state_there_is_nothing_to_do(user: User, service: Service) -> None:
    head = service.git("rev-parse", "main")
    again = user.run(*CREATE, *USERS, "--yes")
    assert "nothing to do: it is there already" in again.stdout
    assert service.git("rev-parse", "main") == head


@pytest.mark.parametrize("step", range(1, 8))
def test_killed_in_a_step_and_resumed_nothing_is_done_twice(user: User, service: Service, step: int) -> None:
    before = len(service.history)
    create = ("topic", "create", f"killed-{step}", "--subchart", "alerts", "--user", f"user-{step}=read")
    _kill_in_step(user.start(*create, "--yes"), step)
    (run,) = [each for each in user.json("run", "list") if each["state"] == "running"]
    user.run("run", "resume", run["id"], "--take-over", "its process was killed")
    shown = user.json("run", "show", run["id"])
    assert shown["state"] == "done"
    assert service.commits_of(run["id"]) == 1
    mine = [each for each in service.history[before:] if each["initiatedBy"].get("username")]
    assert len(mine) == 1
    again = user.run(*create, "--yes")
    assert "nothing to do" in again.stdout


def _kill_in_step(process: subprocess.Popen[str], step: int) -> None:
    """Kill a run with -9 as soon as it says that it has begun a step."""
    assert process.stdout is not None
    running = False
    for line in process.stdout:
        running = running or line.startswith("· proof")
        if running and line.startswith(f"{step}. "):
            break
    process.kill()
    process.communicate(timeout=10)


def test_a_changed_working_copy_is_refused(user: User, service: Service, tmp_path: Path) -> None:
    """The service may be configured by a person's own working copy, which is looked at and never touched."""
    copy = tmp_path / "phalanx"
    subprocess.run(["git", "clone", "-q", str(service.bare), str(copy)], check=True)
    values = copy / "applications/prompt-kafka/values.yaml"
    text = values.read_text()
    values.write_text(text + "# mine\n")
    mine = (user.labs / "lab/service.yaml").read_text().replace(service.bare.as_uri(), str(copy))
    (tmp_path / "service.yaml").write_text(mine)
    words = ("topic", "create", "more", "--subchart", "alerts", "--config", str(tmp_path / "service.yaml"))
    refused = user.run(*words, "-e", "lab", "--yes", code=4)
    assert "refused (dirty-work-tree)" in refused.stderr
    assert "applications/prompt-kafka/values.yaml" in refused.stderr
    values.write_text(text)
    head = service.git("rev-parse", "main")
    user.run(*words, "-e", "lab", "--yes")
    assert service.git("rev-parse", "main") != head
    assert (
        subprocess.run(
            ["git", "-C", str(copy), "rev-parse", "main"], capture_output=True, text=True
        ).stdout.strip()
        == head
    )
    wait_until(
        lambda: any(t["name"] == "more" for t in user.json("topic", "list")["topics"]), 10, "the topic"
    )
