"""Watched namespaces, case by case: a service, what is asked for, and the plan or the refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.errors import PromptKafkaError, RefusedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_tree import WatchRequest
from prompt_kafka.procedures import operator_namespaces
from tests import topics
from tests.listeners import lines, service

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world, charts = service(case)

    def planned() -> Plan:
        return operator_namespaces.plan(WatchRequest(**case["request"]), world, topics.means(charts))

    if "refuses" in case:
        with pytest.raises(PromptKafkaError) as refused:
            planned()
        rule = refused.value.rule if isinstance(refused.value, RefusedError) else refused.value.code
        assert rule == case["refuses"]["rule"], refused.value
        for words in case["refuses"]["names"]:
            assert words in str(refused.value), refused.value
        return
    plan = planned()
    assert [type(step.action).__name__ for step in plan.steps] == case["steps"], plan.nothing_because
    assert lines(plan) == (case.get("commits") or {})
    for words in case.get("notes") or ():
        assert any(words in note for note in plan.notes), (words, plan.notes)
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because
