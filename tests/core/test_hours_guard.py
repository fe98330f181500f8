"""The guard of production hours: plan and world in, guarded plan or refusal out; one case a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.actions import Annotate, Observe
from prompt_kafka.core.conditions import QuorumLed
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.hours_guard import guarded, overridden
from prompt_kafka.core.outside_hours import OutsideProductionHours
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.world import World
from tests.worlds import NOW, change, healthy

CASES = sorted((Path(__file__).parent / "hours_guard").glob("*.yaml"))
NIGHT = {"target": {"production": True}, "hours": [[-2, 10]]}
DAY = {"target": {"production": True}, "hours": [[-12, -4], [6, 18]]}


def plan(world: World, *, disruptive: bool = True, recovery: bool = False) -> Plan:
    act = Annotate("pod", "prompt-kafka-kafka-3", "prompt-kafka", "key", "true")
    steps = (
        Step("restart", "because", act, (QuorumLed(),), disruptive=disruptive),
        Step("prove", "because", Observe(), (QuorumLed(),)),
    )
    return Plan("restart", world.target, "restart", steps, recovery=recovery)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    world = change(healthy(), {"target": {"production": True}})
    world = change(world, case["world"])
    terms = Terms(**case.get("terms", {}))
    made = plan(world, disruptive=case.get("disruptive", True), recovery=case.get("recovery", False))
    if "refuses" in case:
        with pytest.raises(RefusedError) as refused:
            guarded(made, world, terms)
        assert refused.value.rule == case["refuses"]["rule"]
        for name in case["refuses"]["names"]:
            assert name in str(refused.value)
        return
    found = guarded(made, world, terms)
    conditions = [[n for n in s.needs if isinstance(n, OutsideProductionHours)] for s in found.steps]
    assert [bool(each) for each in conditions] == case["guarded"]
    if "holds" in case:
        assert conditions[0][0].judge(world).holds is case["holds"]
    assert list(found.notes) == case["notes"]


def test_what_is_planned_for_later_is_shown_with_what_would_be_refused_now_and_stays_guarded() -> None:
    world = change(healthy(), NIGHT)
    found = guarded(plan(world), world, Terms(), later=True)
    assert any("would be refused now (production-hours)" in note for note in found.notes)
    assert (
        not next(n for n in found.steps[0].needs if isinstance(n, OutsideProductionHours)).judge(world).holds
    )


def test_the_digest_knows_neither_the_time_nor_the_override() -> None:
    day, night = change(healthy(), DAY), change(healthy(), NIGHT)
    later = change(healthy(), {**DAY, "hours": [[-12, -4], [2, 18]]})
    digests = {
        guarded(plan(day), day, Terms()).digest,
        guarded(plan(later), later, Terms()).digest,
        guarded(plan(night), night, Terms(override_hours="it cannot wait")).digest,
    }
    assert len(digests) == 1


def test_a_run_that_the_night_stopped_may_go_on_with_a_reason() -> None:
    day, night = change(healthy(), DAY), change(healthy(), NIGHT)
    record = RunRecord.begin("r", guarded(plan(day), day, Terms()), "me@here", NOW)
    (need,) = record.plan.steps[0].needs
    assert need.judge(day).holds
    assert not need.judge(night).holds
    allowed = overridden(record, "a sick broker")
    (need,) = allowed.plan.steps[0].needs
    assert need.judge(night).holds
    assert allowed.terms.override_hours == "a sick broker"
    assert "production hours are overridden: a sick broker" in allowed.plan.notes
    assert allowed.plan.digest == record.plan.digest
