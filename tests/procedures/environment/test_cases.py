"""Environments, case by case: a tree, what is asked for, and the plan or the refusal that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.errors import PromptKafkaError, RefusedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_tree import EnvironmentDeleteRequest, EnvironmentRequest
from prompt_kafka.procedures.table import procedure
from tests.environments import PAGES, before, committed, tree
from tests.topics import change

CASES = sorted((Path(__file__).parent / "cases").glob("*/*.yaml"))


def _request(kind: str, fields: Mapping[str, Any]) -> EnvironmentRequest | EnvironmentDeleteRequest:
    if kind == "delete":
        return EnvironmentDeleteRequest(**fields)
    settings = tuple((str(k), str(v)) for k, v in (fields.get("set") or {}).items())
    applications = tuple(fields.get("applications") or ())
    return EnvironmentRequest(fields["name"], fields.get("source", "lab"), settings, applications)


def _files(case: Mapping[str, Any]) -> dict[str, str | None]:
    files: dict[str, str | None] = dict(PAGES) if case.get("pages") else {}
    for path, pairs in (case.get("files") or {}).items():
        if isinstance(pairs, str) or pairs is None:
            files[path] = pairs
            continue
        text = files.get(path) or tree()[path]
        for old, new in pairs:
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new, 1)
        files[path] = text
    return files


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world, means = before(_files(case), case.get("git"))
    world = change(world, case.get("world") or {})
    asked = _request(path.parent.name, case["request"])

    def planned() -> Plan:
        return procedure(asked).plan(asked, world, means)

    if "refuses" in case:
        with pytest.raises(PromptKafkaError) as refused:
            planned()
        rule = refused.value.rule if isinstance(refused.value, RefusedError) else refused.value.code
        assert rule == case["refuses"]["rule"], refused.value
        for words in case["refuses"]["names"]:
            assert words in str(refused.value), refused.value
        return
    plan = planned()
    if "nothing" in case:
        assert not plan.steps
        assert case["nothing"] in plan.nothing_because
        return
    assert [type(step.action) for step in plan.steps] == [CommitFiles]
    files = committed(plan)
    assert sorted(files) == sorted(case["commits"])
    for each, lines in case["commits"].items():
        text = files[each]
        if lines is None:
            assert text is None
            continue
        for line in lines:
            assert line in (text or "").splitlines(), (each, line, text)
    for each, lines in (case.get("without") or {}).items():
        for line in lines:
            assert line not in (files[each] or ""), (each, line)
    for words in case.get("notes") or ():
        assert any(words in note for note in plan.notes), (words, plan.notes)
