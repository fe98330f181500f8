"""The columns of pods: the one word that says how a pod is comes from a dozen fields."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.ages import age
from prompt_kafka.lab.apiserver.resources import Column

Object = dict[str, Any]
NONE = "<none>"
_WIDE = ("IP", "Node", "Nominated Node", "Readiness Gates")

POD_COLUMNS = (
    Column("Ready", "string", ""),
    Column("Status", "string", ""),
    Column("Restarts", "string", ""),
    Column("Age", "string", ""),
    *(Column(name, "string", "", priority=1) for name in _WIDE),
)


def pod_cells(pod: Object) -> list[Any]:
    """Return the cells of a pod after its name."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    statuses = status.get("containerStatuses") or []
    ready = sum(bool(s.get("ready") and (s.get("state") or {}).get("running") is not None) for s in statuses)
    restarts = sum(int(s.get("restartCount", 0)) for s in statuses)
    ended = [
        s["lastState"]["terminated"].get("finishedAt")
        for s in statuses
        if (s.get("lastState") or {}).get("terminated", {}).get("finishedAt")
    ]
    shown = f"{restarts} ({age(max(ended))} ago)" if restarts and ended else str(restarts)
    return [
        f"{ready}/{len(spec.get('containers') or [])}",
        _word(pod, status, statuses),
        shown,
        age(pod["metadata"].get("creationTimestamp")),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _gates(spec, status),
    ]


def _gates(spec: Object, status: Object) -> str:
    gates = [gate.get("conditionType") for gate in spec.get("readinessGates") or []]
    if not gates:
        return NONE
    true = {c["type"] for c in status.get("conditions") or [] if c.get("status") == "True"}
    return f"{sum(gate in true for gate in gates)}/{len(gates)}"


def _word(pod: Object, status: Object, statuses: list[Object]) -> str:
    word = status.get("reason") or status.get("phase") or "Unknown"
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            word = "SchedulingGated"
    running = False
    for one in reversed(statuses):
        state = one.get("state") or {}
        waiting, terminated = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            word = waiting["reason"]
        elif terminated is not None and terminated.get("reason"):
            word = terminated["reason"]
        elif terminated is not None:
            signal = terminated.get("signal")
            word = f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode', 0)}"
        elif one.get("ready") and state.get("running") is not None:
            running = True
    if word == "Completed" and running:
        ready = any(
            c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or []
        )
        word = "Running" if ready else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return word
