"""The supervisor keeps the lab's processes running, and leaves none."""

from __future__ import annotations

import signal
import socket
import sys

import pytest

from prompt_kafka.clients.kinds import LEASE, NODE
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.lab import faults, lifecycle, processes
from prompt_kafka.lab.apiserver import prepare
from prompt_kafka.lab.network import CLAIM_PORT, bindable
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.shutdown import end_everything, end_leftovers
from prompt_kafka.lab.state import LabState
from tests.lab.cluster import eventually


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = LabState.create("supervised")
    prepare(made.root, made.settings.api_port)
    yield made
    end_everything(made)
    processes.stop(processes.marked(made.root), 2)
    assert processes.marked(made.root) == []


def supervisor(state):
    command = [sys.executable, "-m", "prompt_kafka.lab.supervisor", "--state", str(state.root)]
    return processes.start(command, state=state.root, log=state.log("supervisor"))


def answers(state):
    try:
        with Kubernetes.connect(state.kubeconfig, timeout=2.0) as kubernetes:
            return (
                len(kubernetes.list(NODE)) == 6
                and kubernetes.find(LEASE, "lab-controllers", "kube-system") is not None
            )
    except PromptKafkaError:
        return False


def test_what_dies_is_started_again_and_a_stop_leaves_nothing(state):
    process = supervisor(state)
    eventually(lambda: answers(state))
    assert lifecycle.running(state)

    for name in ("apiserver", "controllers"):
        old = Process.load(state.record(name))
        assert old is not None and old.signal(signal.SIGKILL)
        eventually(lambda name=name, old=old: Process.load(state.record(name)) not in (None, old))
    eventually(lambda: answers(state))

    processes.stop([process], 20)
    assert process.exit_code() == 0
    assert processes.marked(state.root) == []
    assert not state.record("supervisor").exists() and not state.record("apiserver").exists()
    assert bindable("127.0.0.1", state.settings.api_port)
    assert bindable(f"{state.settings.network}.0.1", CLAIM_PORT)


def test_a_second_one_does_not_start(state):
    first = supervisor(state)
    eventually(lambda: lifecycle.running(state))
    second = supervisor(state)

    assert second.wait(20)
    assert second.exit_code() == 1
    assert first.alive()


def test_the_successor_of_a_killed_one_takes_over(state):
    first = supervisor(state)
    eventually(lambda: answers(state))
    left = [Process.load(state.record(name)) for name in ("apiserver", "controllers")]
    first.signal(signal.SIGKILL)
    first.wait(5)
    assert all(process.alive() for process in left)

    end_leftovers(state)
    assert not any(process.alive() for process in left)
    supervisor(state)
    eventually(lambda: answers(state))
    lifecycle.down(state, lambda _: None)
    assert processes.marked(state.root) == []


def test_a_network_that_another_lab_uses_is_told(state):

    with socket.create_server((f"{state.settings.network}.0.1", CLAIM_PORT)):
        process = supervisor(state)
        assert process.wait(20)
    assert process.exit_code() == 1
    assert "another lab uses the network" in state.log("supervisor").read_text()
    assert processes.marked(state.root) == []


def test_an_api_server_that_a_fault_holds_down_stays_down_for_the_next_supervisor_too(state):
    process = supervisor(state)
    eventually(lambda: answers(state))
    with Kubernetes.connect(state.kubeconfig, timeout=2.0) as kubernetes:
        faults.inject(state, kubernetes, "api-down")
        assert not answers(state)
        assert process.signal(signal.SIGKILL) and process.wait(5.0)
        end_leftovers(state)
        successor = supervisor(state)
        eventually(lambda: lifecycle.running(state))
        with pytest.raises(AssertionError):
            eventually(lambda: answers(state), seconds=1.5)
        with pytest.raises(UsageError, match="held down by a fault"):
            lifecycle.up(state, print, fresh=False)
        assert [str(each) for each in faults.release(state, kubernetes)] == ["api-down"]
    eventually(lambda: answers(state))
    processes.stop([successor], 20)
    assert processes.marked(state.root) == []
