"""Faults of processes: killed, frozen, slow; those of Kafka and the lab's own."""

from __future__ import annotations

import signal
from dataclasses import asdict

from prompt_kafka.core.errors import TimedOutError, UsageError
from prompt_kafka.lab.faults.order import Done, Order
from prompt_kafka.lab.faults.scene import Pod, Scene
from prompt_kafka.lab.pace import SLOW
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.standing import API_DOWN, Standing

FREEZE, WEDGE = "freeze", "wedge-quorum"
API_TIMEOUT_S = 30.0


def kill(scene: Scene, order: Order) -> Done:
    """Kill pods' processes."""
    return _kill(scene.chosen(order.targets))


def broker_kill(scene: Scene, order: Order) -> Done:
    """Kill a broker's process: the one that is named, else the first that lives."""
    if order.targets:
        return kill(scene, order)
    living = scene.chosen(("all",), role="broker")
    if not living:
        raise UsageError("no broker runs", next="prompt-kafka status")
    return _kill(living[:1])


def leader_kill(scene: Scene, _order: Order) -> Done:
    """Kill the process of the quorum's leader."""
    return _kill((_leader(scene),))


def freeze(scene: Scene, order: Order) -> Done:
    """Stop pods' processes where they are."""
    return _freeze(scene, scene.chosen(order.targets), FREEZE)


def wedge_quorum(scene: Scene, _order: Order) -> Done:
    """Stop the quorum's leader and as many others as leave it without a majority."""
    controllers = scene.pods("controller")
    leader = _leader(scene)
    others = [pod for pod in controllers if pod != leader and pod.process is not None]
    few = (leader, *others)[: len(controllers) - len(controllers) // 2]
    return _freeze(scene, few, WEDGE)


def frozen(_scene: Scene, fault: Standing) -> bool:
    """Return whether a process is still stopped."""
    process = _recorded(fault)
    return process is not None and process.frozen()


def thaw(_scene: Scene, fault: Standing) -> None:
    """Let a stopped process go on."""
    process = _recorded(fault)
    if process is not None:
        process.signal(signal.SIGCONT)


def slow(scene: Scene, order: Order) -> Done:
    """Have the kubelet stop pods' processes most of the time."""
    pods = scene.chosen(order.targets)
    for pod in pods:
        scene.standing.add(SLOW, str(pod))
    return Done(tuple(map(str, pods)))


def quick(scene: Scene, fault: Standing) -> None:
    """Let a slow pod go on, also when the kubelet that slowed it down was killed meanwhile."""
    scene.standing.remove(fault)
    pod = next((each for each in scene.pods() if str(each) == fault.target), None)
    if pod is not None and pod.process is not None and not scene.running():
        pod.signal(signal.SIGCONT)


def api_restart(scene: Scene, _order: Order) -> Done:
    """Kill the API server and wait until the supervisor has another one running."""
    process = _kill_own(scene, "apiserver")
    _await_api(scene, process)
    return Done((f"apiserver, pid {process.pid}",))


def controllers_kill(scene: Scene, _order: Order) -> Done:
    """Kill the controllers."""
    return Done((f"controllers, pid {_kill_own(scene, 'controllers').pid}",))


def api_down(scene: Scene, _order: Order) -> Done:
    """Kill the API server and have the supervisor leave it so."""
    fault = scene.standing.add(API_DOWN)
    try:
        process = _kill_own(scene, "apiserver")
    except UsageError:
        scene.standing.remove(fault)
        raise
    return Done((f"apiserver, pid {process.pid}",))


def api_up(scene: Scene, fault: Standing) -> None:
    """Have the supervisor start the API server, and wait for it."""
    scene.standing.remove(fault)
    if scene.running():
        _await_api(scene, None)


def _kill(pods: tuple[Pod, ...]) -> Done:
    for pod in pods:
        pod.kill()
    return Done(tuple(map(str, pods)))


def _freeze(scene: Scene, pods: tuple[Pod, ...], name: str) -> Done:
    for pod in pods:
        process = pod.process
        scene.standing.add(name, str(pod), **(asdict(process) if process is not None else {}))
        try:
            pod.signal(signal.SIGSTOP)
        except UsageError:
            scene.standing.remove(Standing(name, str(pod)))
            raise
        assert process is not None
        scene.clock.wait_until(process.frozen, 2.0, interval=0.005)
    return Done(tuple(map(str, pods)))


def _leader(scene: Scene) -> Pod:
    leader = scene.leader()
    if leader is None or leader.process is None:
        raise UsageError("no controller leads the quorum", next="prompt-kafka status")
    return leader


def _recorded(fault: Standing) -> Process | None:
    try:
        return Process.from_dict(fault.details)
    except (KeyError, ValueError, TypeError):
        return None


def _kill_own(scene: Scene, name: str) -> Process:
    process = Process.load(scene.state.record(name))
    if process is None or not process.signal(signal.SIGKILL):
        raise UsageError(
            f"the {name} of this lab does not run",
            where=str(scene.state.root),
            next="prompt-kafka lab faults list; prompt-kafka lab up",
        )
    process.wait(5.0)
    return process


def _await_api(scene: Scene, before: Process | None) -> None:
    def answers() -> bool:
        now = Process.load(scene.state.record("apiserver"))
        return now is not None and now != before and now.alive() and scene.api_answers()

    if not scene.clock.wait_until(answers, API_TIMEOUT_S, interval=0.05):
        raise TimedOutError(
            f"the API server is not back after {API_TIMEOUT_S:.0f} s",
            next=f"prompt-kafka lab logs apiserver --name {scene.state.settings.name}",
        )
