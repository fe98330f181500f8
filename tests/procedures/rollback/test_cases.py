"""Roll back, world in, plan out: one case a file. The older commit was deployed before the newest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import Commit
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request import RollbackRequest
from prompt_kafka.core.world import Seen
from prompt_kafka.procedures import rollback
from tests.deployments import before, does, edited, with_settings
from tests.topics import FOLDER, HEAD, OLDER
from tests.worlds import NOW

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    head = edited(case.get("head") or {})
    older = edited(case.get("older") or {})
    usual = {"deployed": HEAD, "history": [OLDER, HEAD], "sync": "Synced"}
    service = case.get("service") or {}
    service = {**service, "application": {**usual, **service.get("application", {})}}
    world, means = before(head, older, service, case.get("world") or {})
    if "settings" in case:
        world = with_settings(world, case["settings"])
    if "restores" in case:
        git = world.git.known
        assert git is not None
        log = (Commit(HEAD, "Roll back", "Ada", NOW, case["restores"]), *git.log[1:])
        world = replace(world, git=Seen(replace(git, log=log), NOW))
    request = RollbackRequest(**case.get("request") or {})
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            rollback.plan(request, world, means)
        assert refused.value.rule == case["refuses"]["rule"]
        assert case["refuses"]["names"] in str(refused.value)
        return
    plan = rollback.plan(request, world, means)
    assert does(plan) == case.get("steps", [])
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because
    for note in case.get("notes") or ():
        assert any(note in each for each in plan.notes), plan.notes
    proof = " ".join(str(each) for each in plan.steps[-1].proof) if plan.steps else ""
    for words in case.get("proof") or ():
        assert words in proof
    commits = [step.action for step in plan.steps if isinstance(step.action, CommitFiles)]
    for commit in commits:
        texts = {**older}
        assert {f"{FOLDER}/{each}" for each in case["commits"]} == {f.path for f in commit.files}
        for file in commit.files:
            if file.path in texts:
                assert file.after == texts[file.path]
        assert f"Prompt-Kafka-Rollback: {OLDER}" in commit.message
        assert "Keep logs shorter" in commit.message
