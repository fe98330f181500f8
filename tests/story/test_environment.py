"""*Reproduce Service* on real nodes: an environment like the lab, from Git to a service that is proved.

Each test goes on where the one before ended. The first lab writes the environment and is taken down; the
second one is that environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.clients.kubernetes import Kubernetes
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAME = "lab-two"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    for role in ("AUTHOR", "COMMITTER"):
        user.env |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    user.run("lab", "up", timeout=900)
    yield
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka/git"
    for clone in clones.glob("*.git"):
        if str(user.home) in (clone / "config").read_text():
            shutil.rmtree(clone)
            clone.with_name(f"{clone.name}.lock").unlink()


@pytest.fixture(scope="module")
def bare(user: User) -> Path:
    return user.labs / "lab/git/phalanx.git"


def test_the_plan_says_what_is_to_be_filled_in(user: User) -> None:
    plan = user.json("environment", "create", NAME, "--from", "lab", "--dry-run")
    assert len(plan["steps"]) == 1
    assert any("values are blank and marked" in note for note in plan["notes"])
    taken = user.run("environment", "create", "lab", "--from", "lab", "--dry-run", code=4)
    assert "refused (name-taken)" in taken.stderr


def test_it_is_committed_and_proved_to_render(
    user: User, bare: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    host = ("--set", "fqdn=two.example.org")
    run = user.json("environment", "create", NAME, "--from", "lab", *host, "--yes")
    assert run["state"] == "done"
    said = [verdict["because"] for step in run["steps"] for verdict in step.get("proof", [])]
    assert not said or any("lab-two renders: prompt-kafka" in each for each in said)
    assert "fqdn: two.example.org" in _git("-C", str(bare), "show", f"main:environments/values-{NAME}.yaml")
    again = user.run("environment", "create", NAME, "--from", "lab", *host, "--yes")
    assert "nothing to do" in again.stdout
    rows = {row["name"]: row for row in user.json("environment", "list")}
    assert rows[NAME]["applications"] == ["prompt-kafka", "strimzi"]
    assert rows[NAME]["to_fill_in"] == 5
    assert rows["lab"]["to_fill_in"] == 0
    _git("clone", "-q", str(bare), str(user.home / "phalanx"))


def test_load_balancers_and_namespaces_are_listed(user: User) -> None:
    rows = user.json("listener", "list")
    assert [row["broker"] for row in rows] == [None, 3, 4, 5]
    assert rows[1]["in_git"] == "192.0.2.23"
    assert rows[1]["addresses"][0].startswith("127.")
    spaces = {row["namespace"]: row for row in user.json("operator", "namespaces", "list")}
    assert spaces["prompt-kafka"]["git"] and spaces["prompt-kafka"]["live"]
    assert spaces["prompt-kafka"]["clusters"] == ["prompt-kafka"]
    refused = user.run("operator", "namespaces", "remove", "prompt-kafka", "--yes", code=4)
    assert "refused (cluster-lives-there)" in refused.stderr


def test_the_operator_watches_a_namespace_and_lets_it_go(user: User) -> None:
    refused = user.run("operator", "namespaces", "add", "tests", "--yes", code=4)
    assert "refused (no-namespace)" in refused.stderr
    kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig")
    kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tests"}})
    kubernetes.close()
    pods = {pod["name"]: pod["uid"] for pod in _pods(user)}
    for verb, watched in (("add", True), ("remove", False)):
        run = user.json("operator", "namespaces", verb, "tests", "--yes")
        assert run["state"] == "done"
        spaces = {row["namespace"]: row for row in user.json("operator", "namespaces", "list")}
        assert ("tests" in spaces) is watched
    assert {pod["name"]: pod["uid"] for pod in _pods(user)} == pods, "no Kafka pod was touched"


def _pods(user: User) -> list[dict[str, str]]:
    from prompt_kafka.clients.kinds import POD

    kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig")
    found = kubernetes.list(POD, "prompt-kafka", labels="strimzi.io/kind=Kafka")
    kubernetes.close()
    return [{"name": each["metadata"]["name"], "uid": each["metadata"]["uid"]} for each in found]


def test_it_is_taken_away_only_when_its_name_is_given(user: User, bare: Path) -> None:
    running = user.run("environment", "delete", "lab", "--yes", "--confirm", "lab", code=4)
    assert "refused (applications-there)" in running.stderr
    unsaid = user.run("environment", "delete", NAME, "--yes", code=4)
    assert f"--confirm {NAME}" in unsaid.stderr
    user.run("environment", "delete", NAME, "--yes", "--confirm", NAME)
    assert NAME not in _git("-C", str(bare), "ls-tree", "-r", "--name-only", "main")


def test_the_lab_brings_the_new_environment_up_with_its_marks(user: User) -> None:
    user.run("lab", "down")
    up = user.run("lab", "up", "--environment", NAME, "--repo", "phalanx", "--name", NAME, timeout=900)
    assert "the service is up and proved" in up.stdout
    status = user.json("status", "-e", NAME, code=None)
    assert not [cause for cause in status.get("causes", []) if not cause.get("notice", True)]
