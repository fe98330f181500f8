"""Faults of machines: without power, a pod held down, a disk that comes back empty, a long recovery."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from prompt_kafka.clients.kinds import NODE, POD
from prompt_kafka.clients.kubernetes import NotFound
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.faults import recovery, tails
from prompt_kafka.lab.faults.order import Done, Order
from prompt_kafka.lab.faults.scene import Pod, Scene
from prompt_kafka.lab.kubelet.nodes import HELD, NAMES, is_held
from prompt_kafka.lab.kubelet.readiness import RUNNING
from prompt_kafka.lab.pace import LONG_RECOVERY
from prompt_kafka.lab.standing import Standing

#: The kubelet kills what is on a node that is held; after so long it is done without it.
KUBELET_PATIENCE = 5.0
RECOVERY_S = 30.0
HOLD, POWER_LOSS = "hold", "power-loss"


def power_loss(scene: Scene, order: Order) -> Done:
    """End all processes at once, and start nothing until nodes are released; perhaps cut unflushed tails."""
    pods = scene.pods()
    brokers = scene.pods("broker")
    minority = tuple(scene.pod(name) for name in order.minority)
    if 2 * len(minority) >= max(1, len(brokers)):
        raise UsageError(
            f"{len(minority)} of {len(brokers)} brokers are no minority", next="name fewer with --minority"
        )
    living = [pod for pod in pods if pod.process is not None]
    for node in NAMES:
        _annotate_node(scene, node, "true")
    _await_end(scene, living)
    cuts: list[tails.Cut] = []
    if order.cut_tail is not None or minority:
        seed = order.cut_tail or 0
        few = minority or random.Random(seed).sample(brokers, k=(len(brokers) - 1) // 2)
        cuts = [
            one for pod in few for folder in scene.log_dirs(pod) for one in tails.cut(folder, str(pod), seed)
        ]
    return Done(tuple(map(str, living)), tuple(cuts))


def hold(scene: Scene, order: Order) -> Done:
    """End pods' processes and keep them down."""
    pods = scene.chosen(order.targets)
    for pod in pods:
        annotate_pod(scene, pod.namespace, pod.name, "true")
    _await_end(scene, pods)
    return Done(tuple(map(str, pods)))


def blank_disk(scene: Scene, order: Order) -> Done:
    """Empty the data folders of pods that are down."""
    pods = scene.chosen(order.targets)
    for pod in pods:
        if pod.process is not None or not _is_down(scene, pod):
            raise UsageError(
                f"{pod} is not held down, its disk is in use",
                next=f"prompt-kafka lab faults hold {pod.name}, or power-loss",
            )
    for pod in pods:
        for disk in scene.disks(pod):
            for each in disk.iterdir():
                shutil.rmtree(each)
    return Done(tuple(map(str, pods)))


def long_recovery(scene: Scene, order: Order) -> Done:
    """Let brokers stop uncleanly, with a log that takes long to recover."""
    pods = scene.chosen(order.targets, role="broker")
    seconds = RECOVERY_S if order.seconds is None else order.seconds
    for pod in pods:
        if "broker" not in pod.record.roles:
            raise UsageError(f"{pod} is no broker", next="name a broker's pod")
    with _held_meanwhile(scene, pods):
        for pod in pods:
            recovery.clear(scene.log_dirs(pod))
            for folder in scene.log_dirs(pod)[:1]:
                recovery.fill(folder)
            scene.standing.add(LONG_RECOVERY, str(pod), seconds=seconds)
    return Done(tuple(map(str, pods)))


def recovers(scene: Scene, fault: Standing) -> bool:
    """Return whether a broker is still to recover, or at it."""
    pod = next((each for each in scene.pods() if str(each) == fault.target), None)
    if pod is None:
        return False
    return not (fault.details.get("over") and pod.process is not None and scene.broker_state(pod) >= RUNNING)


def recovered(scene: Scene, fault: Standing) -> None:
    """Take the filler away; a broker that is at it starts once more, without."""
    pod = next((each for each in scene.pods() if str(each) == fault.target), None)
    if pod is None:
        return
    with _held_meanwhile(scene, (pod,) if recovers(scene, fault) else ()):
        recovery.clear(scene.log_dirs(pod))
        scene.standing.remove(fault)


def held(scene: Scene) -> tuple[Standing, ...]:
    """Return what is held down: nodes without power, pods."""
    pods = [pod["metadata"] for pod in scene.kubernetes.list(POD) if is_held(pod)]
    nodes = [node["metadata"]["name"] for node in scene.kubernetes.list(NODE) if is_held(node)]
    down = [Standing(POWER_LOSS, name) for name in nodes]
    return (*down, *(Standing(HOLD, f"{pod['namespace']}/{pod['name']}") for pod in pods))


def power_back(scene: Scene, fault: Standing) -> None:
    """Give a node its power back."""
    _annotate_node(scene, fault.target, None)


def let_go(scene: Scene, fault: Standing) -> None:
    """Let a held pod start again."""
    namespace, _, name = fault.target.partition("/")
    annotate_pod(scene, namespace, name, None, missing=True)


def node_of(scene: Scene, pod: Pod) -> str:
    """Return the node on which a pod is."""
    found = scene.kubernetes.find(POD, pod.name, pod.namespace)
    return str(((found or {}).get("spec") or {}).get("nodeName") or "")


def annotate_pod(
    scene: Scene, namespace: str, name: str, value: str | None, *, missing: bool = False
) -> None:
    """Hold a pod down, or let it go."""
    try:
        scene.kubernetes.patch(POD, name, namespace, {"metadata": {"annotations": {HELD: value}}})
    except NotFound:
        if not missing:
            raise UsageError(f"there is no pod {namespace}/{name}", next="prompt-kafka status") from None


@contextmanager
def _held_meanwhile(scene: Scene, pods: Iterable[Pod]) -> Iterator[None]:
    """Keep pods down that are not, and let them start again afterwards."""
    mine = [pod for pod in pods if not _is_down(scene, pod)]
    try:
        for pod in mine:
            annotate_pod(scene, pod.namespace, pod.name, "true")
        _await_end(scene, mine)
        yield
    finally:
        for pod in mine:
            annotate_pod(scene, pod.namespace, pod.name, None, missing=True)


def _await_end(scene: Scene, pods: Sequence[Pod]) -> None:
    """Wait until the kubelet has ended the processes of pods; do it where it does not."""
    scene.clock.wait_until(lambda: not any(pod.process for pod in pods), KUBELET_PATIENCE, interval=0.02)
    for pod in pods:
        process = pod.process
        if process is not None:
            process.signal(signal.SIGKILL)
            process.wait(5.0)


def _is_down(scene: Scene, pod: Pod) -> bool:
    found = scene.kubernetes.find(POD, pod.name, pod.namespace)
    return found is None or is_held(found) or is_held(scene.kubernetes.find(NODE, node_of(scene, pod)))


def _annotate_node(scene: Scene, name: str, value: str | None) -> None:
    try:
        scene.kubernetes.patch(NODE, name, None, {"metadata": {"annotations": {HELD: value}}})
    except NotFound:
        pass
