"""``status`` names the cause and the command that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_kafka.core.status import report
from prompt_kafka.core.verdict import Answer
from tests.worlds import change, healthy

K4 = "prompt-kafka-kafka-4"


def test_a_healthy_service_has_no_problems() -> None:
    found = report(healthy())
    assert found.answer is Answer.YES
    assert found.problems == ()


SICK: dict[str, tuple[dict[str, Any], str, str]] = {
    "a frozen broker": (
        {"pods": {K4: {"ready": False}}, "out_of_sync": [4], "fenced": [4]},
        f"{K4} (broker): not Ready, fenced, out of sync on 4 partitions",
        f"prompt-kafka restart {K4} -e lab",
    ),
    "a controller behind": (
        {"quorum": {"behind": 2}},
        "prompt-kafka-controller-2 (controller): behind the quorum's leader",
        "prompt-kafka restart prompt-kafka-controller-2 -e lab",
    ),
    "a wedged quorum under Ready pods": (
        {"quorum": "no leader"},
        "the metadata quorum has no leader: no controller leads the quorum",
        "prompt-kafka restart controllers -e lab",
    ),
    "reconciliation paused": (
        {"kafka": {"paused": True, "conditions": [["ReconciliationPaused", "True"]]}},
        "reconciliation is paused: the operator changes nothing and its status is wiped",
        "kubectl --context lab -n prompt-kafka annotate kafka prompt-kafka strimzi.io/pause-reconciliation-",
    ),
    "lag": (
        {"lag": {"butler-writer": 300}},
        "lag within objective: group butler-writer is 300 s behind, objective 60 s",
        "are the group's consumers running? prompt-kafka group list -e lab",
    ),
}


@pytest.mark.parametrize("name", SICK)
def test_one_cause_is_one_problem_with_its_command(name: str) -> None:
    differences, what, mend = SICK[name]
    found = report(change(healthy(), differences))
    assert found.answer is Answer.NO
    assert [(p.what, p.mend) for p in found.problems] == [(what, mend)]


def test_an_unsupported_version_is_told_in_the_operators_words() -> None:
    message = "Unsupported Kafka.spec.kafka.version: 4.0.0. Supported versions are: [4.1.0, 4.1.1, 4.2.0]"
    conditions = [["NotReady", "True", "UnsupportedKafkaVersionException", message]]
    world = change(healthy(), {"kafka": {"conditions": conditions, "wanted_version": "4.0.0"}})
    (problem,) = report(world).problems
    assert message in problem.what


def test_what_cannot_be_seen_is_one_problem_for_each_reason() -> None:
    parts = {"topics": "no way to the brokers", "groups": "no way to the brokers"}
    found = report(change(healthy(), {"unknown": parts}))
    assert found.answer is Answer.UNKNOWN
    (problem,) = found.problems
    assert "no way to the brokers" in problem.what
    assert "lag within objective" in problem.what


def test_another_cluster_than_the_pinned_one_comes_first() -> None:
    found = report(change(healthy(), {"target": {"cluster_id": "another"}}))
    assert "not m5kH2vXqTn6bJ0sY1wQeRg as pinned" in found.problems[0].what
