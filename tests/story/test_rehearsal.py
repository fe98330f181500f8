"""A procedure tried in a lab of the environment's charts; the next plan shows what became of it."""

from __future__ import annotations

import pytest

from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions
from tests.story.conftest import User

pytestmark = [pytest.mark.lab, pytest.mark.slow]

K3 = "prompt-kafka-kafka-3"


def test_a_restart_is_rehearsed_with_the_present_topics_and_nothing_is_done_to_the_environment(
    user: User,
) -> None:
    user.run("lab", "up")
    service = user.labs / "lab/service.yaml"
    with session(TargetOptions(environment="lab", config=service), changes=True) as lab:
        with lab.acting.kafka() as kafka:
            kafka.admin.create_topics({"by-hand": {"num_partitions": 2, "replication_factor": 3}})
    uid = user.kubectl("get", "pod", K3, "-n", "prompt-kafka", "-o", "jsonpath={.metadata.uid}")
    done = user.json("restart", K3, "--rehearse", "-e", "lab")
    assert done["because"] == ""
    assert done["topics"] == 1
    assert done["steps"][0][0] == f"restart {K3}"
    assert user.kubectl("get", "pod", K3, "-n", "prompt-kafka", "-o", "jsonpath={.metadata.uid}") == uid
    assert not (user.labs / "rehearsal").exists()
    plan = user.run("restart", K3, "--dry-run", "-e", "lab").stdout
    assert "rehearsed" in plan and "done and proved" in plan
    other = user.run("restart", "prompt-kafka-kafka-4", "--dry-run", "-e", "lab").stdout
    assert "rehearsed" not in other
