"""One hop of an upgrade, short: the rest of the story is in ``test_upgrade`` and ``test_upgrade_stuck``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.story.conftest import User
from tests.story.upgrading import done, finalized, lab_of, pods

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    with lab_of(user):
        yield


def test_one_hop_is_planned_carried_out_and_proved(user: User) -> None:
    plan = user.run("upgrade", "kafka", "4.2.0", "--dry-run").stdout
    assert '+    version: "4.2.0"' in plan
    assert "the way back, until the metadata level is raised: prompt-kafka upgrade kafka 4.1.1" in plan
    done(user, "upgrade", "kafka", "4.2.0")
    assert set(pods(user).values()) == {"4.2.0"}
    assert finalized(user) == "4.1-IV1"
    assert "nothing to do" in user.run("upgrade", "kafka", "4.2.0", "--yes").stdout
