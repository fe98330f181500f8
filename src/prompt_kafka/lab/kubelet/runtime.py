"""What every pod of the kubelet has: its folder, what surrounds it, and how its status is written."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.kubelet.events import Recorder
from prompt_kafka.lab.kubelet.kafka import KafkaStarter
from prompt_kafka.lab.kubelet.mounts import Mounts
from prompt_kafka.lab.kubelet.nodes import host_ip
from prompt_kafka.lab.kubelet.status import ContainerView, differs, pod_status
from prompt_kafka.lab.state import LabState, PodFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pod needs of its kubelet.

    Attributes
    ----------
    address
        Returns a pod's address; None while its load balancer has none yet.
    node_held
        Whether a node, by name, is held down.
    publish_hosts
        Writes the names of all pods, before a process starts that looks them up.
    hosted_alive
        Whether the controllers process lives.
    look
        Asks for another look at a pod.
    """

    kubernetes: Kubernetes
    state: LabState
    clock: Clock
    events: Recorder
    mounts: Mounts
    starter: KafkaStarter
    address: Callable[[Object], str | None]
    node_held: Callable[[str], bool]
    publish_hosts: Callable[[], None]
    hosted_alive: Callable[[], bool]
    look: Callable[[str, str], None]

    @property
    def factor(self) -> float:
        """By which probe and restart delays are divided."""
        return self.state.settings.timer_factor

    def now(self) -> str:
        """Return the time as objects carry it."""
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


class Runtime(Protocol):
    """A pod that the kubelet runs."""

    uid: str

    def sync(self, pod: Object) -> float | None:
        """Bring it nearer to what its object asks for; return the seconds until the next look."""

    def gone(self) -> float | None:
        """End it: its object is not there any more. Return None once it has ended."""

    def release(self) -> None:
        """Let go of it without ending it."""


class PodRuntime:
    """The part that does not depend on what a pod runs.

    Parameters
    ----------
    pod
        Its object.
    around
        What surrounds it.
    """

    def __init__(self, pod: Object, around: Surroundings) -> None:
        self.namespace: str = pod["metadata"]["namespace"]
        self.name: str = pod["metadata"]["name"]
        self.uid: str = pod["metadata"]["uid"]
        self.around = around
        self.folder: PodFolder = around.state.pod(self.namespace, self.name)
        self._ip = str((pod.get("status") or {}).get("podIP") or "")

    def look(self) -> None:
        """Ask for another look at this pod."""
        self.around.look(self.namespace, self.name)

    def ip(self, pod: Object) -> str | None:
        """Return the pod's address, which stays what it is for the life of the pod."""
        if not self._ip:
            self._ip = self.around.address(pod) or ""
        return self._ip or None

    def write(self, pod: Object, views: Sequence[ContainerView], **more: Any) -> None:
        """Write the pod's status, unless it is so already."""
        status = pod_status(
            pod,
            views,
            now=self.around.now(),
            ip=self._ip,
            host_ip=host_ip(self.around.state.settings.network, pod["spec"]["nodeName"]),
            **more,
        )
        if not differs(pod, status):
            return
        body = {"metadata": {"uid": self.uid}, "status": status}
        try:
            self.around.kubernetes.patch(POD, self.name, self.namespace, body, subresource="status")
        except (NotFound, Conflict) as error:
            log.debug("status of %s/%s: %s", self.namespace, self.name, error.what)

    def grace_left(self, pod: Object) -> float:
        """Return the seconds that a pod which is being deleted still has."""
        stamp = datetime.fromisoformat(pod["metadata"]["deletionTimestamp"])
        return (stamp - self.around.clock.now()).total_seconds()

    def finish(self) -> None:
        """Remove the files of a pod that has ended, but for the logs, and then its object."""
        self.clean()
        try:
            self.around.kubernetes.delete(POD, self.name, self.namespace, grace=0, uid=self.uid)
        except (NotFound, Conflict):
            pass

    def clean(self) -> None:
        """Remove the pod's files but for the logs; claims are only linked to."""
        self.folder.container.unlink(missing_ok=True)
        shutil.rmtree(self.folder.rootfs, ignore_errors=True)

    def set_logs_aside(self) -> None:
        """Move the logs of the last pod of this name out of the way."""
        logs = self.folder.logs
        if logs.is_dir():
            aside = logs / "previous-pod"
            shutil.rmtree(aside, ignore_errors=True)
            old = [file for file in logs.iterdir() if file.is_file()]
            aside.mkdir(mode=0o700)
            for file in old:
                file.replace(aside / file.name)


class AbsentRuntime(PodRuntime):
    """A pod whose image the lab has no process for: it stays Pending, never Ready."""

    def sync(self, pod: Object) -> float | None:
        """Say so in its status."""
        if pod["metadata"].get("deletionTimestamp"):
            self.finish()
            return None
        views = [
            ContainerView(
                container["name"],
                container["image"],
                {
                    "waiting": {
                        "reason": "ImageNotInLab",
                        "message": f"the lab has no process for image {container['image']}",
                    }
                },
            )
            for container in pod["spec"]["containers"]
        ]
        self.write(pod, views)
        return None

    def gone(self) -> float | None:
        """Remove its files."""
        self.clean()
        return None

    def release(self) -> None:
        """Nothing is held."""


class HostedRuntime(PodRuntime):
    """An operator's pod: its logic is in the controllers process, and it is ready while that lives."""

    def __init__(self, pod: Object, around: Surroundings) -> None:
        super().__init__(pod, around)
        self._started = ""
        for old in (pod.get("status") or {}).get("containerStatuses") or ():
            self._started = ((old.get("state") or {}).get("running") or {}).get("startedAt") or self._started

    def sync(self, pod: Object) -> float | None:
        """Write whether it is ready."""
        if pod["metadata"].get("deletionTimestamp"):
            self.finish()
            return None
        if self.ip(pod) is None:
            return 0.1
        if not self._started:
            self._started = self.around.now()
            self.set_logs_aside()
        self.folder.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for container in pod["spec"]["containers"]:
            file = self.folder.log(container["name"])
            if not file.exists():
                file.write_text(
                    f"{container['image']} runs inside the lab's controllers process; "
                    "its log: prompt-kafka lab logs controllers\n"
                )
        held = self.around.node_held(pod["spec"]["nodeName"])
        alive = self.around.hosted_alive() and not held
        views = [
            ContainerView(
                container["name"],
                container["image"],
                {"running": {"startedAt": self._started}},
                ready=alive,
                id=f"prompt-kafka-lab://controllers/{self.uid}/{container['name']}",
            )
            for container in pod["spec"]["containers"]
        ]
        self.write(pod, views, unready="NodeNotReady" if held else "")
        return None

    def gone(self) -> float | None:
        """Remove its files."""
        self.clean()
        return None

    def release(self) -> None:
        """Nothing is held."""
