"""Operator 0.51 with Kafka 4.0.0, as it is really deployed: recognised, and the way out carried out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.conftest import User, wait_until
from tests.story.upgrading import done, finalized, lab_of, pods, status_of

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]

CHART = "applications/strimzi/Chart.yaml"


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    with lab_of(user, "--strimzi-version", "0.50.1", "--kafka-version", "4.0.0"):
        yield


def _operator_by_hand(user: User, folder: Path) -> None:
    """Move the operator as somebody does who reads no table: a commit, a refresh, a sync."""
    bare = user.labs / "lab/git/phalanx.git"
    env = user.environment()

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(folder), *words], env=env, check=True, capture_output=True)

    subprocess.run(["git", "clone", "-q", str(bare), str(folder)], env=env, check=True)
    chart = folder / CHART
    chart.write_text(chart.read_text().replace("version: 0.50.1", "version: 0.51.0"))
    git("commit", "-qam", "Operator 0.51.0")
    git("push", "-q", "origin", "HEAD:main")
    user.kubectl("annotate", "application", "strimzi", "-n", "argocd", "argocd.argoproj.io/refresh=normal")
    body = '{"operation": {"initiatedBy": {"username": "ada"}, "sync": {"prune": false}}}'
    user.kubectl("patch", "application", "strimzi", "-n", "argocd", "--type", "merge", "-p", body)


def _refused(user: User) -> bool:
    return any(
        c["reason"] == "UnsupportedKafkaVersionException"
        for c in status_of(user)["conditions"]
        if "reason" in c
    )


def test_the_operator_rejects_the_running_kafka_and_the_pods_run_on(user: User, tmp_path: Path) -> None:
    _operator_by_hand(user, tmp_path / "phalanx")
    wait_until(lambda: _refused(user), 120, "the operator's refusal")
    assert set(pods(user).values()) == {"4.0.0"}
    assert "UnsupportedKafkaVersionException" in user.run("status", code=None).stdout


def test_the_ways_name_it_and_lead_forward(user: User) -> None:
    found = user.json("upgrade", "kafka")
    assert found["operator_runs_kafka"] is False
    ways = {each["goal"]: [hop["command"] for hop in each["hops"]] for each in found["ways"]}
    assert ways["Kafka 4.1.1"] == ["prompt-kafka upgrade kafka 4.1.1"]
    assert "STUCK" in user.run("upgrade", "kafka").stdout


def test_a_line_is_not_left_out_on_the_way(user: User) -> None:
    assert "refused (skipping)" in user.run("upgrade", "kafka", "4.2.0", "--dry-run", code=4).stderr


def test_the_way_out_is_carried_out_with_the_level_pinned(user: User) -> None:
    plan = user.run("upgrade", "kafka", "4.1.1", "--dry-run").stdout
    assert "the same commit pins the metadata level to 4.0-IV3" in plan
    done(user, "upgrade", "kafka", "4.1.1")
    assert set(pods(user).values()) == {"4.1.1"}
    assert status_of(user)["operatorLastSuccessfulVersion"] == "0.51.0"
    assert finalized(user) == "4.0-IV3"
    assert user.json("status")["healthy"] is True
