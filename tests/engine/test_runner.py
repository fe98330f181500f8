"""The runner, on Worlds that change as it acts: values only, no service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from prompt_kafka.core.actions import Action, Annotate, AnnotateEach, Observe
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.conditions import Finished, OperatorRuns, Replaced, RollBegun, RollGivenUp, TargetIs
from prompt_kafka.core.errors import StoppedError, TimedOutError, UnreachableError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import RunRecord, RunState, StepRecord, StepState
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, Part, World
from prompt_kafka.engine.runner import Runner
from tests.worlds import CLUSTER_ID, NOW, change, healthy

K4 = "prompt-kafka-kafka-4"
ROLL = Annotate("pod", K4, "prompt-kafka", "strimzi.io/manual-rolling-update", "true", "uid-4")
RENEWED = {"pods": {K4: {"uid": "uid-4b"}}}


@dataclass
class Service:
    """A service whose World is a function of the time since something was done to it."""

    clock: ManualClock
    after: Callable[[float], World]
    world: World = field(default_factory=healthy)
    actions: list[Action] = field(default_factory=list)
    looks: list[frozenset[Look]] = field(default_factory=list)
    acted_at: float | None = None

    def observe(self, parts: frozenset[Look]) -> World:
        self.looks.append(parts)
        if self.acted_at is None:
            return self.world
        return self.after(self.clock.monotonic() - self.acted_at)

    def perform(self, action: Action) -> None:
        self.actions.append(action)
        self.acted_at = self.clock.monotonic()


@dataclass
class Heard:
    """A listener that keeps what it was told."""

    unmet: list[str] = field(default_factory=list)
    outcomes: list[StepRecord] = field(default_factory=list)

    also: frozenset[Look] = frozenset()

    def step_began(self, number: int, step: Step) -> None: ...

    def beat(self, world: World) -> None: ...

    def acted(self, step: Step) -> None: ...

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        self.unmet += [verdict.because for verdict in unmet]

    def handed_over(self, step: Step) -> None:
        self.unmet.append(f"by hand: {step.by_hand}")

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        self.unmet.append(given_up.because)

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        self.outcomes.append(record)

    def noticed(self, text: str) -> None: ...


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing is cleaned up."""


def _begin(*steps: Step) -> RunRecord:
    return RunRecord.begin("run-1", Plan("restart", healthy().target, "test", steps), "a@b", NOW)


def _nothing(_: object) -> None: ...


def _roll(**fields: Any) -> Step:
    step = Step(
        "restart 4",
        "why",
        ROLL,
        proof=(Replaced(((K4, "uid-4"),)),),
        needs=(TargetIs(CLUSTER_ID), OperatorRuns()),
        marks=(RollBegun(((K4, "uid-4"),)),),
        timeout_s=60,
    )
    return replace(step, **fields)


def _run(
    record: RunRecord, after: Callable[[float], World], world: World | None = None
) -> tuple[Service, Heard, ManualClock]:
    clock = ManualClock(NOW)
    service = Service(clock, after, world or healthy())
    heard = Heard()
    Runner(service.observe, service.perform, _nothing, heard, clock).run(record)
    return service, heard, clock


def _rolling(seconds: float) -> World:
    return change(healthy(), {"pods": {K4: {"rolling": True}}} if seconds < 5 else RENEWED)


def test_a_step_acts_once_and_waits_for_its_proof() -> None:
    def after(seconds: float) -> World:
        return healthy() if seconds < 5 else change(healthy(), RENEWED)

    service, heard, clock = _run(_begin(_roll()), after)
    assert service.actions == [ROLL]
    assert 5 <= clock.monotonic() < 7
    assert heard.unmet[0] == f"{K4} is still the old one"
    assert heard.outcomes[0].evidence == ("1 pod replaced",)


def test_what_is_proved_already_is_not_done_again() -> None:
    service, heard, _ = _run(_begin(_roll()), lambda _: healthy(), world=change(healthy(), RENEWED))
    assert service.actions == []
    assert heard.outcomes[0].acted is False


def test_a_world_that_moved_stops_the_run_before_it_acts() -> None:
    moved = change(healthy(), {"operator": {"ready": False}})
    with pytest.raises(StoppedError, match="the cluster operator is not running"):
        _run(_begin(_roll()), lambda _: healthy(), world=moved)


def test_no_proof_in_time_is_a_failure_that_says_what_is_missing() -> None:
    with pytest.raises(TimedOutError, match="still the old one"):
        _run(_begin(_roll()), lambda _: healthy())


def test_stable_means_without_a_break() -> None:
    proof = Step("prove", "why", Observe(), proof=(Finished(canary=True, stable_s=3),), timeout_s=60)

    def after(seconds: float) -> World:
        return change(healthy(), {"fenced": [4]}) if 2 <= seconds < 4 else healthy()

    clock = ManualClock(NOW)
    service = Service(clock, after, acted_at=0.0)
    Runner(service.observe, service.perform, _nothing, Heard(), clock).run(_begin(proof))
    assert 7 <= clock.monotonic() < 9
    with_canary = [look for look in service.looks if Part.CANARY in look]
    assert len(with_canary) == 1


def test_a_failing_canary_is_not_proof() -> None:
    proof = Step("prove", "why", Observe(), proof=(Finished(canary=True),), timeout_s=10)
    with pytest.raises(TimedOutError, match="canary: timed out"):
        clock = ManualClock(NOW)
        sick = change(healthy(), {"canary": {"failed": "timed out"}})
        Runner(lambda _: sick, _nothing, _nothing, Heard(), clock).run(_begin(proof))


def test_a_silent_api_is_waited_for() -> None:
    clock = ManualClock(NOW)

    def observe(_: frozenset[Look]) -> World:
        if clock.monotonic() < 3:
            raise UnreachableError("the Kubernetes API does not answer")
        return healthy()

    heard = Heard()
    step = Step("prove", "why", Observe(), proof=(Finished(canary=False),), timeout_s=10)
    Runner(observe, _nothing, _nothing, heard, clock).run(_begin(step))
    assert "unknown, because the Kubernetes API does not answer" in heard.unmet


@pytest.mark.parametrize("die_at", range(1, 5))
def test_killed_at_any_write_and_resumed_nothing_is_done_twice(die_at: int) -> None:
    """Kill the run when it keeps its record for the n-th time, resume from what was kept, count the acts."""
    kept: list[RunRecord] = [_begin(_roll())]
    clock = ManualClock(NOW)
    service = Service(clock, _rolling)

    def keep(record: RunRecord) -> None:
        kept.append(record)
        if len(kept) == die_at + 1:
            raise Killed

    with pytest.raises(Killed):
        Runner(service.observe, service.perform, keep, Heard(), clock).run(kept[0])
    done = Runner(service.observe, service.perform, kept.append, Heard(), clock).run(kept[-1])
    assert service.actions == [ROLL]
    assert done.state is RunState.DONE
    assert done.steps[0].state is StepState.PROVED


def test_killed_between_the_act_and_writing_it_down_the_mark_is_recognised() -> None:
    clock = ManualClock(NOW)
    service = Service(clock, _rolling)
    kept: list[RunRecord] = []

    def die(action: Action) -> None:
        service.perform(action)
        raise Killed

    with pytest.raises(Killed):
        Runner(service.observe, die, kept.append, Heard(), clock).run(_begin(_roll()))
    assert kept[-1].steps[0].state is StepState.INTENDED
    Runner(service.observe, service.perform, kept.append, Heard(), clock).run(kept[-1])
    assert service.actions == [ROLL]


def test_killed_after_the_intent_and_before_the_act_it_is_done_on_resume() -> None:
    clock = ManualClock(NOW)
    service = Service(clock, lambda _: change(healthy(), RENEWED))
    record = _begin(_roll()).step(0, StepRecord(StepState.INTENDED), NOW)
    Runner(service.observe, service.perform, _nothing, Heard(), clock).run(record)
    assert service.actions == [ROLL]


def test_a_run_that_stops_says_why_in_its_record() -> None:
    kept: list[RunRecord] = []
    moved = change(healthy(), {"operator": {"ready": False}})
    service = Service(ManualClock(NOW), lambda _: healthy(), moved)
    with pytest.raises(StoppedError):
        Runner(service.observe, service.perform, kept.append, Heard(), service.clock).run(_begin(_roll()))
    assert kept[-1].state is RunState.STOPPED
    assert "the cluster operator is not running" in kept[-1].because


def _gave_up(service: Service) -> Callable[[float], World]:
    """Return a service whose operator forgets what it was asked, until it is asked the third time."""

    def after(seconds: float) -> World:
        if seconds < 2:
            return change(healthy(), {"pods": {K4: {"rolling": True}}})
        return healthy() if len(service.actions) < 3 else change(healthy(), RENEWED)

    return after


def test_what_the_operator_gave_up_is_asked_again_for_what_is_left() -> None:
    again = AnnotateEach("pod", ((K4, "uid-4"),), "prompt-kafka", "strimzi.io/manual-rolling-update", "true")
    step = _roll(given_up=RollGivenUp(((K4, "uid-4"),)), again=again)
    clock = ManualClock(NOW)
    service = Service(clock, lambda _: healthy())
    service.after = _gave_up(service)
    heard = Heard()
    done = Runner(service.observe, service.perform, _nothing, heard, clock).run(_begin(step))
    assert service.actions == [ROLL, again, again]
    assert done.state is RunState.DONE
    assert heard.unmet.count(f"the operator gave up before {K4}") == 2
    assert done.steps[0].evidence[:2] == (f"asked again: the operator gave up before {K4}",) * 2


def test_after_three_times_it_stops_and_says_so() -> None:
    again = AnnotateEach("pod", ((K4, "uid-4"),), "prompt-kafka", "strimzi.io/manual-rolling-update", "true")
    step = _roll(given_up=RollGivenUp(((K4, "uid-4"),)), again=again)
    with pytest.raises(StoppedError, match="asked 3 times: the operator gave up before"):
        _run(_begin(step), lambda _: healthy())


def test_a_step_by_hand_is_told_and_waited_for_and_never_performed() -> None:
    clock = ManualClock(NOW)

    def observe(_: frozenset[Look]) -> World:
        return healthy() if clock.monotonic() < 3600 else change(healthy(), RENEWED)

    def perform(action: Action) -> None:
        raise AssertionError(action)

    heard = Heard()
    again = AnnotateEach("pod", ((K4, "uid-4"),), "prompt-kafka", "k", "true")
    step = _roll(by_hand="asked for", given_up=RollGivenUp(((K4, "uid-4"),)), again=again)
    done = Runner(observe, perform, _nothing, heard, clock).run(_begin(step))
    assert done.state is RunState.DONE
    assert heard.unmet[0] == "by hand: asked for"


def test_a_run_that_stops_while_it_waits_does_not_ask_again_when_it_is_resumed() -> None:
    kept: list[RunRecord] = []
    clock = ManualClock(NOW)
    service = Service(clock, lambda _: healthy())
    runner = Runner(service.observe, service.perform, kept.append, Heard(), clock)
    with pytest.raises(TimedOutError):
        runner.run(_begin(_roll()))
    assert kept[-1].state is RunState.STOPPED
    assert kept[-1].steps[0].state is StepState.ACTED
    service.after = lambda _: change(healthy(), RENEWED)
    runner.run(kept[-1])
    assert service.actions == [ROLL]


def test_an_act_whose_answer_was_lost_is_recognised_by_its_mark() -> None:
    clock = ManualClock(NOW)
    service = Service(clock, _rolling)

    def perform(action: Action) -> None:
        service.perform(action)
        raise UnreachableError("the connection broke")

    heard = Heard()
    done = Runner(service.observe, perform, _nothing, heard, clock).run(_begin(_roll()))
    assert service.actions == [ROLL]
    assert done.state is RunState.DONE
    assert "unknown, because the connection broke" in heard.unmet


def test_an_api_that_stays_silent_stops_a_run_before_its_act_and_not_a_recovery() -> None:
    def observe(_: frozenset[Look]) -> World:
        if clock.monotonic() < 45:
            raise UnreachableError("the Kubernetes API does not answer")
        return change(healthy(), RENEWED)

    clock = ManualClock(NOW)
    with pytest.raises(StoppedError, match="does not answer"):
        Runner(observe, _nothing, _nothing, Heard(), clock).run(_begin(_roll()))
    assert clock.monotonic() < 25
    clock = ManualClock(NOW)
    record = _begin(_roll())
    record = replace(record, plan=replace(record.plan, recovery=True))
    assert Runner(observe, _nothing, _nothing, Heard(), clock).run(record).state is RunState.DONE


def test_what_was_given_up_with_nothing_to_ask_again_stops_the_run_and_says_what_may_be_done() -> None:
    step = _roll(given_up=RollGivenUp(((K4, "uid-4"),)), again=None, lost="tell the users")
    with pytest.raises(StoppedError) as stopped:
        _run(_begin(step), lambda _: healthy())
    assert "the operator gave up" in stopped.value.what
    assert stopped.value.next == "tell the users"


def test_a_passing_moment_is_not_given_up() -> None:
    again = AnnotateEach("pod", ((K4, "uid-4"),), "prompt-kafka", "strimzi.io/manual-rolling-update", "true")
    step = _roll(given_up=RollGivenUp(((K4, "uid-4"),)), again=again, patience_s=8.0)

    def after(seconds: float) -> World:
        return healthy() if seconds < 7 else change(healthy(), RENEWED)

    service, _, _ = _run(_begin(step), after)
    assert service.actions == [ROLL]


def test_what_stays_given_up_is_asked_again_after_its_patience() -> None:
    again = AnnotateEach("pod", ((K4, "uid-4"),), "prompt-kafka", "strimzi.io/manual-rolling-update", "true")
    step = _roll(given_up=RollGivenUp(((K4, "uid-4"),)), again=again, patience_s=8.0, timeout_s=300)
    acted: list[float] = []

    def after(seconds: float) -> World:
        return change(healthy(), RENEWED) if acted else healthy()

    clock = ManualClock(NOW)
    service = Service(clock, after)

    def perform(action: Action) -> None:
        service.perform(action)
        if action == again:
            acted.append(clock.monotonic())

    Runner(service.observe, perform, _nothing, Heard(), clock).run(_begin(step))
    assert service.actions == [ROLL, again]
    assert acted[0] >= 8
