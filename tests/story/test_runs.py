"""Runs belong to the cluster: killed here, resumed there by somebody else; each step can be done by hand."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.story.conftest import User, wait_until

pytestmark = pytest.mark.lab

K3, K4 = "prompt-kafka-kafka-3", "prompt-kafka-kafka-4"


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> None:
    user.run("lab", "up")


@pytest.fixture
def colleague(user: User, tmp_path: Path) -> User:
    """Somebody with a home and a kubeconfig of their own, and no file of the first one's."""
    document = json.loads((user.labs / "lab/service.yaml").read_text())
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text((user.labs / "lab/kubeconfig").read_text())
    document["environments"]["lab"]["kubeconfig"] = str(kubeconfig)
    (tmp_path / "service.yaml").write_text(json.dumps(document))
    return User(tmp_path)


def _runs(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.json("run", "list", "-e", "lab")
    return found


def _uid(user: User, pod: str) -> str:
    return user.kubectl("get", "pod", pod, "-n", "prompt-kafka", "-o", "jsonpath={.metadata.uid}")


def _rolls(user: User, pod: str) -> int:
    """Return how often the operator has told that it rolls a pod."""
    notes = user.kubectl(
        "get", "events.events.k8s.io", "-n", "prompt-kafka", "-o", "jsonpath={.items[*].note}"
    )
    return notes.count(f"Rolling Pod {pod} due to")


def test_a_run_killed_here_is_resumed_by_a_colleague_and_nothing_is_done_twice(
    user: User, colleague: User
) -> None:
    before = _uid(user, K4)
    running = user.start("restart", K4, "--yes")
    wait_until(lambda: any(r["state"] == "running" for r in _runs(user)), 30, "the run's record")
    (run,) = [r for r in _runs(user) if r["state"] == "running"]
    wait_until(
        lambda: user.json("run", "show", run["id"], "-e", "lab")["steps"][0]["state"] != "pending",
        30,
        "the intent",
    )
    refused = colleague.run("run", "resume", run["id"], "-e", "lab", code=4)
    assert "refused (another-run)" in refused.stderr
    running.send_signal(signal.SIGKILL)
    running.wait()
    colleague.run("run", "resume", run["id"], "-e", "lab")
    record = colleague.json("run", "show", run["id"], "-e", "lab")
    assert record["state"] == "done"
    assert _uid(user, K4) != before
    assert _rolls(user, K4) == 1


def test_a_run_at_its_end_is_not_resumed(user: User) -> None:
    (run,) = _runs(user)
    assert "refused (run-at-its-end)" in user.run("run", "resume", run["id"], code=4).stderr


def test_a_robot_that_runs_only_the_printed_lines_reaches_the_same_end(user: User) -> None:
    before = _uid(user, K3)
    by_hand = user.start("restart", K3, "--yes", "--by-hand")
    assert by_hand.stdout is not None
    env = {**os.environ, "KUBECONFIG": str(user.labs / "lab/kubeconfig")}
    done = False
    for line in by_hand.stdout:
        words = line.strip()
        if words.startswith("kubectl ") and not done:
            subprocess.run(shlex.split(words), env=env, check=True, capture_output=True)
            done = True
    assert by_hand.wait(120) == 0
    assert done
    assert _uid(user, K3) != before
    assert user.json("status")["healthy"] is True


def test_a_saved_plan_runs_once_and_names_what_moved_afterwards(user: User, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    user.run("restart", K3, "--save-plan", str(plan))
    user.run("apply", str(plan), "--yes")
    refused = user.run("apply", str(plan), "--yes", code=4)
    assert "refused (plan-moved)" in refused.stderr
    assert "uid" in refused.stderr


def test_history_and_the_handover_note_tell_it(user: User) -> None:
    found = user.json("history", "--since", "1h")
    said = " ".join(h["what"] for h in found["happenings"])
    assert f"Rolling Pod {K3}" in said
    assert "prompt-kafka synced to" in said
    note = user.run("history", "--since", "1h", "--handover").stdout
    assert note.startswith("# Handover")
    assert "healthy" in note
