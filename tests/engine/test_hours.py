"""A run overtaken by the night: the step in flight gets its proof, the next disruptive one does not begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.hours_guard import guarded, overridden
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord, StepState
from prompt_kafka.core.world import Look, World
from prompt_kafka.engine.runner import Runner
from tests.engine.test_runner import K4, ROLL, Heard, Service, _roll
from tests.worlds import NOW, change, healthy

K5 = "prompt-kafka-kafka-5"
OPEN = {"target": {"production": True}, "hours": [[-12, -4], [0.001, 12]]}
"""Production begins 3.6 seconds after the plan was made; a pod needs five to come back."""


def _plan() -> Plan:
    first = _roll(disruptive=True)
    second = _roll(
        title="restart 5",
        action=replace(ROLL, name=K5, uid="uid-5"),
        proof=tuple(replace(p, pods=((K5, "uid-5"),)) for p in first.proof),  # type: ignore[type-var]
        disruptive=True,
    )
    world = change(healthy(), OPEN)
    return guarded(Plan("restart", world.target, "two pods", (first, second)), world, Terms())


class Evening(Service):
    """A service whose World knows what time it is; each pod is back five seconds after it was asked for."""

    def observe(self, parts: frozenset[Look]) -> World:
        self.looks.append(parts)
        world = change(healthy(), OPEN)
        if self.acted_at is not None and self.clock.monotonic() - self.acted_at >= 5:
            names = (K4, K5)[: len(self.actions)]
            world = change(world, {"pods": {name: {"uid": f"{name}-new"} for name in names}})
        elif len(self.actions) == 2:
            world = change(world, {"pods": {K4: {"uid": f"{K4}-new"}}})
        return replace(world, at=NOW + timedelta(seconds=self.clock.monotonic()))


def test_it_stops_before_the_next_disruptive_step_and_goes_on_with_a_reason() -> None:
    service, kept = Evening(ManualClock(NOW), lambda _: healthy()), []
    runner = Runner(service.observe, service.perform, kept.append, Heard(), service.clock)
    with pytest.raises(StoppedError, match="production has begun: production hours until") as stopped:
        runner.run(RunRecord.begin("r", _plan(), "a@b", NOW))
    assert stopped.value.where == "step 2: restart 5"
    assert "--override-hours" in (stopped.value.next or "")
    assert [step.state for step in kept[-1].steps] == [StepState.PROVED, StepState.PENDING]
    assert len(service.actions) == 1
    with pytest.raises(StoppedError, match="production has begun"):
        runner.run(kept[-1])
    done = runner.run(overridden(kept[-1], "half is done"))
    assert [step.state for step in done.steps] == [StepState.PROVED, StepState.PROVED]
    assert len(service.actions) == 2
