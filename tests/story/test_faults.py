"""Every fault of the catalogue on six real nodes: that it breaks what it says, lasts, is listed, and ends.

One lab for all; each test leaves it as it found it.
"""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab import faults
from prompt_kafka.lab.faults.scene import Pod, Scene
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabState
from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CONTROLLERS = tuple(f"prompt-kafka-controller-{n}" for n in range(3))
BROKERS = tuple(f"prompt-kafka-kafka-{n}" for n in (3, 4, 5))


@pytest.fixture(scope="module", autouse=True)
def scene(user: User) -> Any:
    user.run("lab", "up")
    state = LabState.at(user.labs / "lab")
    with Kubernetes.connect(state.kubeconfig) as kubernetes:
        yield Scene(state, kubernetes)


@pytest.fixture(autouse=True)
def released(scene: Scene) -> Any:
    yield
    faults.release(scene.state, scene.kubernetes)
    assert faults.active(scene.state, scene.kubernetes) == ()


@pytest.fixture
def mended(user: User, released: None) -> Any:
    """The service is healthy again when the faults are over; but nobody reads what was sent."""
    yield
    user.run("lab", "faults", "release")
    wait_until(lambda: _what(user) == "", 120, "a healthy service")


def _break(user: User, *words: str) -> Any:
    return user.json("lab", "faults", *words)


def _active(user: User) -> list[str]:
    found = user.json("lab", "faults", "list")
    assert found["unseen"] == ""
    return [f"{each['fault']} {each['target']}".rstrip() for each in found["active"]]


def _pods(scene: Scene) -> dict[str, dict[str, Any]]:
    from prompt_kafka.clients.kinds import POD

    found = {}
    for pod in scene.kubernetes.list(POD, "prompt-kafka"):
        conditions = {each["type"]: each for each in (pod.get("status") or {}).get("conditions") or ()}
        ready = conditions.get("Ready", {}).get("status") == "True"
        state = conditions.get("lab.prompt-kafka/BrokerState", {}).get("reason", "")
        found[pod["metadata"]["name"]] = {"ready": ready, "state": state}
    return found


def _what(user: User) -> str:
    """Return the problems that `status` names, but for the lag of groups whose consumers are not here."""
    problems = user.json("status", code=None)["problems"]
    return "; ".join(each["what"] for each in problems if not each["what"].startswith("lag within"))


def _share(condition: Callable[[], bool], seconds: float) -> float:
    """Return for how much of the time something is so."""
    seen, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        seen.append(condition())
        time.sleep(0.01)
    return sum(seen) / len(seen)


def _process(pod: Pod) -> Process:
    process = pod.process
    assert process is not None
    return process


def test_the_catalogue_is_shown(user: User) -> None:
    text = user.run("lab", "faults", "list").stdout
    assert all(name in text for name in faults.CATALOGUE)
    assert len(text.splitlines()) <= 30
    assert "none" in text


class TestTheLabsOwnProcesses:
    def test_api_restart(self, user: User, scene: Scene) -> None:
        before = Process.load(scene.state.record("apiserver"))
        _break(user, "api-restart")
        assert Process.load(scene.state.record("apiserver")) != before
        assert scene.api_answers()
        assert _active(user) == []

    def test_api_down_lasts_until_it_is_released(self, user: User, scene: Scene) -> None:
        _break(user, "api-down")
        assert _share(scene.api_answers, 1.0) == 0
        found = user.json("lab", "faults", "list")
        assert found["active"] == [{"fault": "api-down", "target": ""}]
        assert "does not answer" in found["unseen"]
        assert "release api-down" in user.run("lab", "up", code=2).stderr
        user.run("lab", "faults", "release", "api-down")
        assert scene.api_answers()

    def test_controllers_kill(self, user: User, scene: Scene) -> None:
        before = Process.load(scene.state.record("controllers"))
        _break(user, "controllers-kill")
        wait_until(
            lambda: Process.load(scene.state.record("controllers")) not in (None, before), 20, "controllers"
        )

    def test_operator_down(self, user: User) -> None:
        _break(user, "operator-down")
        assert _active(user) == ["operator-down strimzi/strimzi-cluster-operator"]
        assert "operator" in _what(user)
        user.run("lab", "faults", "release", "operator-down")
        assert _active(user) == []

    def test_an_operator_that_somebody_scaled_up_is_no_fault_any_more(self, user: User, scene: Scene) -> None:
        from prompt_kafka.clients.kinds import DEPLOYMENT

        _break(user, "operator-down")
        body = {"spec": {"replicas": 1}}
        scene.kubernetes.patch(DEPLOYMENT, "strimzi-cluster-operator", "strimzi", body)
        assert _active(user) == []

    def test_certificate_soon(self, user: User, scene: Scene) -> None:
        _break(user, "certificate-soon", "40")
        assert _active(user) == ["certificate-soon prompt-kafka/prompt-kafka-cluster-ca-cert"]
        time.sleep(8)
        assert _active(user), "the operator lets it be"


class TestSlack:
    def _call(self, scene: Scene) -> tuple[int, dict[str, Any], str]:
        token = (scene.state.root / "slack-token").read_text().strip()
        request = urllib.request.Request(
            f"{scene.state.settings.slack_url}/api/auth.test",
            data=b"{}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.loads(answer.read()), ""
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), error.headers.get("Retry-After") or ""

    def test_it_answers_so_until_released(self, user: User, scene: Scene) -> None:
        wait_until(lambda: scene.state.record("controllers").exists(), 10, "controllers")
        assert self._call(scene)[1]["ok"] is True
        _break(user, "slack-down")
        assert self._call(scene)[0] == 503
        user.run("lab", "faults", "release", "slack-down")
        _break(user, "slack-rate-limit", "5")
        assert self._call(scene)[::2] == (429, "5")
        assert _active(user) == ["slack-rate-limit 5"]
        user.run("lab", "faults", "release")
        _break(user, "slack-error", "channel_not_found")
        assert self._call(scene)[1]["error"] == "channel_not_found"
        user.run("lab", "faults", "release")
        assert self._call(scene)[1]["ok"] is True


@pytest.mark.usefixtures("mended")
class TestSickProcesses:
    def test_broker_kill(self, user: User, scene: Scene) -> None:
        (hit,) = _break(user, "broker-kill")["hit"]
        wait_until(lambda: scene.pod(hit).process is not None, 20, "the broker again")

    def test_the_leader_is_found_and_killed(self, user: User, scene: Scene) -> None:
        leader = scene.leader()
        assert leader is not None
        assert _break(user, "controller-leader-kill")["hit"] == [str(leader)]
        wait_until(lambda: scene.leader() not in (None, leader), 30, "another leader")

    def test_a_wedged_quorum_looks_ready(self, user: User, scene: Scene) -> None:
        wait_until(lambda: all(_pods(scene)[name]["ready"] for name in CONTROLLERS), 60, "controllers")
        hit = _break(user, "wedge-quorum")["hit"]
        assert len(hit) == 2
        assert _active(user) == [f"wedge-quorum {pod}" for pod in sorted(hit)]
        wait_until(lambda: "no leader" in _what(user), 30, "no leader")
        ready = _share(lambda: all(_pods(scene)[name]["ready"] for name in CONTROLLERS), 3.0)
        assert ready == 1.0

    def test_slow_lasts_over_restarts_of_pod_and_supervisor(self, user: User, scene: Scene) -> None:
        _break(user, "slow", BROKERS[0])
        first = _process(scene.pod(BROKERS[0]))
        assert 0.5 < _share(first.frozen, 3.0) < 0.95
        _break(user, "kill", BROKERS[0])
        wait_until(lambda: scene.pod(BROKERS[0]).process not in (None, first), 20, "the broker again")
        second = _process(scene.pod(BROKERS[0]))
        wait_until(second.frozen, 5, "slow again")
        supervisor = Process.load(scene.state.record("supervisor"))
        assert supervisor is not None and supervisor.signal(signal.SIGKILL)
        user.run("lab", "faults", "release", BROKERS[0])
        assert _share(second.frozen, 1.0) == 0
        user.run("lab", "up")

    def test_a_frozen_pod_is_thawed_by_its_name(self, user: User, scene: Scene) -> None:
        _break(user, "freeze", BROKERS[1])
        process = _process(scene.pod(BROKERS[1]))
        assert process.frozen()
        _break(user, "slow", BROKERS[1])
        assert _share(process.frozen, 1.5) == 1.0, "slow does not wake what is frozen"
        user.run("lab", "faults", "release", BROKERS[1])
        assert not process.frozen()


@pytest.mark.usefixtures("mended")
def test_long_recovery(user: User, scene: Scene) -> None:
    """Kafka reads a long log, then the broker is in RECOVERY for as long as was said; it ends by itself."""
    broker = BROKERS[2]
    _break(user, "long-recovery", broker, "--seconds", "6")
    assert _active(user) == [f"long-recovery prompt-kafka/{broker}"]
    wait_until(lambda: _pods(scene)[broker]["state"] == "Recovery", 60, "recovery")
    began = time.monotonic()
    assert _pods(scene)[broker]["ready"] is False
    wait_until(lambda: _pods(scene)[broker]["state"] == "Running", 60, "the end of the recovery")
    assert 4.0 < time.monotonic() - began < 30
    log = scene.state.pod("prompt-kafka", broker).log("kafka").read_text()
    loaded = re.search(r"Loaded \d+ logs in (\d+)ms \(unclean log dirs", log)
    assert loaded and int(loaded[1]) > 1000
    assert _active(user) == []
    assert not list(scene.log_dirs(scene.pod(broker))[0].glob("lab-long-recovery*"))


@pytest.mark.usefixtures("mended")
class TestPowerLoss:
    """The worst morning, step by step: under traffic, tails cut, one disk blank, names late, one by one."""

    def test_it(self, user: User, scene: Scene) -> None:
        traffic = user.start("lab", "traffic", "--rate", "200", "-o", "json")
        time.sleep(8)
        lost = _break(user, "power-loss", "--cut-tail", "7")
        traffic.kill()
        traffic.communicate()
        assert len(lost["hit"]) == 6
        assert {cut["pod"] for cut in lost["cuts"]} < {f"prompt-kafka/{name}" for name in BROKERS}
        assert len({cut["pod"] for cut in lost["cuts"]}) == 1
        assert {cut["topic"] for cut in lost["cuts"]} >= {"butler-writer"}
        assert not any(cut["topic"] == "__cluster_metadata" for cut in lost["cuts"])
        assert _share(lambda: any(pod.process for pod in scene.pods()), 2.0) == 0, "nothing starts by itself"

        user.run("lab", "down")
        assert user.processes() == []
        state = user.start("lab", "up")
        wait_until(lambda: scene.running() and scene.api_answers(), 60, "the lab")
        assert len(_active(user)) == 6, "no power after lab down and lab up either"
        state.kill()
        state.communicate()

        blank = CONTROLLERS[1]
        refused = user.run("lab", "faults", "kill", blank, code=2)
        assert "does not run" in refused.stderr
        _break(user, "blank-disk", blank)
        assert [list(disk.iterdir()) for disk in scene.disks(scene.pod(blank))] == [[]]
        _break(user, "dns-late")
        assert ".svc" not in scene.state.hosts.read_text()
        order = (BROKERS[2], CONTROLLERS[1], BROKERS[0], CONTROLLERS[0], CONTROLLERS[2], BROKERS[1])
        for name in order:
            user.run("lab", "faults", "release", name)
        assert _active(user) == ["dns-late"]
        wait_until(lambda: all(_pods(scene)[name]["ready"] for name in CONTROLLERS), 60, "controllers")
        assert scene.log_dirs(scene.pod(blank)), "formatted"
        assert _share(lambda: scene.leader() is not None, 4.0) == 0, "without names nobody is elected"
        assert "no leader" in _what(user)

        user.run("lab", "faults", "release", "dns-late")
        wait_until(lambda: scene.leader() is not None, 60, "a leader")
        wait_until(lambda: all(_pods(scene)[name]["ready"] for name in BROKERS), 120, "brokers")
        for cut in lost["cuts"]:
            self._recovered(scene, cut)

    def _recovered(self, scene: Scene, cut: dict[str, Any]) -> None:
        """Kafka itself finds the log to end where the fault says that it cut."""
        namespace, _, name = cut["pod"].partition("/")
        lines = scene.state.pod(namespace, name).log("kafka").read_text().splitlines()
        partition = f"partition={cut['topic']}-{cut['partition']},"
        mine = [line for line in lines if "LogLoader" in line and partition in line]
        ends = [int(found[1]) for line in mine if (found := re.search(r"state till offset (\d+)", line))]
        assert ends[-1] == cut["first"]
        corrupt = any("Corruption found" in line for line in mine)
        assert corrupt is cut["inside_a_batch"]

    def test_a_majority_of_tails_is_refused(self, user: User) -> None:
        words = ("power-loss", "--minority", BROKERS[0], "--minority", BROKERS[1])
        assert "no minority" in user.run("lab", "faults", *words, code=2).stderr
        assert _active(user) == []

    def test_the_disk_of_what_runs_is_left_alone(self, user: User) -> None:
        assert "is in use" in user.run("lab", "faults", "blank-disk", BROKERS[0], code=2).stderr


def test_nothing_remains_of_a_broken_lab(user: User, scene: Scene) -> None:
    """Last of all: purge takes frozen, slow and held ones with it."""
    _break(user, "wedge-quorum")
    _break(user, "slow", BROKERS[0], BROKERS[1])
    _break(user, "hold", BROKERS[2])
    _break(user, "git-refuse")
    _break(user, "api-down")
    user.run("lab", "down", "--purge")
    assert user.processes() == []
    assert not (user.labs / "lab").exists()
    user.run("lab", "up")
