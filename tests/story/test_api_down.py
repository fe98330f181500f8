"""The API server goes away in the middle of a run: a recovery goes on, any other run stops."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters.journal import NAME, Journal
from prompt_kafka.clients.kinds import KAFKA
from prompt_kafka.core.run import RunRecord, StepState
from tests.killing.driver import HOOK
from tests.killing.scene import IDENTITY, Scene
from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(900)]

K4, K5 = "prompt-kafka-kafka-4", "prompt-kafka-kafka-5"
CONFIG = {"min.insync.replicas": "1"}


@pytest.fixture(scope="module")
def scene(user: User) -> Iterator[Scene]:
    user.env |= IDENTITY
    user.run("lab", "up", timeout=600)
    opened = Scene(user)
    yield opened
    opened.close()


def _until(scene: Scene, folder: Path, point: str, *words: str) -> subprocess.Popen[str]:
    """Start a command that takes the API server away when it reaches a point."""
    hook = json.dumps([point, *scene.user.command("lab", "faults", "api-down")])
    path = os.pathsep.join(each for each in sys.path if each)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.killing.driver", str(folder / "visited"), "none", *words],
        env={**scene.user.environment(), HOOK: hook, "PYTHONPATH": path},
        cwd=scene.user.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def _gone(scene: Scene) -> bool:
    return bool(scene.user.run("run", "list", code=None).returncode)


def _newest(scene: Scene) -> dict[str, Any]:
    runs: list[dict[str, Any]] = scene.user.json("run", "list")
    return runs[0]


def test_a_run_that_restores_nothing_stops_and_is_taken_up(scene: Scene, tmp_path: Path) -> None:
    running = _until(scene, tmp_path, "after Annotate", "restart", K5, "--yes")
    _, said = running.communicate(timeout=200)
    assert running.returncode == 6, said
    assert "nothing more is done" in said or "no answer for" in said, said
    assert "Traceback" not in said
    scene.user.run("lab", "faults", "release")
    run = _newest(scene)
    assert run["state"] in ("running", "stopped")
    assert f"prompt-kafka run resume {run['id']} -e lab" in said
    scene.user.run("run", "resume", run["id"])
    assert scene.roll_events()[K5] == 1
    assert scene.rolls()[K5] == 1


@pytest.fixture
def broken(scene: Scene) -> Iterator[None]:
    """A partition whose only replica is on a broker that is held down: the service is not serving."""
    from kafka.admin import NewTopic

    from prompt_kafka.adapters import config
    from prompt_kafka.adapters.access import Access

    environment = config.read(scene.user.labs / "lab/service.yaml")["lab"]
    access = Access(scene.kubernetes, environment, read_only=False)
    connection, _ = access.connect(scene.kubernetes.list(KAFKA, "prompt-kafka")[0], environment.kafka.user)
    with connection:
        alone = NewTopic("alone", replica_assignments={0: [4]}, topic_configs=CONFIG)
        connection.admin.create_topics([alone])
        wait_until(lambda: any(t.name == "alone" for t in connection.topics()), 20, "the topic")
        scene.user.run("lab", "faults", "hold", K4)

        def leaderless() -> bool:
            found = [t for t in connection.topics() if t.name == "alone"]
            return bool(found and found[0].without_leader)

        wait_until(leaderless, 60, "the loss of the leader")
        yield
        wait_until(lambda: not leaderless(), 60, "the leader")
        connection.admin.delete_topics(["alone"])
    access.close()


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed meanwhile"])
def test_a_recovery_goes_on_with_the_journal_and_uploads_it(
    scene: Scene, broken: None, tmp_path: Path, killed: bool
) -> None:
    before = scene.rolls()[K4]
    words = ("restart", K4, "--by-deletion", "--yes")
    running = _until(scene, tmp_path, "after Delete", *words)
    try:
        wait_until(lambda: _acted_here(scene), 90, "the record on this machine only")
        assert running.poll() is None
        assert _gone(scene)
        if killed:
            running.kill()
            running.communicate()
        scene.user.run("lab", "faults", "release")
        if killed:
            listed = scene.user.run("run", "list")
            run = _newest(scene)
            assert f"uploaded: run {run['id']}, kept on this machine" in listed.stderr
            assert scene.user.json("run", "show", run["id"])["steps"][0]["state"] == "acted"
            scene.user.run("run", "resume", run["id"])
        else:
            said = "\n".join(running.communicate(timeout=300))
            assert running.returncode == 0, said
    finally:
        running.kill()
        scene.user.run("lab", "faults", "release")
    run = _newest(scene)
    assert run["state"] == "done"
    assert scene.rolls()[K4] == before + 1
    kinds = [each["kind"] for each in scene.user.json("run", "show", run["id"], "--detail")["journal"]]
    assert "kept here" in kinds
    assert kinds.index("asks") < kinds.index("asked") < kinds.index("kept here")


def _acted_here(scene: Scene) -> bool:
    """Return whether the step's act is written down on this machine and not in the cluster."""
    return any(each.steps[0].state is StepState.ACTED for each in _kept_here(scene))


def _kept_here(scene: Scene) -> list[RunRecord]:
    with Journal(scene.user.home / "state/prompt-kafka" / NAME) as journal:
        return journal.waiting()
