"""A pod's status, made from what is known of its containers: values in, an object out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.kubelet.readiness import REASONS, RUNNING

Object = dict[str, Any]

BROKER_STATE = "lab.prompt-kafka/BrokerState"


@dataclass(frozen=True, slots=True)
class ContainerView:
    """What is known of one container.

    Attributes
    ----------
    state
        ``{"running": …}``, ``{"waiting": …}`` or ``{"terminated": …}``.
    last
        How its process before this one ended.
    """

    name: str
    image: str
    state: Mapping[str, Any]
    ready: bool = False
    restarts: int = 0
    last: Mapping[str, Any] | None = None
    id: str = ""

    def status(self) -> Object:
        """Return its entry in ``containerStatuses``."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": self.image,
            "ready": self.ready,
            "started": "running" in self.state,
            "restartCount": self.restarts,
            "state": dict(self.state),
            "lastState": {"terminated": dict(self.last)} if self.last else {},
            **({"containerID": self.id} if self.id else {}),
        }


def waiting(reason: str, message: str = "") -> Object:
    """Return the state of a container that does not run yet."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def pod_status(
    pod: Mapping[str, Any],
    views: Sequence[ContainerView],
    *,
    now: str,
    ip: str = "",
    host_ip: str = "",
    unready: str = "",
    broker_state: int | None = None,
) -> Object:
    """Return the status of a bound pod.

    Parameters
    ----------
    pod
        As it is; the times of conditions that do not change are kept, foreign conditions too.
    now
        The time, for what changes.
    unready
        A reason for which the pod is not ready whatever its containers say (its node is down).
    broker_state
        What the Kafka agent would tell; None for what is not a broker.
    """
    before = pod.get("status") or {}
    ready = all(view.ready for view in views) and not unready
    begun = any("running" in view.state or "terminated" in view.state or view.restarts for view in views)
    names = [view.name for view in views if not view.ready]
    not_ready: tuple[str, str] = ("", "")
    if not ready:
        not_ready = (
            (unready, "") if unready else ("ContainersNotReady", f"containers with unready status: {names}")
        )
    made: dict[str, Object] = {
        "PodScheduled": _condition("PodScheduled", True),
        "Initialized": _condition("Initialized", True),
        "ContainersReady": _condition("ContainersReady", ready, *not_ready),
        "Ready": _condition("Ready", ready, *not_ready),
    }
    if broker_state is not None:
        made[BROKER_STATE] = _condition(
            BROKER_STATE,
            broker_state >= RUNNING,
            REASONS.get(broker_state, "Starting"),
            f"broker state {broker_state}",
        )
    conditions = []
    for old in before.get("conditions") or ():
        new = made.pop(old["type"], None)
        if new is None:
            conditions.append(old)
        elif new["status"] == old["status"]:
            conditions.append({**new, "lastTransitionTime": old.get("lastTransitionTime") or now})
        else:
            conditions.append({**new, "lastTransitionTime": now})
    conditions += [{**new, "lastTransitionTime": now} for new in made.values()]
    return {
        "phase": "Running" if begun else "Pending",
        "conditions": conditions,
        "containerStatuses": [view.status() for view in views],
        "startTime": before.get("startTime") or now,
        **({"hostIP": host_ip, "hostIPs": [{"ip": host_ip}]} if host_ip else {}),
        **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {}),
        "qosClass": before.get("qosClass") or "BestEffort",
    }


def unschedulable(pod: Mapping[str, Any], message: str, now: str) -> Object:
    """Return the status of a pod that no node takes."""
    condition = {**_condition("PodScheduled", False, "Unschedulable", message), "lastTransitionTime": now}
    for old in (pod.get("status") or {}).get("conditions") or ():
        if old["type"] == "PodScheduled" and old["status"] == "False":
            condition["lastTransitionTime"] = old.get("lastTransitionTime") or now
    return {"phase": "Pending", "conditions": [condition]}


def differs(pod: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Return whether a pod's status has to be written to be `status`."""
    before = pod.get("status") or {}
    return any(_plain(before.get(key)) != _plain(value) for key, value in status.items())


def _plain(value: Any) -> Any:
    """Leave out what is empty: an API may drop it."""
    if isinstance(value, Mapping):
        return {
            key: plain
            for key, each in value.items()
            if (plain := _plain(each)) not in (None, {}, [], "") or isinstance(each, bool | int)
        }
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _condition(kind: str, true: bool, reason: str = "", message: str = "") -> Object:
    return {
        "type": kind,
        "status": "True" if true else "False",
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }
