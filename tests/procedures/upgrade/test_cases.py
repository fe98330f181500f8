"""Upgrades, case by case: a service, what is asked for, and the plan or the refusal that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.changes import CommitFiles, Refresh, Sync
from prompt_kafka.core.codec import encode
from prompt_kafka.core.conditions import Finished
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import KafkaUpgradeRequest, MetadataRequest, OperatorUpgradeRequest
from prompt_kafka.procedures.table import procedure
from tests import topics, upgrades

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*/*.yaml"))
REQUESTS: Mapping[str, Any] = {
    "kafka": lambda fields: KafkaUpgradeRequest(**fields),
    "metadata": lambda fields: MetadataRequest(**fields),
    "strimzi": lambda fields: OperatorUpgradeRequest(**fields),
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world, charts = upgrades.service(**(case.get("service") or {}))
    world = upgrades.change(world, case.get("world") or {})
    asked = REQUESTS[path.parent.name](case.get("request") or {})
    chosen = procedure(asked)

    def planned() -> Plan:
        return chosen.plan(asked, world, topics.means(charts))

    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            planned()
        assert refused.value.rule == case["refuses"]["rule"], refused.value
        for words in case["refuses"]["names"]:
            assert words in str(refused.value)
        return
    plan = planned()
    assert [_said(step) for step in plan.steps] == case["steps"], [_said(step) for step in plan.steps]
    assert _lines(plan) == (case.get("commits") or {})
    for words in case.get("notes") or ():
        assert any(words in note for note in plan.notes), (words, plan.notes)
    for words in case.get("no_notes") or ():
        assert not any(words in note for note in plan.notes), (words, plan.notes)
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because
    assert [step.title for step in plan.points_of_no_return] == (case.get("no_return") or [])
    needed = chosen.needs_to_see(asked)
    assert not any(isinstance(step.action, Sync) and step.action.resources for step in plan.steps)
    assert all(
        part in needed for step in plan.steps for c in step.proof for part in c.needs_to_see if _plain(part)
    )


def _plain(part: object) -> bool:
    """Return whether a look is a part that planning must have seen; files and the canary are not."""
    return str(part) in ("pods", "nodes", "metadata level", "the operator's clusters", "git", "applications")


def _said(step: Step) -> str:
    action = step.action
    does = type(action).__name__
    if isinstance(action, Refresh | Sync):
        does += f" {action.application}"
    proof = []
    for each in step.proof:
        fields = encode(each)
        words = [
            str(fields[k]) for k in ("version", "metadata", "level", "operator", "clusters") if k in fields
        ]
        proof.append(" ".join([fields["kind"], *words]) if not isinstance(each, Finished) else "Finished")
    marks = "!" if step.disruptive else ""
    return f"{does}{marks}: {', '.join(proof)}"


def _lines(plan: Plan) -> dict[str, list[str]]:
    """Return the lines that a plan's commit changes, as a difference shows them."""
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        if isinstance(step.action, CommitFiles):
            for each in step.action.files:
                lines = each.diff.splitlines()
                found[each.path] = [
                    line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))
                ]
    return found


def test_in_the_goal_state_every_upgrade_is_empty_with_its_reason() -> None:
    world, charts = upgrades.service()
    for asked in (KafkaUpgradeRequest("4.1.1"), MetadataRequest(), OperatorUpgradeRequest("0.51.0")):
        plan = procedure(asked).plan(asked, world, topics.means(charts))
        assert plan.steps == ()
        assert plan.nothing_because


def test_what_was_not_seen_is_refused_not_assumed() -> None:
    world, charts = upgrades.service()
    unseen = upgrades.unseen("nobody answers")
    for asked, parts in (
        (KafkaUpgradeRequest("4.2.0"), ("nodes", "git", "applications", "cluster", "topics", "features")),
        (MetadataRequest("4.1-IV0"), ("nodes", "git", "applications", "features", "quorum")),
        (OperatorUpgradeRequest("0.50.1"), ("nodes", "git", "applications", "installation", "topics")),
    ):
        for part in parts:
            with pytest.raises(RefusedError) as refused:
                procedure(asked).plan(asked, replace(world, **{part: unseen}), topics.means(charts))
            assert refused.value.rule == "not-seen", (asked, part)
            assert "nobody answers" in str(refused.value)


def test_planning_again_after_the_commit_goes_on_without_one() -> None:
    """Stopped after the commit: the next plan syncs and follows, and commits nothing."""
    world, charts = upgrades.service(kafka="4.1.1", in_git={"kafka": "4.2.0", "metadata": "4.1-IV1"})
    git, applications = world.git.known, world.applications.known
    assert git is not None and applications is not None
    old = replace(git, head="c" * 40, commits=("c" * 40, *git.commits))
    world = replace(world, git=topics.Seen(old, topics.NOW))
    asked = KafkaUpgradeRequest("4.2.0", with_undeployed=True)
    plan = procedure(asked).plan(asked, world, topics.means(charts))
    assert [type(step.action).__name__ for step in plan.steps] == ["Refresh", "Sync", "Observe", "Observe"]


def test_a_later_commit_of_somebody_else_makes_no_work() -> None:
    """Argo CD may not even have looked at it: what is asked for is in Git and in the cluster."""
    world, charts = upgrades.service()
    git = world.git.known
    assert git is not None
    later = replace(git, head="c" * 40, commits=("c" * 40, *git.commits))
    world = replace(world, git=topics.Seen(later, topics.NOW))
    for asked in (KafkaUpgradeRequest("4.1.1"), MetadataRequest(), OperatorUpgradeRequest("0.51.0")):
        assert procedure(asked).plan(asked, world, topics.means(charts)).steps == ()


def test_in_git_and_compared_but_not_in_the_cluster_is_synced() -> None:
    world, charts = upgrades.service(operator="0.50.1", in_git={"operator": "0.51.0"})
    asked = OperatorUpgradeRequest("0.51.0")
    plan = procedure(asked).plan(asked, world, topics.means(charts))
    assert [type(step.action).__name__ for step in plan.steps] == ["Sync", "Observe", "Observe", "Observe"]
