"""Breaking a lab on purpose, as machines and operators break.

A fault acts below Kubernetes, on processes, disks and nodes, or beside it, never on what a procedure is to
put right. What the kubelet would heal by itself (a killed process is started again) it heals; what it must
not heal is held down until it is released. The catalogue is a table; here is how faults are brought about,
listed and ended by their names.
"""

from __future__ import annotations

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.faults.catalogue import CATALOGUE, Fault
from prompt_kafka.lab.faults.order import Done, Order
from prompt_kafka.lab.faults.powerless import held
from prompt_kafka.lab.faults.scene import Scene
from prompt_kafka.lab.faults.tails import Cut
from prompt_kafka.lab.standing import API_DOWN, Standing
from prompt_kafka.lab.state import LabState

__all__ = ["CATALOGUE", "Cut", "Done", "Fault", "Standing", "active", "inject", "leader", "release", "unseen"]


SEEN_THROUGH_THE_API = ("operator-down", "certificate-soon")


def inject(
    state: LabState,
    kubernetes: Kubernetes,
    name: str,
    *targets: str,
    cut_tail: int | None = None,
    minority: tuple[str, ...] = (),
    seconds: float | None = None,
    clock: Clock = SYSTEM,
) -> Done:
    """Bring a fault about, by its name in the catalogue.

    Parameters
    ----------
    targets
        Pods as ``name`` or ``namespace/name``, or what else the catalogue says.
    cut_tail, minority
        Of ``power-loss``: the seed by which unflushed tails are cut off, and whose.
    seconds
        Of ``long-recovery``.

    Raises
    ------
    UsageError
        There is no such fault, or it is about something else.
    """
    fault = CATALOGUE.get(name)
    if fault is None:
        raise UsageError(f"there is no fault {name!r}", next=f"one of {', '.join(CATALOGUE)}")
    _check_targets(fault, targets)
    order = Order(targets, cut_tail, tuple(minority), seconds)
    given = {"cut_tail": cut_tail is not None, "minority": bool(minority), "seconds": seconds is not None}
    for option, there in given.items():
        if there and option not in fault.options:
            raise UsageError(f"--{option.replace('_', '-')} says nothing to {name}", next="leave it out")
    return fault.act(Scene(state, kubernetes, clock), order)


def active(state: LabState, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> tuple[Standing, ...]:
    """Return the faults that last, without those that a procedure or their own end has mended.

    While the API is down, nodes and pods that are held down cannot be seen and are left out.
    """
    scene = Scene(state, kubernetes, clock)
    answers = scene.api_answers()
    found = []
    for standing in scene.standing.all():
        fault = CATALOGUE.get(standing.name)
        if fault is None or fault.undo is None:
            scene.standing.remove(standing)
        elif (not answers and fault.name in SEEN_THROUGH_THE_API) or fault.lasts(scene, standing):
            found.append(standing)
        else:
            fault.undo(scene, standing)
            scene.standing.remove(standing)
    return (*found, *(held(scene) if answers else ()))


def unseen(state: LabState, kubernetes: Kubernetes) -> str:
    """Return what `active` could not see, and why; empty when it saw everything."""
    if Scene(state, kubernetes).api_answers():
        return ""
    return "nodes and pods that are held down: the API does not answer"


def release(
    state: LabState, kubernetes: Kubernetes, *names: str, clock: Clock = SYSTEM
) -> tuple[Standing, ...]:
    """End faults and return them: everything, or what has one of these names.

    Parameters
    ----------
    names
        A node or a pod (power back, let go, thawed), or a fault.

    Raises
    ------
    UsageError
        A name is none of an active fault, its node or its pod.
    """
    scene = Scene(state, kubernetes, clock)
    ended: list[Standing] = []
    if not names or API_DOWN in names:
        # Before everything else: what is held down is seen through the API.
        ended += [_end(scene, fault) for fault in scene.standing.all(API_DOWN)]
    found = active(state, kubernetes, clock=clock)
    chosen = found if not names else []
    for name in names:
        places = _places(scene, name)
        these = [
            fault for fault in found if places & {fault.name, fault.target, fault.target.rpartition("/")[2]}
        ]
        if not these and name not in {each.name for each in ended}:
            raise UsageError(
                f"no active fault is, or is on, {name!r}",
                next="active: " + (", ".join(map(str, found)) or "none"),
            )
        chosen = [*chosen, *(each for each in these if each not in chosen)]
    return (*ended, *(_end(scene, fault) for fault in chosen))


def leader(state: LabState, kubernetes: Kubernetes) -> str | None:
    """Return the pod, ``namespace/name``, that leads the quorum, as the living controllers wrote it down."""
    found = Scene(state, kubernetes).leader()
    return None if found is None else str(found)


def _end(scene: Scene, standing: Standing) -> Standing:
    undo = CATALOGUE[standing.name].undo
    assert undo is not None
    undo(scene, standing)
    scene.standing.remove(standing)
    return standing


def _places(scene: Scene, name: str) -> set[str]:
    """Return a name, and the node of the pod that has it."""
    if name in CATALOGUE or not scene.api_answers():
        return {name}
    nodes = {
        str(pod["spec"].get("nodeName") or name)
        for pod in scene.kubernetes.list(POD)
        if name in (pod["metadata"]["name"], f"{pod['metadata']['namespace']}/{pod['metadata']['name']}")
    }
    return {name, *nodes}


def _check_targets(fault: Fault, targets: tuple[str, ...]) -> None:
    many, optional = fault.target.endswith("…"), fault.target.startswith("[") or not fault.target
    most = None if many else int(bool(fault.target))
    if (not targets and not optional) or (most is not None and len(targets) > most):
        raise UsageError(
            f"{fault.name} is about {fault.target or 'the whole lab'}, not {' '.join(targets) or 'nothing'}",
            next=f"prompt-kafka lab faults {fault.name} {fault.target}".rstrip(),
        )
