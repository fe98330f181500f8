"""Breaking a lab on purpose, as machines and operators break.

A fault acts below Kubernetes, on processes and nodes, never on what a procedure is to put right. What the
kubelet would heal by itself (a killed process is started again) it heals; what it must not heal is held down
by an annotation on the node or the pod until it is released.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from prompt_kafka.clients.kinds import NODE, POD
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.kubelet.nodes import HELD, NAMES, is_held
from prompt_kafka.lab.kubelet.records import ContainerRecord, containers
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabState

#: The kubelet kills what is on a node that is held; after so long it is done without it.
KUBELET_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is broken now.

    Attributes
    ----------
    kind
        ``frozen``, ``held`` (a pod) or ``down`` (a node).
    name
        Of the node, or namespace and name of the pod.
    """

    kind: str
    name: str


def freeze(state: LabState, pod: str) -> None:
    """Stop a pod's process without ending it: it keeps its sockets and answers nothing."""
    _signal(state, pod, signal.SIGSTOP)


def thaw(state: LabState, pod: str) -> None:
    """Let a frozen process go on."""
    _signal(state, pod, signal.SIGCONT)


def kill(state: LabState, pod: str) -> None:
    """End a pod's process at once (``kill -9``); the kubelet starts it again."""
    _signal(state, pod, signal.SIGKILL)


def hold(state: LabState, kubernetes: Kubernetes, pod: str) -> None:
    """End a pod's process at once and keep it down until it is released or its pod is deleted."""
    namespace, name, _ = _find(state, pod)
    _annotate_pod(kubernetes, namespace, name, "true")


def power_loss(state: LabState, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> tuple[str, ...]:
    """Take the power from every node: all processes end at once and nothing is started until `release`.

    Returns
    -------
    tuple of str
        The pods whose processes ended, each with its namespace.
    """
    before = [(name, process) for name, process in _living(state)]
    for node in NAMES:
        _annotate_node(kubernetes, node, "true")
    clock.wait_until(
        lambda: not any(process.alive() for _, process in before), KUBELET_PATIENCE, interval=0.02
    )
    for _, process in before:
        process.signal(signal.SIGKILL)
        process.wait(5.0)
    return tuple(name for name, _ in before)


def release(state: LabState, kubernetes: Kubernetes) -> tuple[Fault, ...]:
    """Undo every fault that lasts: power on, pods let go, frozen processes thawed; return what was undone."""
    found = active(state, kubernetes)
    for fault in found:
        if fault.kind == "down":
            _annotate_node(kubernetes, fault.name, None)
        elif fault.kind == "frozen":
            thaw(state, fault.name)
        else:
            namespace, _, name = fault.name.partition("/")
            _annotate_pod(kubernetes, namespace, name, None)
    return found


def active(state: LabState, kubernetes: Kubernetes) -> tuple[Fault, ...]:
    """Return the faults that last until they are released."""
    frozen = [Fault("frozen", name) for name, process in _living(state) if process.frozen()]
    pods = [pod["metadata"] for pod in kubernetes.list(POD) if is_held(pod)]
    held = [Fault("held", f"{pod['namespace']}/{pod['name']}") for pod in pods]
    down = [Fault("down", node["metadata"]["name"]) for node in kubernetes.list(NODE) if is_held(node)]
    return (*down, *held, *frozen)


def _living(state: LabState) -> list[tuple[str, Process]]:
    records = [(f"{space}/{name}", record.process) for space, name, record in containers(state.pods)]
    return [(name, process) for name, process in records if process is not None and process.alive()]


def _find(state: LabState, pod: str) -> tuple[str, str, ContainerRecord]:
    """Return the pod of a name, ``name`` or ``namespace/name``."""
    everything = containers(state.pods)
    namespace, _, name = pod.rpartition("/")
    found = [each for each in everything if each[1] == name and namespace in ("", each[0])]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"there is no Kafka pod {pod!r}" if not found else f"{pod!r} is in several namespaces",
        where=str(state.pods),
        next="choose one of " + ", ".join(f"{space}/{each}" for space, each, _ in everything)
        if everything
        else "start the lab: prompt-kafka lab up",
    )


def _signal(state: LabState, pod: str, number: int) -> None:
    process = _find(state, pod)[2].process
    if process is None or not process.signal(number):
        raise UsageError(
            f"the process of {pod} does not run", where=str(state.root), next="prompt-kafka status"
        )


def _annotate_pod(kubernetes: Kubernetes, namespace: str, name: str, value: str | None) -> None:
    try:
        kubernetes.patch(POD, name, namespace, {"metadata": {"annotations": {HELD: value}}})
    except NotFound:
        raise UsageError(f"there is no pod {namespace}/{name}", next="prompt-kafka status") from None


def _annotate_node(kubernetes: Kubernetes, name: str, value: str | None) -> None:
    try:
        kubernetes.patch(NODE, name, None, {"metadata": {"annotations": {HELD: value}}})
    except NotFound:
        pass
