"""The harness itself and the product's acting, on the lab's API server alone: no Kafka, no operator, seconds.

One pod is "restarted" by a thread that stands where the operator does: it takes the annotation off and makes
the pod anew. What the runbook does is all real: the command, the record, the Lease, the journal.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters.journal import NAME, Journal
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.clients.kinds import LEASE, NODE_POOL, POD, POD_SET, Kind
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes, NotFound
from prompt_kafka.core.actions import Annotate, Delete
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.conditions import Replaced, RollBegun
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.service import Target
from prompt_kafka.targets import owner
from tests.contracts.servers import lab_server
from tests.story.conftest import User

pytestmark = pytest.mark.lab

SPACE, CLUSTER = "prompt-kafka", "prompt-kafka"
ROLL = "strimzi.io/manual-rolling-update"
PODS = (f"{CLUSTER}-kafka-3", f"{CLUSTER}-kafka-4")
WAITING = "running:a after look 1"


def _definition(kind: Kind) -> dict[str, Any]:
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced",
            "names": {"plural": kind.plural, "kind": kind.kind, "singular": kind.kind.lower()},
            "versions": [version],
        },
    }


class Place:
    """An API with two pods, somebody who makes them anew when asked, and a person at a terminal."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.user = root, User(home)
        self.kubernetes = Kubernetes.connect(root / "kubeconfig")
        self.store = RunStore(self.kubernetes, SPACE)
        self.made = dict.fromkeys(PODS, 0)
        self.not_before: tuple[Path, str] | None = None
        self._closing = threading.Event()
        kafka = Kind("kafka.strimzi.io", "v1", "Kafka", "kafkas")
        for kind in (kafka, NODE_POOL, POD_SET):
            self._put(_definition(kind))
        self._put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        self._put(
            {
                "apiVersion": "kafka.strimzi.io/v1",
                "kind": "Kafka",
                "metadata": {"name": CLUSTER, "namespace": SPACE},
                "spec": {"kafka": {}},
            }
        )
        for pod in PODS:
            self._make(pod)
        environment = {"kubeconfig": str(root / "kubeconfig"), "namespace": SPACE, "cluster": CLUSTER}
        text = json.dumps({"schema": 1, "environments": {"here": environment}})
        (home / "service.yaml").write_text(text)
        self._operator = threading.Thread(target=self._operate, daemon=True)
        self._operator.start()

    def close(self) -> None:
        self._closing.set()
        self._operator.join(5)
        self.kubernetes.close()

    def _put(self, obj: dict[str, Any]) -> None:
        try:
            self.kubernetes.create(obj)
        except AlreadyExists:
            return

    def _make(self, name: str) -> None:
        labels = {
            "strimzi.io/cluster": CLUSTER,
            "strimzi.io/kind": "Kafka",
            "strimzi.io/name": f"{CLUSTER}-kafka",
            "strimzi.io/broker-role": "true",
            "strimzi.io/pool-name": "kafka",
        }
        self._put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": SPACE, "labels": labels},
                "spec": {"containers": [{"name": "kafka", "image": "kafka"}]},
            }
        )
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        self.kubernetes.patch(POD, name, SPACE, {"status": ready}, subresource="status")

    def _operate(self) -> None:
        """Roll whatever asks for it, a second later and when it may; make anew whatever is gone."""
        while not self._closing.wait(0.2):
            there = {each["metadata"]["name"]: each for each in self.kubernetes.list(POD, SPACE)}
            for name in PODS:
                if name not in there:
                    self.made[name] += 1
                    self._make(name)
                elif self._asked(there[name]) and self._may_roll():
                    self._closing.wait(1.0)
                    try:
                        self.kubernetes.delete(POD, name, SPACE, grace=0)
                    except NotFound:
                        continue

    @staticmethod
    def _asked(pod: dict[str, Any]) -> bool:
        return (pod["metadata"].get("annotations") or {}).get(ROLL) == "true"

    def _may_roll(self) -> bool:
        """Return whether the point that a roll waits for has been visited."""
        if self.not_before is None:
            return True
        path, point = self.not_before
        return path.exists() and point in path.read_text()

    def begin(self, pods: tuple[str, ...] = PODS[1:]) -> RunRecord:
        """Keep a run that nobody carries out yet; the first of two pods is deleted, the other annotated."""
        steps = []
        for name in pods:
            uid = self.kubernetes.get(POD, name, SPACE)["metadata"]["uid"]
            action = (
                Annotate("pod", name, SPACE, ROLL, "true", uid)
                if name != PODS[0]
                else Delete("pod", name, SPACE, uid)
            )
            each = ((name, uid),)
            steps.append(
                Step(f"restart {name}", "why", action, proof=(Replaced(each),), marks=(RollBegun(each),))
            )
        target = Target("here", False, "lab", CLUSTER, "")
        plan = Plan("restart", target, "restart two pods", tuple(steps))
        at = SYSTEM.now()
        record = RunRecord.begin(f"{at:%Y%m%d-%H%M%S-%f}", plan, owner(), at)
        self.store.create(record)
        return record

    def resume(self, run: str, visited: Path, how: str) -> subprocess.CompletedProcess[str]:
        words = ("run", "resume", run, "-e", "here", "--config", str(self.user.home / "service.yaml"))
        return subprocess.run(
            [sys.executable, "-m", "tests.killing.driver", str(visited), how, *words],
            env={**self.user.environment(), "PYTHONPATH": ":".join(each for each in sys.path if each)},
            cwd=self.user.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    @property
    def holder(self) -> str:
        found = self.kubernetes.find(LEASE, f"prompt-kafka-{CLUSTER}", SPACE)
        return str((found or {"spec": {}})["spec"].get("holderIdentity") or "")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with lab_server(tmp_path_factory.mktemp("api")) as api:
        found = Place(api.root, tmp_path_factory.mktemp("home"))
        yield found
        found.close()


@pytest.mark.parametrize("how", ["SIGKILL", pytest.param("SIGINT", marks=pytest.mark.slow)])
def test_ended_at_every_point_and_resumed_nothing_is_done_twice(
    place: Place, tmp_path: Path, how: str
) -> None:
    made = dict(place.made)
    run = place.begin()
    visited = tmp_path / "visited"
    place.not_before = (visited, WAITING)
    ended = 0
    while (done := place.resume(run.id, visited, how)).returncode != 0:
        ended += 1
        said = f"{visited.read_text()}{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, said
        if how == "SIGKILL":
            if place.store.load(run.id).state is RunState.DONE:
                break
            assert done.returncode == -signal.SIGKILL, said
        else:
            assert done.returncode == 130, said
            assert "interrupted; the Lease is given back" in done.stderr, said
            assert "of 1, restart" in done.stderr or "every step is proved" in done.stderr, said
            assert f"take it up: prompt-kafka run resume {run.id} -e here" in done.stderr, said
            assert place.holder == "", said
            assert place.store.load(run.id).state is RunState.STOPPED, said
        assert ended < 200
    record = place.store.load(run.id)
    assert record.state is RunState.DONE
    assert {name: place.made[name] - made[name] for name in PODS} == {PODS[0]: 0, PODS[1]: 1}
    points = visited.read_text()
    print(points)
    act = ("before Annotate", "after patch Pod") if how == "SIGKILL" else ("before keep running:i",)
    for each in (*act, WAITING):
        assert each in points
    assert ended > 10


def test_the_journal_tells_what_was_asked_before_it_was_answered(place: Place, tmp_path: Path) -> None:
    place.not_before = None
    run = place.begin(PODS)
    done = place.resume(run.id, tmp_path / "visited", "none")
    assert done.returncode == 0, done.stderr
    with Journal(place.user.home / "state/prompt-kafka" / NAME) as journal:
        kinds = [(each.step, each.kind) for each in journal.entries(run.id)]
    for step in (1, 2):
        order = [kinds.index((step, kind)) for kind in ("begins", "asks", "asked", "waits", "proved")]
        assert order == sorted(order), kinds
    assert f"run {run.id}" in done.stdout
