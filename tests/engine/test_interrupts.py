"""A signal ends a run while it looks or waits, and never an act; whoever insists gets out."""

from __future__ import annotations

import os
import signal

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import InterruptedRunError
from prompt_kafka.core.in_flight import in_flight, resume_line
from prompt_kafka.core.run import RunRecord, RunState, StepRecord, StepState
from prompt_kafka.core.world import Look, World
from prompt_kafka.engine.interrupts import Interrupts
from prompt_kafka.engine.runner import Runner
from tests.engine.test_runner import Heard, _begin, _roll
from tests.worlds import NOW, healthy


def _send(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_an_act_waits_for_its_end(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        _send(number)
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            raise AssertionError("it must not look any more")
        assert interrupts.by == number.name
    assert signal.getsignal(number) == before


def test_a_signal_during_a_wait_ends_it_at_once_and_the_next_one_does_not_end_the_ending() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            _send()
        _send()


def test_what_nohup_has_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            _send(signal.SIGHUP)
            with interrupts.allowed():
                assert interrupts.by == ""
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_third_one_gets_out() -> None:
    with Interrupts():
        _send()
        _send()
        with pytest.raises(KeyboardInterrupt):
            _send()


@pytest.mark.parametrize("at", ["look", "act", "keep"])
def test_an_interrupted_run_says_what_is_in_flight_and_is_taken_up(at: str) -> None:
    kept: list[RunRecord] = []
    acted = []

    def once(where: str) -> None:
        if at == where:
            _send()

    def observe(_: frozenset[Look]) -> World:
        once("look")
        return healthy()

    def perform(action: object) -> None:
        acted.append(action)
        once("act")

    def keep(record: RunRecord) -> None:
        kept.append(record)
        if len(kept) == 1:
            once("keep")

    with Interrupts() as interrupts:
        runner = Runner(observe, perform, keep, Heard(), ManualClock(NOW), allowed=interrupts.allowed)
        with pytest.raises(InterruptedRunError) as caught:
            runner.run(_begin(_roll()))
    assert kept[-1].state is RunState.STOPPED
    assert caught.value.exit_code == 130
    if at == "look":
        assert not acted
        assert "not begun; nothing is in flight" in str(caught.value)
    else:
        assert len(acted) == 1
        assert kept[-1].steps[0].state is StepState.ACTED
        assert "the operator goes on with it" in str(caught.value)


def test_what_may_have_been_asked_is_said_so() -> None:
    record = _begin(_roll()).step(0, StepRecord(StepState.INTENDED), NOW)
    said = " ".join(in_flight(record))
    assert "step 1 of 1, restart 4: it was about to be asked for, and may have been" in said
    assert resume_line(record) == f"prompt-kafka run resume run-1 -e {healthy().target.environment}"
