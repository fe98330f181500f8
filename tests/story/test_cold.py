"""Cold startup and cold shutdown as a user lives them. Each test goes on where the one before ended."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.story.cold_lab import Lab
from tests.story.cold_orders import at_rest
from tests.story.conftest import User, wait_until
from tests.story.downtimes import NODES, orders

pytestmark = pytest.mark.lab

CONTROLLERS = tuple(f"prompt-kafka-controller-{number}" for number in range(3))


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> None:
    user.run("lab", "up")
    user.run("lab", "traffic", "--rate", "200", "--duration", "3s")


def _release_later(user: User, seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: user.run("lab", "faults", "release"))
    timer.start()
    return timer


def _pods(user: User, label: str) -> str:
    return user.kubectl("get", "pods", "-n", "prompt-kafka", "-l", label, "--no-headers")


def _evidence(record: dict[str, Any]) -> str:
    return " ".join(line for step in record["steps"] for line in step["evidence"])


def test_a_healthy_service_is_left_alone_with_the_reason(user: User) -> None:
    plan = user.json("cold-startup", "--dry-run")
    assert plan["steps"] == []
    assert plan["nothing_because"].startswith("the service is really finished")


def test_after_a_power_loss_it_is_diagnosed_waited_for_and_proved(user: User) -> None:
    user.run("lab", "faults", "power-loss")
    plan = user.json("cold-startup", "--dry-run")
    assert plan["recovery"] is True
    assert any("machine down" in line for line in plan["found"]), plan["found"]
    assert "wait for 6 machines" in plan["steps"][0]["title"]
    back = _release_later(user, 2)
    record = user.json("cold-startup", "--yes")
    back.join()
    assert record["state"] == "done"
    assert "nothing acknowledged is missing" in _evidence(record)
    assert "canary back in" in record["steps"][-1]["evidence"][0]
    assert user.json("cold-startup", "--dry-run")["steps"] == []


def test_a_seeded_downtime_loses_nothing(user: User) -> None:
    """CI's sample of the forty (``test_cold_orders``): machines back in a random order, asked first."""
    order = next(order for order in orders(7, 40) if order.kind == "power loss" and order.asked_first)
    found = at_rest(Lab(user), order)
    assert (found["exit"], found["healthy"]) == (0, True), json.dumps(found)
    assert (found["lost_by_sequence"], found["lost_as_reported"]) == ({}, {}), found
    assert found["acknowledged"] > 100


@pytest.mark.slow
def test_ready_controllers_without_a_leader_are_called_wedged_and_made_anew(user: User) -> None:
    user.run("lab", "faults", "wedge-quorum")

    def found() -> bool:
        plan = user.json("cold-startup", "--dry-run")
        return any("the quorum is wedged" in line for line in plan["found"])

    wait_until(found, 60, "the finding: controllers that have just begun may still be electing")
    assert _pods(user, "strimzi.io/controller-role=true").count("1/1") == 3
    record = user.json("cold-startup", "--yes")
    assert any("asked again" in line for line in record["steps"][0]["evidence"])
    assert user.json("status")["healthy"] is True


def test_nothing_is_needed_to_shut_down_says_the_page(user: User) -> None:
    said = user.run("cold-shutdown").stdout
    assert "no specific procedures are needed to cleanly shut down" in said
    assert user.json("status")["healthy"] is True


def test_a_graceful_shutdown_wants_what_cannot_be_told_accepted(user: User) -> None:
    refused = user.run("cold-shutdown", "--graceful", "--yes", "--accept", "producers", code=4)
    assert "refused (snapshot-age)" in refused.stderr


@pytest.mark.slow
def test_shut_down_in_order_it_is_told_as_that(user: User) -> None:
    accept = ("--accept", "snapshot-age", "--accept", "producers")
    record = user.json("cold-shutdown", "--graceful", "--yes", *accept)
    assert record["state"] == "done"
    assert _pods(user, "strimzi.io/kind=Kafka") == ""
    found = user.json("status", code=1)
    (problem,) = found["problems"]
    assert "shut down on purpose" in problem["what"]
    again = user.json("cold-shutdown", "--graceful", "--dry-run")
    assert again["nothing_because"].startswith("it is shut down since")


@pytest.mark.slow
def test_the_start_finds_the_record_resumes_and_compares(user: User) -> None:
    record = user.json("cold-startup", "--yes")
    said = _evidence(record)
    assert "as recorded at" in said
    assert "3 of 3 brokers had been stopped cleanly" in said
    assert user.json("status")["healthy"] is True
    assert user.json("cold-startup", "--dry-run")["steps"] == []


@pytest.mark.slow
def test_a_majority_of_blank_controllers_is_refused_and_never_called_healthy(user: User) -> None:
    """The one that knows everything comes late: the others have elected one of them by then."""
    knowing = _host(user, CONTROLLERS[0])
    user.run("lab", "faults", "power-loss")
    user.run("lab", "faults", "blank-disk", *CONTROLLERS[1:])
    user.run("lab", "faults", "release", *(node for node in NODES if node != knowing))

    def refused() -> bool:
        done = user.run("cold-startup", "--dry-run", code=None)
        return done.returncode == 4 and "refused (majority-blank)" in done.stderr

    wait_until(refused, 120, "the refusal")
    assert user.json("status", code=None)["healthy"] is False
    user.run("lab", "faults", "release")
    wait_until(lambda: _pods(user, "strimzi.io/controller-role=true").count("1/1") == 3, 120, "the third")
    assert refused()


def _host(user: User, pod: str) -> str:
    return user.kubectl("get", "pod", pod, "-n", "prompt-kafka", "-o", "jsonpath={.spec.nodeName}")
