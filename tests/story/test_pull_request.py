"""A change by pull request in the lab: asked for, reviewed, merged by a colleague or by the run, carried out.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.killing.registered.pull_requests import answer
from tests.killing.scene import IDENTITY, Scene
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def scene(user: User) -> Iterator[Scene]:
    user.env |= IDENTITY
    up = user.run("lab", "up", "--delivery", "pull-request", timeout=900)
    assert "forge        http://127.0.0.1:19" in up.stdout
    assert "a colleague's buttons are at" in up.stdout
    found = Scene(user)
    yield found
    found.close()


@pytest.fixture
def by_run(user: User, tmp_path: Path) -> tuple[str, ...]:
    """Words for an environment in which the run merges."""
    document = json.loads((user.labs / "lab/service.yaml").read_text())
    document["environments"]["lab"]["pull_request"] |= {"merge": "run", "method": "squash"}
    mine = tmp_path / "service.yaml"
    mine.write_text(json.dumps(document))
    return ("-e", "lab", "--config", str(mine))


def _create(user: User, name: str, *words: str) -> dict[str, Any]:
    run: dict[str, Any] = user.json("topic", "create", name, "--subchart", name, "--yes", *words)
    assert run["state"] == "done"
    return run


def _number(run: dict[str, Any]) -> int:
    (evidence,) = run["steps"][-1]["evidence"]
    return int(evidence.partition("#")[2].partition(" ")[0])


def _topics(user: User) -> set[str]:
    return {each["name"] for each in user.json("topic", "list")["topics"]}


def test_the_doctor_knows_the_way(user: User, scene: Scene) -> None:
    said = user.run("doctor", code=None).stdout
    assert "lab/phalanx, and the token may push there" in said


def test_a_plan_names_the_pull_request_and_the_lines(user: User, scene: Scene) -> None:
    plan = user.run("topic", "create", "reviewed", "--subchart", "reviewed", "--dry-run").stdout
    assert "2. open a pull request of tickets/prompt-kafka-topic-create-" in plan
    assert "by hand: gh pr create --repo 127.0.0.1:19" in plan
    assert "< this plan" in plan
    assert scene.pull_requests() == {}


def test_merged_by_a_colleague_it_is_carried_out(user: User, scene: Scene) -> None:
    head = scene.git("rev-parse", "main")
    run = _create(user, "reviewed")
    number = _number(run)
    assert scene.git("rev-parse", "main") == head
    assert scene.pull_requests() == {run["id"]: 1}
    early = user.run("run", "continue", run["id"], "--yes", code=6).stderr
    assert f"pull request #{number} is not merged yet: " in early
    again = user.run("topic", "create", "reviewed", "--subchart", "reviewed", "--yes")
    assert f"pull request #{number} is open" in again.stdout, "the same change has the same one"
    answer(scene, number, "merge")
    assert scene.git("rev-parse", "main") == head, "the rules want a review"
    waiting = user.start("run", "continue", run["id"], "--yes", "--wait", "5m", "-o", "json")
    answer(scene, number, "approve")
    answer(scene, number, "merge")
    out, err = waiting.communicate(timeout=300)
    assert waiting.returncode == 0, err
    rest = json.loads(out)
    assert (rest["state"], rest["continues"]) == ("done", run["id"])
    assert "reviewed" in _topics(user)
    assert user.json("run", "show", run["id"])["continued_by"] == [rest["id"]]


def test_merged_by_the_run_when_it_is_approved(user: User, scene: Scene, by_run: tuple[str, ...]) -> None:
    run = _create(user, "approved", *by_run)
    blocked = user.run("run", "continue", run["id"], "--yes", *by_run, code=6).stderr
    assert "such as an approving review" in blocked or "has not worked out yet" in blocked
    waiting = user.start("run", "continue", run["id"], "--yes", "--wait", "5m", "-o", "json", *by_run)
    answer(scene, _number(run), "approve")
    out, err = waiting.communicate(timeout=300)
    assert waiting.returncode == 0, err
    rest = json.loads(out)
    assert rest["state"] == "done"
    assert "merge pull request" in err
    assert "approved" in _topics(user)
    told = user.json("run", "show", run["id"])["continued_by"]
    assert len(told) == 2 and rest["id"] in told
    (subject,) = scene.git(
        "log", "--format=%s", "--grep", f"Prompt-Kafka-Run: {run['id']}", "main"
    ).splitlines()
    assert subject.endswith(f"(#{_number(run)})")
    assert not scene.git("branch", "--list", "tickets/*approved*")


def test_closed_by_a_colleague_nothing_goes_on(user: User, scene: Scene) -> None:
    run = _create(user, "unwanted")
    answer(scene, _number(run), "close")
    said = user.run("run", "continue", run["id"], "--yes", "--wait", "5m", code=6).stderr
    assert "was closed without a merge by lab-maintainer" in said
    assert "unwanted" not in _topics(user)
