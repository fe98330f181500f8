"""Every registered procedure is killed at every point of one run and resumed: nothing is done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.killing import robot, traces
from tests.killing.harness import assert_once, assert_planned_again, count, kill_everywhere
from tests.killing.procedure import Procedure
from tests.killing.registered import ALL
from tests.killing.registered.restart import ONE
from tests.killing.scene import IDENTITY, Scene
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

EACH = [
    pytest.param(each, id=each.name, marks=[pytest.mark.slow] if each.slow else [])
    for each in sorted(ALL, key=lambda each: each.lab)
]


@pytest.fixture(scope="module")
def scenes(user: User) -> Iterator[Callable[[tuple[str, ...]], Scene]]:
    """Give a lab, shared by the procedures that want the same; one after the other."""
    user.env |= IDENTITY
    opened: dict[tuple[str, ...], Scene] = {}

    def close() -> None:
        for found in opened.values():
            found.close()
            user.run("lab", "down", "--purge")
        opened.clear()

    def scene(words: tuple[str, ...]) -> Scene:
        if words not in opened:
            close()
            user.run("lab", "up", *words, timeout=600)
            opened[words] = Scene(user)
        return opened[words]

    yield scene
    close()


@pytest.fixture
def scene(request: pytest.FixtureRequest, scenes: Callable[[tuple[str, ...]], Scene]) -> Scene:
    """The lab that the test's procedure wants; the usual one for a test without."""
    found = getattr(request.node, "callspec", None)
    procedure = found.params.get("procedure") if found is not None else None
    return scenes(procedure.lab if procedure is not None else ())


@pytest.mark.parametrize("procedure", EACH)
def test_killed_everywhere_and_resumed_nothing_is_done_twice(
    scene: Scene, procedure: Procedure, tmp_path: Path
) -> None:
    scene.number += 1
    procedure.start(scene)
    procedure = procedure.at(scene)
    killed = kill_everywhere(scene, procedure, tmp_path)
    print(f"{procedure.name}: killed {len(killed.points)} times", *killed.points, sep="\n  ")
    assert len(killed.points) > 10
    assert_planned_again(scene, procedure)


@pytest.mark.parametrize("procedure", EACH)
def test_a_robot_that_runs_only_the_printed_lines_reaches_the_same_end(
    scene: Scene, procedure: Procedure, tmp_path: Path
) -> None:
    scene.number += 1
    procedure.start(scene)
    procedure = procedure.at(scene)
    before = count(scene, procedure)
    scripts = robot.carry_out(scene, procedure, tmp_path)
    print(*scripts, sep="\n---\n")
    assert scripts
    procedure.goal(scene)
    assert_once(procedure, before, count(scene, procedure))
    assert_planned_again(scene, procedure)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_everywhere_it_says_what_is_in_flight_and_is_taken_up(
    scene: Scene, tmp_path: Path, how: signal.Signals
) -> None:
    stopped = kill_everywhere(scene, ONE, tmp_path, how)
    print(*stopped.said, sep="\n---\n")
    run = stopped.run["id"]
    acting = [said for said in stopped.said if "interrupted; the Lease is given back" in said]
    assert len(acting) > 8
    for said in acting:
        assert f"take it up: prompt-kafka run resume {run} -e lab" in said
        assert "step 1 of 2" in said or "step 2 of 2" in said
    assert any("the operator goes on with it" in said for said in acting)
    assert any("nothing is in flight" in said for said in acting)


LOOKS = (
    ("status",),
    ("doctor",),
    ("history", "--since", "1h"),
    ("topic", "list"),
    ("group", "list"),
    ("messages", "canary", "-c", "1"),
    ("run", "list"),
)


@pytest.mark.slow
def test_a_look_and_a_plan_leave_no_trace(scene: Scene) -> None:
    """Every object's resource version and content, the brokers' topics, settings, ACLs, groups and ends."""
    movers: set[str] = set()
    for _ in range(6):
        earlier = traces.of(scene)
        time.sleep(5)
        movers |= earlier.moved(traces.of(scene))
    scene.number += 1
    plans = [(*each.at(scene).words, "--dry-run") for each in ALL if not each.lab]
    for words in (*LOOKS, *plans):
        before = traces.of(scene)
        done = scene.user.run(*words, code=None)
        assert done.returncode in (0, 1, 4), f"{' '.join(words)}: {done.stderr}"
        after = traces.of(scene)
        moved = before.moved(after) - movers
        assert not moved, f"{' '.join(words)}: {moved}"
        assert not before.changed(after), words
        assert (after.brokers, after.git) == (before.brokers, before.git), words
