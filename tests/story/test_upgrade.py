"""An upgrade as it is lived: 4.0.0 → 4.1.1 → operator → 4.2.0 under traffic, back, forth, the level raised.

Each test goes on where the one before ended.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.story.conftest import User
from tests.story.upgrading import (
    LONG,
    Traffic,
    done,
    finalized,
    killed_once_in_the_roll,
    lab_of,
    pods,
    status_of,
)

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> Iterator[None]:
    with lab_of(user, "--strimzi-version", "0.50.1", "--kafka-version", "4.0.0"):
        yield


def test_the_ways_are_shown_with_the_operator_hops_in_between(user: User) -> None:
    found = user.json("upgrade", "kafka")
    assert (found["operator"], found["kafka"], found["metadata"]) == ("0.50.1", "4.0.0", "4.0-IV3")
    ways = {each["goal"]: [hop["command"] for hop in each["hops"]] for each in found["ways"]}
    assert ways["Kafka 4.1.1"] == ["prompt-kafka upgrade kafka 4.1.1"]
    assert "prompt-kafka upgrade strimzi 1.0.1" in ways["Kafka 4.2.1"]
    shown = user.run("upgrade", "kafka").stdout
    assert shown.startswith("TARGET lab (not production)")


@pytest.mark.parametrize(
    ("words", "rule", "said"),
    [
        (
            ("kafka", "4.2.0"),
            "unsupported-version",
            "upgrade strimzi 0.51.0; prompt-kafka upgrade kafka 4.2.0",
        ),
        (("strimzi", "0.51.0"), "would-reject", "it runs 4.0.0"),
        (("metadata", "4.1-IV1"), "above-kafka", "Kafka 4.0.0 has no metadata level above 4.0-IV3"),
    ],
)
def test_what_cannot_be_is_refused_by_name(user: User, words: tuple[str, ...], rule: str, said: str) -> None:
    refused = user.run("upgrade", *words, "--dry-run", code=4)
    assert f"refused ({rule})" in refused.stderr
    assert said in refused.stderr


def test_killed_in_the_middle_and_resumed_under_traffic_nothing_is_lost(user: User) -> None:
    traffic = Traffic(user)
    run = killed_once_in_the_roll(user, "upgrade", "kafka", "4.1.1")
    user.run("run", "resume", run, "--take-over", "its process was killed", timeout=LONG)
    report = traffic.end()
    assert (report["lost"], report["failed"]) == (0, 0), report
    assert report["acknowledged"] > 1000
    assert set(pods(user).values()) == {"4.1.1"}
    assert status_of(user)["kafkaMetadataVersion"] == "4.0-IV3"
    assert finalized(user) == "4.0-IV3"


def test_the_operator_moves_and_every_pod_with_it(user: User) -> None:
    traffic = Traffic(user)
    record = done(user, "upgrade", "strimzi", "0.51.0")
    report = traffic.end()
    assert (report["lost"], report["failed"]) == (0, 0), report
    assert "operator 0.51.0 has brought up prompt-kafka/prompt-kafka" in " ".join(
        record["steps"][-1]["evidence"]
    )
    assert status_of(user)["operatorLastSuccessfulVersion"] == "0.51.0"
    images = user.kubectl(
        "get", "pods", "-n", "prompt-kafka", "-o", "jsonpath={.items[*].spec.containers[*].image}"
    )
    assert "0.50.1" not in images
    assert finalized(user) == "4.0-IV3"
    assert "nothing to do" in user.run("upgrade", "strimzi", "0.51.0", "--yes").stdout


def test_to_4_2_and_the_level_stays_for_runs_and_restarts(user: User) -> None:
    traffic = Traffic(user)
    done(user, "upgrade", "kafka", "4.2.0")
    report = traffic.end()
    assert (report["lost"], report["failed"]) == (0, 0), report
    assert set(pods(user).values()) == {"4.2.0"}
    assert status_of(user)["kafkaMetadataVersion"] == finalized(user) == "4.0-IV3"
    assert "nothing to do" in user.run("upgrade", "kafka", "4.2.0", "--yes").stdout


def test_back_before_the_level_is_raised(user: User) -> None:
    done(user, "upgrade", "kafka", "4.1.1")
    assert set(pods(user).values()) == {"4.1.1"}
    done(user, "upgrade", "kafka", "4.2.0")
    assert set(pods(user).values()) == {"4.2.0"}


def test_the_level_is_raised_only_when_the_environment_is_named(user: User) -> None:
    before = user.kubectl("get", "pods", "-n", "prompt-kafka", "-o", "jsonpath={.items[*].metadata.uid}")
    refused = user.run("upgrade", "metadata", "--yes", code=4)
    assert "refused (point-of-no-return)" in refused.stderr
    record = done(user, "upgrade", "metadata", "--confirm", "lab")
    assert "the brokers have finalized metadata level 4.2-IV1" in " ".join(record["steps"][-1]["evidence"])
    assert status_of(user)["kafkaMetadataVersion"] == finalized(user) == "4.2-IV1"
    after = user.kubectl("get", "pods", "-n", "prompt-kafka", "-o", "jsonpath={.items[*].metadata.uid}")
    assert after == before, "no pod restarts by it"
    assert "nothing to do" in user.run("upgrade", "metadata", "--yes").stdout


def test_afterwards_the_way_back_is_refused_with_the_reason(user: User) -> None:
    refused = user.run("upgrade", "kafka", "4.1.1", "--yes", code=4)
    assert "refused (below-metadata)" in refused.stderr
    assert "the metadata level is 4.2-IV1, and Kafka 4.1.1 reads none above 4.1-IV1" in refused.stderr
