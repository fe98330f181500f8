"""Processes that are stopped for a while, again and again or at one place: slow nodes, long recoveries.

A machine is slow whatever runs on it, and a log is as long for the next process as for this one: both faults
go on when the pod is restarted, until they are released.
"""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.kubelet.readiness import RECOVERY, STATE_FILE, broker_state
from prompt_kafka.lab.kubelet.records import ContainerRecord
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.standing import Standing
from prompt_kafka.lab.state import LabState, PodFolder

SLOW, LONG_RECOVERY = "slow", "long-recovery"
#: What keeps a process stopped for good: not to be woken here.
STOPPED = ("freeze", "wedge-quorum")
STOPPED_S, RUNNING_S, LOOK_S = 0.25, 0.05, 0.5
#: Kafka is in RECOVERY for some 50 ms when it has little to recover.
CLOSE_LOOK_S = 0.005


class Pacer:
    """Stops the processes of slow pods again and again, and of those in a long recovery when they are there.

    Parameters
    ----------
    state
        The lab's folder, with the faults that last.
    """

    def __init__(self, state: LabState, *, clock: Clock = SYSTEM) -> None:
        self._state = state
        self._clock = clock
        self._stopping = threading.Event()
        self._recoveries: dict[str, _Held] = {}
        self._threads = [
            threading.Thread(target=each, name="pace", daemon=True) for each in (self._slow, self._recover)
        ]

    def start(self) -> None:
        """Begin to look for such pods."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, with every process going on."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2.0)

    def _slow(self) -> None:
        while not self._stopping.is_set():
            slow = self._processes(self._named(SLOW) - self._named(*STOPPED))
            if not slow:
                self._clock.sleep(LOOK_S, self._stopping)
                continue
            for process in slow.values():
                process.signal(signal.SIGSTOP)
            self._clock.sleep(STOPPED_S, self._stopping)
            frozen = self._named(*STOPPED)
            for pod, process in slow.items():
                if pod not in frozen:
                    process.signal(signal.SIGCONT)
            self._clock.sleep(RUNNING_S, self._stopping)

    def _recover(self) -> None:
        while not self._stopping.is_set():
            faults = [each for each in self._state.faults.all(LONG_RECOVERY) if not each.details.get("over")]
            for fault in faults:
                self._tend(fault)
            self._clock.sleep(CLOSE_LOOK_S if faults else LOOK_S, self._stopping)
        for held in self._recoveries.values():
            held.process.signal(signal.SIGCONT)

    def _tend(self, fault: Standing) -> None:
        """Stop a broker that has come to RECOVERY, and let it go on when its time is up."""
        folder, process = self._folder(fault.target), self._processes({fault.target}).get(fault.target)
        if process is None:
            return
        held, now = self._recoveries.get(fault.target), self._clock.monotonic()
        if held is None or held.process != process:
            state = broker_state(folder.rootfs / STATE_FILE)
            if state == RECOVERY and process.signal(signal.SIGSTOP):
                self._recoveries[fault.target] = _Held(process, now)
            elif state > RECOVERY:
                # It came through while nobody looked: the supervisor was killed, say.
                self._over(fault)
        elif now - held.since >= float(fault.details.get("seconds", 0)):
            process.signal(signal.SIGCONT)
            del self._recoveries[fault.target]
            self._over(fault)

    def _over(self, fault: Standing) -> None:
        self._state.faults.add(fault.name, fault.target, **{**fault.details, "over": True})

    def _named(self, *names: str) -> set[str]:
        return {fault.target for name in names for fault in self._state.faults.all(name)}

    def _processes(self, pods: set[str]) -> dict[str, Process]:
        records = ((pod, ContainerRecord.load(self._folder(pod).container)) for pod in pods)
        found = ((pod, record.process) for pod, record in records if record is not None)
        return {pod: process for pod, process in found if process is not None and process.alive()}

    def _folder(self, pod: str) -> PodFolder:
        namespace, _, name = pod.partition("/")
        return self._state.pod(namespace, name)


@dataclass(frozen=True, slots=True)
class _Held:
    process: Process
    since: float
