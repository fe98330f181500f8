"""The readiness probe of one Kafka node, with the lab's shorter delays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.kubelet.readiness import RUNNING, STATE_FILE, Answer, Prober, broker_state, listens
from prompt_kafka.lab.kubelet.records import ContainerRecord
from prompt_kafka.lab.state import PodFolder

Object = dict[str, Any]

#: Java's answers do not come faster because the lab's timers are.
SHORTEST_TIMEOUT = 2.0


class NodeProbe:
    """Whether a node is ready, and a broker's state.

    Parameters
    ----------
    name, folder, record
        Of the pod.
    container
        Its manifest, for the probe's delays.
    factor
        By which delays and the timeout are divided.
    changed
        Called when `ready` or `state` has changed.
    """

    def __init__(
        self,
        name: str,
        folder: PodFolder,
        record: ContainerRecord,
        container: Object,
        factor: float,
        changed: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._ip = record.ip
        self._port = _port(record, "CONTROLPLANE", 9090)
        self._states = folder.rootfs / STATE_FILE
        self._is_broker = "broker" in record.roles
        address = record.ip, _port(record, "REPLICATION", 9091)
        self._answer = Answer(address, folder.rootfs / "opt/kafka/broker-certs", name)
        probe = container.get("readinessProbe") or {}
        self._prober = Prober(
            self._check,
            changed,
            state=self._state,
            initial=float(probe.get("initialDelaySeconds", 15)) / factor,
            period=float(probe.get("periodSeconds", 10)) / factor,
            timeout=max(SHORTEST_TIMEOUT, float(probe.get("timeoutSeconds", 5)) / factor),
            failures=int(probe.get("failureThreshold", 3)),
            clock=clock,
        )

    @property
    def ready(self) -> bool:
        """Whether the node is ready."""
        return self._prober.ready

    @property
    def state(self) -> int:
        """A broker's state, as the Kafka agent would tell it; 0 while it has none."""
        return self._prober.state

    def start(self, *, at_once: bool = False) -> None:
        """Begin to ask; `at_once` for a process that is adopted."""
        self._prober.start(at_once=at_once)

    def stop(self) -> None:
        """End."""
        self._prober.stop()
        self._answer.close()

    def _state(self) -> int:
        return broker_state(self._states) if self._is_broker else 0

    def _check(self, timeout: float) -> bool:
        if not self._is_broker:
            return listens(self._ip, self._port)
        return self._state() >= RUNNING and self._answer(timeout)


def _port(record: ContainerRecord, listener: str, default: int) -> int:
    return next((port for name, port in record.ports.items() if name.startswith(listener)), default)
