"""A service that was shut down on purpose is told as that, and as nothing else."""

from __future__ import annotations

from typing import Any

from prompt_kafka.core.cause import Kind
from prompt_kafka.core.diagnosis import diagnose
from prompt_kafka.core.finished import clauses
from tests.cold_worlds import cold

DOWN: dict[str, Any] = {
    "kafka": {"paused": True, "conditions": [["ReconciliationPaused", "True"]]},
    "pods_gone": "all",
    "unknown": {part: "no pod has an address" for part in ("quorum", "cluster", "topics", "groups")},
    "workloads": {"prompt-kafka-entity-operator": [0, 0]},
}


def _kinds(differences: dict[str, Any]) -> list[Kind]:
    world = cold(differences)
    return [cause.kind for cause in diagnose(world, clauses(world, canary=False))]


def test_the_one_cause_and_the_command_that_brings_it_back() -> None:
    world = cold({**DOWN, "shutdown": {}})
    (cause,) = diagnose(world, clauses(world, canary=False))
    assert cause.kind is Kind.SHUT_DOWN
    assert cause.mend == "prompt-kafka cold-startup -e lab"


def test_without_a_record_it_is_paused_by_somebody() -> None:
    assert Kind.PAUSED in _kinds(DOWN)
    assert Kind.PAUSED in _kinds({**DOWN, "shutdown": {"compared": "true"}})


def test_a_record_alone_is_no_shutdown() -> None:
    assert _kinds({"shutdown": {}}) == []
