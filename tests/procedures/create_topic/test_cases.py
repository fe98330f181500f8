"""Create a topic, world in, plan out: one case a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.procedures import create_topic
from tests.topics import FOLDER, Charts, change, committed, means, request, service, shipped_files

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def _edited(edits: dict[str, list[list[str]]]) -> dict[str, str]:
    """Return files of the chart in which text was replaced by other text; of the whole when it is empty."""
    files = {}
    for path, pairs in edits.items():
        text = shipped_files().get(f"{FOLDER}/{path}", "")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1) if old else new
        files[f"{FOLDER}/{path}"] = text
    return files


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    files = _edited(case.get("files") or {})
    older = _edited(case.get("older") or {}) if "older" in case else files
    environment = case.get("environment", "lab")
    world = change(service(environment, files), case.get("world") or {})
    asked = request(case.get("request") or {})
    charts = Charts(files, older=older)

    def planned() -> Plan:
        return create_topic.plan(asked, world, means(charts))

    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            planned()
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = planned()
    assert [_said(step) for step in plan.steps] == case["steps"]
    if "commits" in case:
        assert sorted(path.removeprefix(f"{FOLDER}/") for path in committed(plan)) == sorted(case["commits"])
    for note in case.get("notes") or ():
        assert note in plan.notes
    for sentence in case.get("words") or ():
        assert sentence in plan.words
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because


def _said(step: Step) -> dict[str, Any]:
    action = encode(step.action)
    what = {
        "CommitFiles": lambda: action["branch"],
        "Refresh": lambda: action["application"],
        "Sync": lambda: " ".join([action["step"], *(each["name"] for each in action["resources"])]),
        "Manual": lambda: action["line"],
        "Observe": lambda: "",
    }[action["kind"]]()
    return {
        "does": f"{action['kind']} {what}".strip(),
        "proof": [_proof(encode(each)) for each in step.proof],
    }


def _proof(condition: dict[str, Any]) -> str:
    kind = condition["kind"]
    if kind == "ResourceReady":
        return f"{kind} {condition['resource']} {condition['name']}"
    if kind == "ResourceAgrees":
        layout = f"{condition['partitions']}×{condition['replicas']}"
        return " ".join([kind, condition["topic"], layout, *("=".join(s) for s in condition["settings"])])
    if kind == "UserAuthorized":
        rights = [
            f"{name}: {' '.join(may) or '-'}" for name, may in condition["topics"] + condition["groups"]
        ]
        return f"{kind} {condition['user']}, {', '.join(rights)}"
    if kind == "SecretPresent":
        return f"{kind} {condition['secret']} {condition['key']}"
    if kind in ("SyncSucceeded", "SyncBegun"):
        return f"{kind} {condition['step']}"
    return str(kind)
