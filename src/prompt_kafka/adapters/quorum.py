"""Asks the controllers for the quorum: directly, through port-forwards, or by Kafka's own tool in their pods.

The controllers must be able to answer when every broker is dead, so nothing here goes through a broker. That
a controller is dead is an answer; that no way leads to it is not, and is said with each way's reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prompt_kafka.adapters import quorum_tool
from prompt_kafka.adapters.forwards import Forwards
from prompt_kafka.adapters.routes import refusal
from prompt_kafka.clients.kafka import Controllers, Tls
from prompt_kafka.clients.kubernetes import Conflict, Invalid, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.quorum import ControllerAnswer, quorum_of

PORT = 9090
"""The controllers' listener (mTLS); Strimzi's ``CONTROLPLANE-9090``."""
AGAIN_S = 0.7
"""An election takes about a second."""
EXEC_FLAG = "while planning it needs --allow-exec"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the controllers said, and the way to them.

    Attributes
    ----------
    route
        ``direct``, ``port-forward`` or ``exec``, with the ways that did not work before it.
    """

    answers: tuple[ControllerAnswer, ...]
    route: str


class QuorumWays:
    """The ways to the controllers of one cluster.

    Parameters
    ----------
    kubernetes, forwards
        The API and the port-forwards through it.
    tls
        Gives the operator's client certificate; an error when we may not read it.
    """

    def __init__(
        self, kubernetes: Kubernetes, forwards: Forwards, tls: Callable[[], Tls], *, timeout: float = 3.0
    ) -> None:
        self._kubernetes, self._forwards, self._tls, self._timeout = kubernetes, forwards, tls, timeout

    def ask(self, pods: Sequence[Object]) -> Asked:
        """Ask the controllers, by the first way that leads to them.

        Raises
        ------
        UnreachableError
            No way does; all reasons are in it.
        """
        controllers = sorted(
            (p for p in pods if (p.get("status") or {}).get("podIP") and _is_controller(p)),
            key=lambda pod: str(pod["status"]["podIP"]),
        )
        if not controllers:
            raise UnreachableError("no controller pod has an address")
        tried: list[str] = []
        for name, way in (("direct", self._direct), ("port-forward", self._forward), ("exec", self._exec)):
            answers = way(controllers, tried)
            if answers is not None:
                before = f"; not {'; not '.join(tried)}" if tried else ""
                return Asked(answers, f"{name}{before}")
        raise UnreachableError(f"no way to the controllers works: {'; '.join(tried)}")

    def _direct(self, pods: list[Object], tried: list[str]) -> tuple[ControllerAnswer, ...] | None:
        why = refusal([_address(pod) for pod in pods])
        if why:
            tried.append(f"direct: {why}")
            return None
        try:
            tls = self._tls()
        except PromptKafkaError as error:
            tried.append(f"direct: {error.what}")
            return None
        return Controllers([_address(pod) for pod in pods], tls=tls, timeout=self._timeout).ask()

    def _forward(self, pods: list[Object], tried: list[str]) -> tuple[ControllerAnswer, ...] | None:
        try:
            tls = self._tls()
        except PromptKafkaError as error:
            tried.append(f"port-forward: {error.what}")
            return None
        names = {_address(pod): str(pod["metadata"]["name"]) for pod in pods}
        checked = self._forwards.check((name, PORT) for name in names.values())
        dead: dict[str, str] = {}
        for (name, _), said in checked.items():
            if isinstance(said, NotFound | Invalid | Conflict):
                dead[name] = said.what  # the API let us ask, and the pod is not one that runs
            elif isinstance(said, Exception):
                what = said.what if isinstance(said, PromptKafkaError) else str(said)
                tried.append(f"port-forward: {what}")
                return None
            elif said:
                dead[name] = said
        alive = [address for address, name in names.items() if name not in dead]
        asked = Controllers(
            alive,
            tls=tls,
            resolve=lambda host, port: self._forwards.address(names[host, port], port),
            timeout=self._timeout,
        ).ask()
        answers = {answer.address: answer for answer in asked}
        for (host, port), name in names.items():
            if name in dead:
                answers[f"{host}:{port}"] = ControllerAnswer(f"{host}:{port}", unreachable=dead[name])
        return tuple(answers[f"{host}:{port}"] for host, port in names)

    def _exec(self, pods: list[Object], tried: list[str]) -> tuple[ControllerAnswer, ...] | None:
        if not self._kubernetes.streams.may_exec:
            tried.append(f"exec: {EXEC_FLAG}")
            return None

        def one(pod: Object) -> ControllerAnswer | PromptKafkaError:
            try:
                return quorum_tool.ask(self._kubernetes, pod, _address(pod))
            except PromptKafkaError as error:
                return error

        with ThreadPoolExecutor(len(pods), thread_name_prefix="quorum") as pool:
            said = list(pool.map(one, pods))
        if all(isinstance(each, PromptKafkaError) for each in said):
            tried.append(f"exec: {next(e.what for e in said if isinstance(e, PromptKafkaError))}")
            return None
        return tuple(
            ControllerAnswer("{}:{}".format(*_address(pod)), unreachable=each.what)
            if isinstance(each, PromptKafkaError)
            else each
            for pod, each in zip(pods, said, strict=True)
        )


def until_led(ask: Callable[[], Asked], end: float | None, clock: Clock) -> Asked:
    """Ask; where there is time until `end`, again when most answer and none leads: it may be an election."""
    while True:
        began = clock.monotonic()
        asked = ask()
        now = clock.monotonic()
        answering = sum(not answer.unreachable for answer in asked.answers)
        leaderless = quorum_of(asked.answers) is None and 2 * answering > len(asked.answers)
        if not leaderless or end is None or now + AGAIN_S + 1.5 * (now - began) > end:
            return asked
        clock.sleep(AGAIN_S)


def _is_controller(pod: Object) -> bool:
    return (pod["metadata"].get("labels") or {}).get("strimzi.io/controller-role") == "true"


def _address(pod: Object) -> tuple[str, int]:
    return str(pod["status"]["podIP"]), PORT
