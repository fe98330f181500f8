"""Every registered procedure is killed at every point of one run and resumed: nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killing.harness import assert_planned_again, kill_everywhere
from tests.killing.procedure import Procedure
from tests.killing.registered import ALL
from tests.killing.scene import IDENTITY, Scene
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

EACH = [
    pytest.param(each.lab, each, id=each.name, marks=[pytest.mark.slow] if each.slow else [])
    for each in sorted(ALL, key=lambda each: each.lab)
]


@pytest.fixture(scope="module")
def scene(user: User, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A lab, shared by the procedures that want the same."""
    user.env |= IDENTITY
    user.run("lab", "up", *request.param, timeout=600)
    opened = Scene(user)
    yield opened
    opened.close()
    user.run("lab", "down", "--purge")


@pytest.mark.parametrize(("scene", "procedure"), EACH, indirect=["scene"])
def test_killed_everywhere_and_resumed_nothing_is_done_twice(
    scene: Scene, procedure: Procedure, tmp_path: Path
) -> None:
    procedure.start(scene)
    killed = kill_everywhere(scene, procedure, tmp_path)
    print(f"{procedure.name}: killed {len(killed.points)} times", *killed.points, sep="\n  ")
    assert len(killed.points) > 10
    assert_planned_again(scene, procedure)
