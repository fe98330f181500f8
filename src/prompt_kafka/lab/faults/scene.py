"""What a fault needs to know of the lab in which it is brought about."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.clients.files import locked
from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UnreachableError, UsageError
from prompt_kafka.lab.kubelet.readiness import STATE_FILE, broker_state
from prompt_kafka.lab.kubelet.records import ContainerRecord, containers
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.standing import StandingFaults
from prompt_kafka.lab.state import LabState


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that is a Kafka node."""

    namespace: str
    name: str
    record: ContainerRecord

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def process(self) -> Process | None:
        """Its living process."""
        process = self.record.process
        return process if process is not None and process.alive() else None

    def signal(self, number: int) -> None:
        """Send its process a signal.

        Raises
        ------
        UsageError
            It does not run.
        """
        process = self.process
        if process is None or not process.signal(number):
            raise UsageError(f"the process of {self} does not run", next="prompt-kafka status")

    def kill(self) -> None:
        """End its process as a crash does, and return when it has ended."""
        process = self.process
        self.signal(signal.SIGKILL)
        if process is not None:
            process.wait(5.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """One lab."""

    state: LabState
    kubernetes: Kubernetes
    clock: Clock = SYSTEM

    @property
    def standing(self) -> StandingFaults:
        """Its faults that last."""
        return self.state.faults

    def pods(self, role: str | None = None) -> tuple[Pod, ...]:
        """Return the Kafka pods, those of a role (``broker``, ``controller``) when it is given."""
        found = (Pod(*each) for each in containers(self.state.pods))
        return tuple(pod for pod in found if role is None or role in pod.record.roles)

    def pod(self, name: str) -> Pod:
        """Return the pod of a name, ``name`` or ``namespace/name``.

        Raises
        ------
        UsageError
            There is none, or there are several.
        """
        everything = self.pods()
        found = [pod for pod in everything if name in (pod.name, str(pod))]
        if len(found) == 1:
            return found[0]
        raise UsageError(
            f"there is no Kafka pod {name!r}" if not found else f"{name!r} is in several namespaces",
            where=str(self.state.pods),
            next="choose one of " + ", ".join(map(str, everything))
            if everything
            else "start the lab: prompt-kafka lab up",
        )

    def chosen(self, names: Iterable[str], *, role: str | None = None) -> tuple[Pod, ...]:
        """Return the pods of these names; ``all`` are those that live."""
        wanted = tuple(names)
        if wanted == ("all",):
            return tuple(pod for pod in self.pods(role) if pod.process is not None)
        return tuple(self.pod(name) for name in wanted)

    def leader(self) -> Pod | None:
        """Return the controller that leads the quorum, as the living controllers have written it down."""
        votes = [
            (int(vote["leaderEpoch"]), int(vote["leaderId"]))
            for pod in self.pods("controller")
            if pod.process is not None
            for vote in self._votes(pod)
        ]
        _, leader = max(votes, default=(0, -1))
        return next((p for p in self.pods("controller") if p.name.endswith(f"-{leader}")), None)

    def broker_state(self, pod: Pod) -> int:
        """Return a broker's state; 0 while it has none."""
        return broker_state(self.state.pod(pod.namespace, pod.name).rootfs / STATE_FILE)

    def disks(self, pod: Pod) -> tuple[Path, ...]:
        """Return the folders of a pod's claims."""
        claim = re.compile(rf"data(-\d+)?-{re.escape(pod.name)}")
        folders = sorted((self.state.volumes / pod.namespace).glob(f"data*{pod.name}"))
        return tuple(folder for folder in folders if claim.fullmatch(folder.name) and folder.is_dir())

    def log_dirs(self, pod: Pod) -> tuple[Path, ...]:
        """Return the formatted log directories on a pod's disks."""
        return tuple(
            properties.parent
            for disk in self.disks(pod)
            for properties in sorted(disk.glob("*/meta.properties"))
        )

    def running(self) -> bool:
        """Return whether the lab's supervisor runs."""
        with locked(self.state.supervisor_lock, wait=False) as nobody:
            return not nobody

    def api_answers(self) -> bool:
        """Return whether the API answers."""
        try:
            self.kubernetes.find(NAMESPACE, "default")
        except (UnreachableError, KubernetesError):
            return False
        return True

    def _votes(self, pod: Pod) -> Iterator[dict[str, int]]:
        for folder in self.log_dirs(pod):
            try:
                yield json.loads((folder / "__cluster_metadata-0" / "quorum-state").read_text())
            except (OSError, ValueError):
                continue
