"""What can befall the lab: how it is brought about, what ``status`` must call it, and how it ends.

Nobody tells ``status``; what it names is compared with what was drawn.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.story.conftest import User

CONTROLLERS = tuple(f"prompt-kafka-controller-{i}" for i in (0, 1, 2))
BROKERS = tuple(f"prompt-kafka-kafka-{i}" for i in (3, 4, 5))
PODS = (*CONTROLLERS, *BROKERS)
NAMESPACE = ("-n", "prompt-kafka")


@dataclass(frozen=True)
class Ailment:
    """One fault with its place.

    Attributes
    ----------
    kinds
        What ``status`` may call it.
    on
        The object that must be among the cause's.
    due
        Seconds until its effect can be seen.
    heals
        It ends by itself; it is looked at once and at once.
    mends
        The printed command mends it, and the test runs it.
    """

    name: str
    on: str
    kinds: frozenset[str]
    inject: Callable[[User], None]
    due: float = 0.0
    undo: Callable[[User], None] | None = None
    heals: bool = False
    mends: bool = False
    sick: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"{self.name} {self.on}"

    def matches(self, cause: dict[str, Any]) -> bool:
        return cause["cause"] in self.kinds and (not self.on or self.on in cause["objects"])


def _fault(name: str, pod: str, kinds: set[str], **more: Any) -> Ailment:
    lost = {"quorum lost", "quorum forming"} if pod in CONTROLLERS else set()
    return Ailment(
        name,
        pod,
        frozenset(kinds | lost),
        lambda user: _done(user.run("lab", "faults", name, pod)),
        sick=frozenset({pod}),
        **more,
    )


def _done(_: Any) -> None:
    pass


def freeze(pod: str) -> Ailment:
    return _fault("freeze", pod, {"pod frozen"}, mends=True)


def hold(pod: str) -> Ailment:
    return _fault("hold", pod, {"pod down"}, due=7.0, mends=True)


def kill(pod: str) -> Ailment:
    return _fault("kill", pod, {"pod restarting"}, heals=True)


def recovery(pod: str) -> Ailment:
    return Ailment(
        "long-recovery",
        pod,
        frozenset({"log recovery"}),
        lambda user: _done(user.run("lab", "faults", "long-recovery", pod, "--seconds", "60")),
        due=20.0,
    )


def delete(pod: str) -> Ailment:
    return Ailment(
        "delete",
        pod,
        frozenset({"pod restarting"}),
        lambda user: _done(user.kubectl(*NAMESPACE, "delete", "pod", pod, "--wait=false")),
        heals=True,
        sick=frozenset({pod}),
    )


def operator_down(_: str = "") -> Ailment:
    return Ailment(
        "operator-down",
        "strimzi-cluster-operator",
        frozenset({"operator down"}),
        lambda user: _done(user.run("lab", "faults", "operator-down")),
        due=2.0,
        mends=True,
    )


def pause(_: str = "") -> Ailment:
    key = "strimzi.io/pause-reconciliation"
    return Ailment(
        "pause",
        "prompt-kafka",
        frozenset({"reconciliation paused"}),
        lambda user: _done(user.kubectl(*NAMESPACE, "annotate", "kafka", "prompt-kafka", f"{key}=true")),
        undo=lambda user: _done(user.kubectl(*NAMESPACE, "annotate", "kafka", "prompt-kafka", f"{key}-")),
        mends=True,
    )


def entity_operator(_: str = "") -> Ailment:
    """Only while nobody sets it back: beside a pause."""
    name = "prompt-kafka-entity-operator"
    scale = (*NAMESPACE, "scale", "deployment", name)
    return Ailment(
        "entity-operator",
        name,
        frozenset({"entity operator down"}),
        lambda user: _done(user.kubectl(*scale, "--replicas=0")),
        due=2.0,
        undo=lambda user: _done(user.kubectl(*scale, "--replicas=1")),
    )


def machine(pod: str) -> Ailment:
    """The machine on which a pod is."""

    def hold_node(user: User) -> None:
        node = user.kubectl(*NAMESPACE, "get", "pod", pod, "-o", "jsonpath={.spec.nodeName}").strip()
        user.kubectl("annotate", "node", node, "lab.prompt-kafka/held=true")

    def power_back(user: User) -> None:
        for i in range(6):
            user.kubectl("annotate", "node", f"lab-node-{i}", "lab.prompt-kafka/held-")

    return Ailment(
        "machine",
        pod,
        frozenset({"machine down", "quorum lost"}),
        hold_node,
        due=3.0,
        undo=power_back,
        sick=frozenset({pod}),
    )


def power_loss(_: str = "") -> Ailment:
    return Ailment(
        "power-loss",
        "lab-node-0",
        frozenset({"power loss"}),
        lambda user: _done(user.run("lab", "faults", "power-loss")),
        due=1.0,
    )


def wedge(_: str = "") -> Ailment:
    return Ailment(
        "wedge-quorum",
        "",
        frozenset({"quorum wedged", "quorum lost"}),
        lambda user: _done(user.run("lab", "faults", "wedge-quorum")),
        due=1.0,
    )


def api_down(_: str = "") -> Ailment:
    return Ailment(
        "api-down",
        "lab-lab",
        frozenset({"Kubernetes API unreachable"}),
        lambda user: _done(user.run("lab", "faults", "api-down")),
    )


def refused_topic(_: str = "") -> Ailment:
    manifest = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {
            "name": "too-many-replicas",
            "namespace": "prompt-kafka",
            "labels": {"strimzi.io/cluster": "prompt-kafka"},
        },
        "spec": {"partitions": 1, "replicas": 5},
    }

    def apply(user: User) -> None:
        file = user.home / "topic.json"
        file.write_text(json.dumps(manifest))
        user.kubectl("create", "-f", str(file))
        file.unlink()

    return Ailment(
        "refused-topic",
        "too-many-replicas",
        frozenset({"resource refused"}),
        apply,
        due=10.0,
        undo=lambda user: _done(user.kubectl(*NAMESPACE, "delete", "kafkatopic", "too-many-replicas")),
    )


def unschedulable(pod: str) -> Ailment:
    """Its machine takes nobody, and the others have their own."""

    def cordon(user: User) -> None:
        node = user.kubectl(*NAMESPACE, "get", "pod", pod, "-o", "jsonpath={.spec.nodeName}").strip()
        user.kubectl("cordon", node)
        user.kubectl(*NAMESPACE, "delete", "pod", pod, "--wait=true")

    def uncordon(user: User) -> None:
        for i in range(6):
            user.kubectl("uncordon", f"lab-node-{i}")

    return Ailment(
        "unschedulable",
        pod,
        frozenset({"pod pending", "quorum lost"}),
        cordon,
        due=2.0,
        undo=uncordon,
        sick=frozenset({pod}),
    )


def consumer_stopped(_: str = "") -> Ailment:
    """Messages come and nobody reads; the environment's objective is three seconds here."""
    return Ailment(
        "consumer-stopped",
        "butler-writer",
        frozenset({"group stopped"}),
        lambda user: _done(user.run("produce-unread")),
        due=4.0,
        undo=lambda user: _done(user.run("lab", "traffic", "--duration", "3s", code=None)),
    )


SINGLES = (
    power_loss,
    wedge,
    api_down,
    operator_down,
    pause,
    refused_topic,
    consumer_stopped,
    freeze,
    hold,
    kill,
    delete,
    recovery,
    machine,
    unschedulable,
)
ON_BROKERS_ONLY = (kill, delete, recovery, unschedulable)
PAIRS = ("controller+broker", "operator+node", "controllers", "brokers", "operators", "aside")


def draws(seed: int, count: int) -> list[tuple[Ailment, ...]]:
    """Draw faults: every single one once before any twice, and as many pairs of which each can be told."""
    chance = random.Random(seed)
    makes: list[Callable[[str], Ailment]] = []
    while len(makes) < (count + 1) // 2:
        makes += chance.sample(SINGLES, len(SINGLES))
    found = [(_single(chance, make),) for make in makes[: (count + 1) // 2]]
    pairs = [_pair(chance) for _ in range(count - len(found))]
    mixed: list[tuple[Ailment, ...]] = [*found, *pairs]
    chance.shuffle(mixed)
    return mixed


def _single(chance: random.Random, make: Callable[[str], Ailment]) -> Ailment:
    return make(chance.choice(BROKERS if make in ON_BROKERS_ONLY else PODS))


def _pair(chance: random.Random) -> tuple[Ailment, Ailment]:
    pair = chance.choice(PAIRS)
    if pair == "controller+broker":
        one, other = chance.choice((freeze, hold)), chance.choice((freeze, hold, machine))
        return one(chance.choice(CONTROLLERS)), other(chance.choice(BROKERS))
    if pair == "operator+node":
        return chance.choice((operator_down, pause))(), chance.choice((freeze, hold))(chance.choice(PODS))
    if pair in ("controllers", "brokers"):
        first, second = chance.sample(CONTROLLERS if pair == "controllers" else BROKERS, 2)
        return freeze(first), chance.choice((freeze, hold))(second)
    if pair == "operators":
        return pause(), entity_operator()
    return chance.choice((operator_down, pause))(), consumer_stopped()
