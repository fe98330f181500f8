"""Ending a lab's processes, whoever started them: brokers, controllers, then what else carries its mark."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab import processes
from prompt_kafka.lab.kubelet.records import ContainerRecord, containers
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabState

NODE_GRACE = 30.0


def end_nodes(state: LabState, *, clock: Clock = SYSTEM) -> None:
    """End the Kafka nodes: brokers first, since only a living quorum can take their partitions from them."""
    records = [record for _, _, record in containers(state.pods)]
    brokers = [record for record in records if "broker" in record.roles]
    for process in _living(records):
        if process.frozen():
            # It would keep the signal to end for later, and a frozen quorum lets no broker go.
            process.signal(signal.SIGCONT)
    for group in (brokers, [record for record in records if record not in brokers]):
        processes.stop(_living(group), NODE_GRACE, clock=clock)


def end_leftovers(state: LabState, *, clock: Clock = SYSTEM) -> None:
    """End the API server and the controllers that a killed supervisor has left; the nodes live on."""
    for name in ("controllers", "apiserver"):
        processes.stop(_recorded(state, name), 10.0, clock=clock)
        state.record(name).unlink(missing_ok=True)


def end_everything(state: LabState, *, clock: Clock = SYSTEM) -> None:
    """End every process of a lab whose supervisor is gone, recorded or only marked."""
    processes.stop(_recorded(state, "controllers"), 10.0, clock=clock)
    end_nodes(state, clock=clock)
    end_leftovers(state, clock=clock)
    processes.stop(processes.marked(state.root), 5.0, clock=clock)


def _living(records: Iterable[ContainerRecord]) -> list[Process]:
    found = [record.process for record in records]
    return [process for process in found if process is not None and process.alive()]


def _recorded(state: LabState, name: str) -> list[Process]:
    process = Process.load(state.record(name))
    return [process] if process is not None and process.alive() else []
