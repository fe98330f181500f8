"""Restart, world in, plan out: one case a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Step
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.procedures import restart
from tests.worlds import MEANS, change, healthy

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world = change(healthy(), case.get("world") or {})
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in (case.get("request") or {}).items()}
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            restart.plan(RestartRequest(**fields), world, MEANS)
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = restart.plan(RestartRequest(**fields), world, MEANS)
    assert [_said(step) for step in plan.steps] == case["steps"]
    for note in case.get("notes") or ():
        assert note in plan.notes
    assert plan.recovery is case.get("recovery", False)


def _said(step: Step) -> dict[str, Any]:
    """Return what a case file says of a step."""
    action = encode(step.action)
    what = f"{action['resource']} {action['name']}" if "resource" in action else ""
    return {
        "does": f"{action['kind']} {what}".strip(),
        "proof": [_proof(encode(condition)) for condition in step.proof],
        "disruptive": step.disruptive,
    }


def _proof(condition: dict[str, Any]) -> str:
    if condition["kind"] == "Replaced":
        return "Replaced " + " ".join(
            str(name).removeprefix("prompt-kafka-") for name, _ in condition["pods"]
        )
    if condition["kind"] == "Finished":
        words = ["Finished"]
        words += ["with canary"] if condition["canary"] else []
        words += ["without operator"] if condition["without_operator"] else []
        words += [f"without {group}" for group in condition["without_groups"]]
        return ", ".join(words)
    return str(condition["kind"])
