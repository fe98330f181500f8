"""A saved plan runs only in the world that it was made for; otherwise the fact that moved is named."""

from __future__ import annotations

import json

import pytest

from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.core.saved import SavedPlan
from prompt_kafka.procedures import restart
from tests.worlds import MEANS, change, healthy

K4 = "prompt-kafka-kafka-4"
REQUEST = RestartRequest(pods=(K4,))


def _saved() -> SavedPlan:
    return SavedPlan.of(REQUEST, restart.plan(REQUEST, healthy(), MEANS))


def test_a_plan_survives_its_file() -> None:
    assert SavedPlan.from_json(_saved().to_json(), "plan.json") == _saved()


def test_in_the_same_world_it_may_run() -> None:
    saved = SavedPlan.from_json(_saved().to_json(), "plan.json")
    saved.refuse_if_moved(restart.plan(saved.request, healthy(), MEANS))


def test_a_pod_that_was_replaced_since_is_named() -> None:
    moved = change(healthy(), {"pods": {K4: {"uid": "uid-4b"}}})
    with pytest.raises(RefusedError) as refused:
        _saved().refuse_if_moved(restart.plan(REQUEST, moved, MEANS))
    assert refused.value.rule == "plan-moved"
    assert "uid-4b" in refused.value.what


def test_what_the_plan_did_not_read_may_move() -> None:
    moved = change(healthy(), {"kafka": {"metadata_version": "4.1-IV0"}, "canary": {"failed": "x"}})
    _saved().refuse_if_moved(restart.plan(REQUEST, moved, MEANS))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not a saved plan"),
        ("[]", "not a saved plan of schema 1"),
        ('{"schema": 7}', "found 7"),
        ('{"schema": 1, "kind": "SavedPlan"}', "not a saved plan"),
    ],
)
def test_what_is_no_saved_plan_is_refused(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        SavedPlan.from_json(text, "plan.json")


def test_an_edited_file_is_refused() -> None:
    data = json.loads(_saved().to_json())
    data["plan"]["steps"][0]["action"]["value"] = "false"
    with pytest.raises(UsageError, match="edited"):
        SavedPlan.from_json(json.dumps(data), "plan.json")
