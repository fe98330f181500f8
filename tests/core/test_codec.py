"""Conditions, actions and plans survive JSON: another process reads the same plan."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_kafka.core.actions import Action
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.conditions import Condition, Finished
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.plan import Plan

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


def _any_of(union: Any) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.from_type(cls) for cls in union.__args__])


@settings(deadline=None)
@given(_any_of(Condition))
def test_every_condition_survives_json(condition: Condition) -> None:
    assert decode(json.loads(json.dumps(encode(condition))), Condition) == condition


@settings(deadline=None)
@given(_any_of(Action))
def test_every_action_survives_json(action: Action) -> None:
    assert decode(json.loads(json.dumps(encode(action))), Action) == action


@settings(max_examples=30)
@given(st.from_type(Plan))
def test_every_plan_survives_json_with_its_digest(plan: Plan) -> None:
    again = decode(json.loads(json.dumps(encode(plan))), Plan)
    assert again == plan
    assert again.digest == plan.digest


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "Unheard"},
        {"kind": "Finished", "canary": "yes", "stable_s": 1, "without_groups": [], "without_operator": False},
        {**encode(Finished()), "more": 1},
        "Finished",
        None,
        [],
    ],
)
def test_what_this_version_does_not_know_is_refused(data: Any) -> None:
    with pytest.raises(UsageError):
        decode(data, Condition)
