"""The pace of processes, with one that only sleeps in the place of Kafka."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from prompt_kafka.lab import processes
from prompt_kafka.lab.kubelet.readiness import STATE_FILE
from prompt_kafka.lab.kubelet.records import ContainerRecord
from prompt_kafka.lab.pace import LONG_RECOVERY, SLOW, Pacer
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabState
from tests.lab.cluster import eventually

POD = "ns/p"


@pytest.fixture
def state(tmp_path, monkeypatch) -> Iterator[LabState]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = LabState.create("pace")
    pacer = Pacer(made)
    pacer.start()
    yield made
    pacer.stop()
    processes.stop(processes.marked(made.root), 2)


@pytest.fixture
def process(state: LabState) -> Process:
    return start(state)


def start(state: LabState) -> Process:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    made = processes.start(command, state=state.root, log=state.root / "sleeper.log")
    ContainerRecord("u", "i").with_process(made, "").save(state.pod("ns", "p").container)
    return made


def says(state: LabState, text: str) -> None:
    file = state.pod("ns", "p").rootfs / STATE_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


def test_slow_is_stopped_and_goes_on_in_turn_until_the_fault_is_gone(state, process):
    fault = state.faults.add(SLOW, POD)
    for _ in range(3):
        eventually(process.frozen)
        eventually(lambda: not process.frozen())
    state.faults.remove(fault)
    time.sleep(1.0)
    assert not process.frozen()


def test_a_recovery_is_held_for_its_time_and_again_for_the_next_process(state, process):
    state.faults.add(LONG_RECOVERY, POD, seconds=1.0)
    says(state, "is now STARTING")
    with pytest.raises(AssertionError):
        eventually(process.frozen, seconds=0.3)
    says(state, "Transitioning from STARTING to RECOVERY")
    eventually(process.frozen)
    processes.stop([process], 0.0)
    again = start(state)
    eventually(again.frozen)
    began = time.monotonic()
    eventually(lambda: not again.frozen())
    assert time.monotonic() - began > 0.8
    assert state.faults.all(LONG_RECOVERY)[0].details["over"] is True


def test_a_recovery_that_nobody_saw_is_over(state, process):
    says(state, "Transitioning from RECOVERY to RUNNING")
    state.faults.add(LONG_RECOVERY, POD, seconds=60.0)
    eventually(lambda: state.faults.all(LONG_RECOVERY)[0].details.get("over"))
    assert not process.frozen()
