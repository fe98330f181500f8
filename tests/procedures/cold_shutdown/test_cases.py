"""Cold shutdown, world in, plan out: what is at risk, what is done, what is refused. A case a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request import ColdShutdownRequest, Terms
from prompt_kafka.procedures import cold_shutdown
from tests.cold_worlds import cold
from tests.procedures.cold_startup.test_cases import said
from tests.worlds import MEANS

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world = cold(case.get("world") or {})
    means = replace(MEANS, terms=Terms(accepted=tuple(case.get("accepts") or ())))
    request = ColdShutdownRequest(graceful=case.get("graceful", False))
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            cold_shutdown.plan(request, world, means)
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = cold_shutdown.plan(request, world, means)
    assert [said(step) for step in plan.steps] == (case.get("steps") or [])
    for sentence in case.get("found") or ():
        assert sentence in plan.found
    if "nothing" in case:
        assert plan.nothing_because == case["nothing"]
    for note in case.get("notes") or ():
        assert note in plan.notes
    assert plan.recovery is False
    for step in plan.steps:
        assert step.proof, step.title
