"""Cold startup, world in, plan out: what is wrong, what is done about it, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Step
from prompt_kafka.core.request import ColdStartupRequest, Terms
from prompt_kafka.procedures import cold_startup
from tests.cold_worlds import cold
from tests.worlds import MEANS

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world = cold(case.get("world") or {})
    means = replace(MEANS, terms=Terms(accepted=tuple(case.get("accepts") or ())))
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            cold_startup.plan(ColdStartupRequest(), world, means)
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = cold_startup.plan(ColdStartupRequest(), world, means)
    assert [said(step) for step in plan.steps] == (case.get("steps") or [])
    assert list(plan.found) == (case.get("found") or [])
    for note in case.get("notes") or ():
        assert note in plan.notes
    if "nothing" in case:
        assert plan.nothing_because.startswith(case["nothing"])
    assert plan.recovery is case.get("recovery", False)
    for step in plan.steps:
        assert step.proof, step.title


def said(step: Step) -> str:
    """Return what a case file says of a step: title, what it does, what is done where that is given up."""
    words = [step.title]
    action = encode(step.action)
    if action["kind"] != "Observe":
        words.append(_does(action))
    if step.again is not None:
        words.append(f"given up: {_does(encode(step.again))}")
    return " | ".join(words)


def _does(action: dict[str, Any]) -> str:
    names = action.get("name") or " ".join(
        name.removeprefix("prompt-kafka-") for name, _ in action["objects"]
    )
    more = f"={action['replicas']}" if "replicas" in action else ""
    more += f" {action['key'].rpartition('/')[2]}={action['value']}" if "key" in action else ""
    return f"{action['kind']} {names.removeprefix('prompt-kafka-')}{more}"
