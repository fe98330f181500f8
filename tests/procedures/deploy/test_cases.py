"""Deploy, world in, plan out: one case a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request import DeployRequest
from prompt_kafka.procedures import deploy
from tests.deployments import before, does, edited

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    head = edited(case.get("head") or {})
    older = edited(case.get("older") or {})
    world, means = before(head, older, case.get("service") or {}, case.get("world") or {})
    request = DeployRequest(**case.get("request") or {})
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            deploy.plan(request, world, means)
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = deploy.plan(request, world, means)
    assert does(plan) == case.get("steps", [])
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because
    for note in case.get("notes") or ():
        assert any(note in each for each in plan.notes), plan.notes
    assert [s.title for s in plan.points_of_no_return] == case.get("irreversible", [])
    proof = " ".join(str(each) for each in plan.steps[-1].proof) if plan.steps else ""
    for words in case.get("proof") or ():
        assert words in proof
    for words in case.get("shows") or ():
        assert words in "\n".join(plan.resources)
