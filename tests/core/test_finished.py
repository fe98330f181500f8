"""*Really finished*: every clause must be able to say no, and none may say yes to what was not seen."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_kafka.core.finished import clauses, finished
from prompt_kafka.core.verdict import Answer
from tests.worlds import change, healthy

K4 = "prompt-kafka-kafka-4"

FALSE_GREEN: dict[str, tuple[dict[str, Any], str]] = {
    "old generation": ({"kafka": {"observed_generation": 2}}, "generation observed"),
    "not ready": ({"kafka": {"conditions": [["NotReady", "True", "FatalProblem", "x"]]}}, "Kafka Ready"),
    "paused": ({"kafka": {"paused": True}}, "not paused"),
    "pod not ready": ({"pods": {K4: {"ready": False}}}, "pods Ready"),
    "pod missing": ({"pods": {K4: None}}, "pods Ready"),
    "pod stopping": ({"pods": {K4: {"deleting": True}}}, "pods Ready"),
    "old revision": ({"pods": {K4: {"revision": "old"}}}, "pods on revision"),
    "old version on a pod": ({"pods": {K4: {"kafka_version": "4.1.0"}}}, "pods on revision"),
    "roll still asked for": ({"pod_sets": {"prompt-kafka-kafka": {"rolling": True}}}, "pods on revision"),
    "stale version in status": ({"kafka": {"version": "4.1.0"}}, "version"),
    "wedged quorum under Ready pods": ({"quorum": "no leader"}, "quorum led"),
    "a voter behind": ({"quorum": {"behind": 2}}, "voters caught up"),
    "a fenced broker": ({"fenced": [4]}, "brokers registered"),
    "a partition without leader": ({"no_leader": ["canary"]}, "none offline"),
    "under min ISR": ({"out_of_sync": [4, 5]}, "none under min ISR"),
    "under-replicated": ({"out_of_sync": [4]}, "none under-replicated"),
    "lag over the objective": ({"lag": {"butler-writer": 61}}, "lag within objective"),
    "canary failed": ({"canary": {"failed": "timed out"}}, "canary"),
}


def test_a_healthy_service_is_finished() -> None:
    verdict = finished(healthy(), canary=True)
    assert verdict.answer is Answer.YES
    assert "controller 1 leads, epoch 7" in verdict.because
    assert "canary back in 5 ms" in verdict.because


@pytest.mark.parametrize("name", FALSE_GREEN)
def test_each_clause_refuses_what_only_looks_finished(name: str) -> None:
    differences, clause = FALSE_GREEN[name]
    world = change(healthy(), differences)
    assert finished(world, canary=True).answer is Answer.NO
    wrong = {c.name for c in clauses(world, canary=True) if not c.verdict.holds}
    assert clause in wrong


def test_every_clause_is_exercised_by_a_false_green_state() -> None:
    assert {clause for _, clause in FALSE_GREEN.values()} == {c.name for c in clauses(healthy(), canary=True)}


@pytest.mark.parametrize("part", ["nodes", "quorum", "cluster", "topics", "groups", "canary"])
def test_what_was_not_seen_is_never_called_finished(part: str) -> None:
    world = change(healthy(), {"unknown": {part: "the route is down"}})
    verdict = finished(world, canary=True)
    assert verdict.answer is Answer.UNKNOWN
    assert "the route is down" in verdict.because


def test_a_no_outweighs_a_cannot_tell() -> None:
    world = change(healthy(), {"unknown": {"groups": "x"}, "fenced": [3]})
    assert finished(world, canary=False).answer is Answer.NO


def test_a_look_does_not_ask_for_the_canary() -> None:
    world = change(healthy(), {"unknown": {"canary": "it was not looked at"}})
    assert finished(world, canary=False).holds


def test_a_group_that_was_behind_before_can_be_left_out() -> None:
    world = change(healthy(), {"lag": {"butler-writer": 600}})
    assert finished(world, canary=True, without_groups=frozenset({"butler-writer"})).holds


def test_without_the_operator_its_own_clauses_are_left_out_and_no_others() -> None:
    world = change(healthy(), {"kafka": {"paused": True, "conditions": [["ReconciliationPaused", "True"]]}})
    assert finished(world, canary=True, without_operator=True).holds
    assert not finished(change(world, {"fenced": [4]}), canary=True, without_operator=True).holds
