"""From Git to the brokers and back, on a lab of its own; and who changed what, by hand, in between.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.adapters.access import Access
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kinds import APPLICATION, KAFKA, TOPIC
from prompt_kafka.clients.kubernetes import Kubernetes
from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

VALUES = "applications/prompt-kafka/values-lab.yaml"
THREADS = "      num.network.threads: 2\n"
PAUSE = "strimzi.io/pause-reconciliation"


class Service:
    """The lab as Git, its clients and its administrators reach it."""

    def __init__(self, user: User, scratch: Path) -> None:
        self.environment = config.read(user.labs / "lab/service.yaml")["lab"]
        self.kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig", field_manager="kubectl-edit")
        self.bare = user.labs / "lab/git/phalanx.git"
        self.copy = scratch / "phalanx"
        subprocess.run(["git", "clone", "-q", str(self.bare), str(self.copy)], check=True)

    def git(self, *arguments: str) -> str:
        words = ["git", "-C", str(self.copy), "-c", "user.name=Bob", "-c", "user.email=bob@example.org"]
        done = subprocess.run([*words, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def push(self, old: str, new: str, message: str) -> str:
        """Somebody edits the lab's values and pushes; returns the commit."""
        self.git("pull", "-q", "--rebase")
        path = self.copy / VALUES
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        self.git("commit", "-q", "-a", "-m", message)
        self.git("push", "-q")
        return self.git("rev-parse", "HEAD")

    def head(self) -> str:
        self.git("fetch", "-q")
        return self.git("rev-parse", "origin/main")

    def connect(self) -> KafkaConnection:
        kafka = self.kubernetes.list(KAFKA, "prompt-kafka")[0]
        return Access(self.kubernetes, self.environment, read_only=False).connect(kafka, "kafka-admin")[0]

    def setting(self, name: str) -> set[str | None]:
        with self.connect() as connection:
            return {each[name].value for each in connection.broker_settings().brokers.values()}

    def alter_topic(self, topic: str, name: str, value: str) -> None:
        from kafka.protocol.admin import IncrementalAlterConfigsRequest as Request

        resource = Request.AlterConfigsResource
        entry = resource.AlterableConfig(name=name, config_operation=0, value=value)
        change = resource(resource_type=2, resource_name=topic, configs=[entry])
        with self.connect() as connection:
            connection.ask(Request(resources=[change], validate_only=False))

    @property
    def application(self) -> dict[str, Any]:
        return self.kubernetes.get(APPLICATION, "prompt-kafka", "argocd")

    @property
    def deployed(self) -> str:
        return str(self.application["status"]["history"][-1]["revision"])


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    for role in ("AUTHOR", "COMMITTER"):
        user.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    user.run("lab", "up", timeout=600)
    yield
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka/git"
    for clone in clones.glob("*.git"):
        if str(user.home) in (clone / "config").read_text():
            shutil.rmtree(clone)
            clone.with_name(f"{clone.name}.lock").unlink()


@pytest.fixture(scope="module")
def service(user: User, lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    found = Service(user, tmp_path_factory.mktemp("copy"))
    yield found
    found.kubernetes.close()


def test_on_a_fresh_lab_nothing_differs_and_nothing_is_to_do(user: User) -> None:
    found = user.json("diff", "--exit-code")
    assert found["differences"] == []
    assert found["unknown"] == []
    assert "nothing to do" in user.run("deploy", "--yes").stdout


def test_a_setting_is_deployed_and_proved_on_the_brokers(user: User, service: Service) -> None:
    commit = service.push(THREADS, THREADS + "      log.cleaner.threads: 2\n", "Two cleaner threads")
    found = user.json("diff", "--exit-code", code=3)
    assert {each["owner"] for each in found["differences"]} == {"in Git, not deployed"}
    shown = user.run("deploy", "--dry-run").stdout
    assert "log.cleaner.threads not set → 2: changed while the brokers run" in shown
    record = user.json("deploy", "--yes")
    assert record["state"] == "done"
    assert "3 brokers have log.cleaner.threads=2" in record["steps"][-1]["evidence"]
    assert service.setting("log.cleaner.threads") == {"2"}
    assert service.deployed == commit
    assert "nothing to do" in user.run("deploy", "--yes").stdout
    assert user.json("diff", "--exit-code")["differences"] == []


def test_revisions_that_cannot_be_deployed_are_refused(user: User, service: Service) -> None:
    assert "unknown-revision" in user.run("deploy", "--revision", "0badc0de", code=4).stderr
    older = service.git("rev-parse", "HEAD~1")
    assert "rollback --to" in user.run("deploy", "--revision", older, code=4).stderr


def test_a_rollback_is_one_commit_and_the_value_is_back(user: User, service: Service) -> None:
    before = service.git("rev-parse", "HEAD~1")
    record = user.json("rollback", "--yes")
    assert record["state"] == "done"
    assert service.setting("log.cleaner.threads") == {"1"}
    head = service.head()
    assert service.deployed == head
    assert service.git("rev-parse", f"{head}~2") == before
    assert service.git("diff", "--name-only", before, head) == ""
    assert "rollback to" in user.run("rollback", "--yes").stdout
    assert service.head() == head


def test_with_auto_sync_on_it_is_proved_the_same(user: User, service: Service) -> None:
    policy = {"spec": {"syncPolicy": {"automated": {}}}}
    service.kubernetes.patch(APPLICATION, "prompt-kafka", "argocd", policy)
    service.push(THREADS, THREADS + "      log.cleaner.threads: 3\n", "Three cleaner threads")
    assert user.json("deploy", "--yes")["state"] == "done"
    assert service.setting("log.cleaner.threads") == {"3"}
    assert user.json("rollback", "--yes")["state"] == "done"
    assert service.setting("log.cleaner.threads") == {"1"}
    off = {"spec": {"syncPolicy": {"automated": None}}}
    service.kubernetes.patch(APPLICATION, "prompt-kafka", "argocd", off)


def _closed(user: User, drift: dict[str, Any]) -> None:
    """Run the line that a difference is closed by."""
    command = drift["command"]
    if command.startswith("prompt-kafka "):
        user.run(*command.split()[1:], "--yes")
        return
    env = {**os.environ, "KUBECONFIG": str(user.labs / "lab/kubeconfig")}
    subprocess.run(["bash", "-c", command], env=env, check=True, capture_output=True)


def _differences(user: User) -> list[dict[str, Any]]:
    return list(user.json("diff")["differences"])


def test_a_hand_in_the_cluster_is_found_named_and_closed(user: User, service: Service) -> None:
    patch = {"spec": {"config": {"retention.ms": 7200000}}}
    service.kubernetes.patch(TOPIC, "canary", "prompt-kafka", patch)
    wait_until(lambda: "canary" in json.dumps(service.application["status"]["resources"]), 60, "Argo CD")
    (drift,) = [each for each in _differences(user) if each["values"].get("Git")]
    assert (drift["what"], drift["field"]) == ("KafkaTopic canary", "config.retention.ms")
    assert (drift["owner"], drift["who"]) == ("changed by hand in the cluster", "kubectl-edit")
    wait_until(
        lambda: any(
            each["name"] == "canary" and each["status"] == "OutOfSync"
            for each in service.application["status"]["resources"]
        ),
        60,
        "that Argo CD sees it",
    )
    _closed(user, drift)
    wait_until(lambda: _differences(user) == [], 60, "that nothing differs")


def test_a_hand_on_the_brokers_is_found_and_closed(user: User, service: Service) -> None:
    """The operator would put it back within seconds, so its hands are tied first: two differences."""
    tied = {"metadata": {"annotations": {PAUSE: "true"}}}
    service.kubernetes.patch(TOPIC, "canary", "prompt-kafka", tied)
    service.alter_topic("canary", "retention.ms", "60000")
    found = {each["owner"]: each for each in _differences(user)}
    assert set(found) == {"changed by hand in the cluster", "changed on the brokers"}
    drift = found["changed on the brokers"]
    assert (drift["what"], drift["field"]) == ("KafkaTopic canary", "config.retention.ms")
    assert drift["values"] == {"cluster": "3600000", "brokers": "60000"}
    _closed(user, drift)
    wait_until(lambda: _differences(user) == [], 60, "that nothing differs")


@pytest.mark.parametrize("step", [1, 2, 4])
def test_killed_in_a_step_and_resumed_nothing_is_done_twice(user: User, service: Service, step: int) -> None:
    before = len(service.application["status"]["history"])
    service.push(THREADS, THREADS + f"      log.cleaner.backoff.ms: {15000 + step}\n", f"Change {step}")
    running = user.start("deploy", "--yes")
    assert running.stdout is not None
    begun = False
    for line in running.stdout:
        begun = begun or line.startswith("· proof")
        if begun and re.match(rf"\s*{step}\. ", line):
            break
    running.kill()
    running.communicate(timeout=10)
    (run,) = [each for each in user.json("run", "list") if each["state"] == "running"]
    user.run("run", "resume", run["id"], "--take-over", "its process was killed")
    assert user.json("run", "show", run["id"])["state"] == "done"
    assert service.setting("log.cleaner.backoff.ms") == {str(15000 + step)}
    assert len(service.application["status"]["history"]) == before + 1
    assert user.json("rollback", "--yes")["state"] == "done"


def test_a_topic_through_a_pull_request(user: User, service: Service, tmp_path: Path) -> None:
    document = json.loads((user.labs / "lab/service.yaml").read_text())
    document["environments"]["lab"]["delivery"] = "branch"
    mine = tmp_path / "service.yaml"
    mine.write_text(json.dumps(document))
    words = ("-e", "lab", "--config", str(mine))
    head = service.head()
    first = user.json("topic", "create", "reviewed", "--subchart", "reviewed", "--yes", *words)
    assert first["state"] == "done"
    assert first["because"].startswith("waits for the merge of tickets/prompt-kafka-topic-create-")
    assert service.head() == head
    early = user.run("run", "continue", first["id"], "--yes", *words, code=6)
    assert "not merged yet" in early.stderr
    branch = first["steps"] and first["because"].split()[5]
    service.git("fetch", "-q")
    service.git("checkout", "-q", "main")
    service.git("pull", "-q", "--rebase")
    service.git("merge", "-q", "--squash", f"origin/{branch}")
    service.git("commit", "-q", "-m", "Topic reviewed (#1)")
    service.git("push", "-q")
    rest = user.json("run", "continue", first["id"], "--yes", *words)
    assert (rest["state"], rest["continues"]) == ("done", first["id"])
    assert any(each["name"] == "reviewed" for each in user.json("topic", "list")["topics"])
    assert user.json("run", "show", first["id"])["continued_by"] == [rest["id"]]


def test_an_aborted_run_takes_its_commit_back(user: User, service: Service) -> None:
    head = service.head()
    create = ("topic", "create", "given-up", "--subchart", "given-up")
    running = user.start(*create, "--user", "given-up=read", "--yes")
    wait_until(lambda: service.head() != head, 60, "the commit")
    running.kill()
    running.communicate(timeout=10)
    (run,) = [each for each in user.json("run", "list") if each["state"] == "running"]
    done = user.run("run", "abort", run["id"], "--take-over", "its process was killed")
    assert "undoing: commit" in done.stdout
    service.git("fetch", "-q")
    assert service.git("diff", "--name-only", head, "origin/main") == ""
    assert "aborted" in user.json("run", "show", run["id"])["state"]
