"""The ways to Kafka: tried in order, each with its reason, and which one is in use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from prompt_kafka.adapters import quorum_tool
from prompt_kafka.adapters.access import Access
from prompt_kafka.adapters.forwards import Forwards
from prompt_kafka.adapters.quorum import Asked, QuorumWays
from prompt_kafka.adapters.routes import advertised, direct, refusal
from prompt_kafka.clients.kafka import NotAuthorizedError, Tls
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.quorum import quorum_of
from tests.adapters.conftest import BROKER, CLUSTER, ENVIRONMENT, NETWORK, SPACE, Object, Stage

NOBODY = (f"{NETWORK}.200", 9094)


@pytest.fixture
def planning(stage: Stage) -> Iterator[Kubernetes]:
    with Kubernetes.connect(stage.api.kubeconfig, read_only=True) as connection:
        yield connection


@pytest.fixture
def access(planning: Kubernetes) -> Iterator[Access]:
    made = Access(planning, ENVIRONMENT, read_only=True)
    yield made
    made.close()


# Brokers


def test_an_external_listener_comes_first(stage: Stage, access: Access, pods: list[Object]) -> None:
    connection, route = access.connect(stage.kafka(external=stage.broker.address), "kafka-admin")
    with connection:
        assert connection.describe_cluster().id == stage.node.cluster_id
    assert str(route) == f"listener external ({NETWORK}.9:9094)"


def test_a_listener_that_is_dead_falls_through_quickly(
    stage: Stage, access: Access, pods: list[Object]
) -> None:
    seen = stage.broker.connections
    started = time.monotonic()
    connection, route = access.connect(stage.kafka(external=NOBODY), "kafka-admin")
    assert time.monotonic() - started < 3
    with connection:
        assert connection.describe_cluster().id == stage.node.cluster_id
        assert connection.topics() is not None
        assert connection.read_only
    assert stage.broker.connections > seen
    assert str(route) == (
        f"port-forward, listener external ({BROKER}:9094); "
        f"not listener external: {NETWORK}.200:9094 connection refused"
    )


def test_a_listener_without_an_address_has_a_reason(stage: Stage, access: Access, pods: list[Object]) -> None:
    connection, route = access.connect(stage.kafka(), "kafka-admin")
    connection.close()
    assert "not listener external: the Kafka resource names no address for it" in str(route)


def test_inside_is_for_those_who_are_inside(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = stage.kafka(external=("localhost", 9093), internal=True)
    assert direct(kafka, "external") == ([], ["inside: this is not inside the cluster"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    (route,), others = direct(kafka, "external")
    assert (route.name, others) == ("inside", [])
    kafka = stage.kafka(external=("no-such-name.prompt-kafka.svc.invalid", 9093), internal=True)
    assert direct(kafka, "external")[1] == [
        "inside: no-such-name.prompt-kafka.svc.invalid has no address here"
    ]


def test_no_way_names_them_all(stage: Stage, access: Access, pods: list[Object]) -> None:
    stage.pod(BROKER, "broker", stage.broker.address[0], phase="Pending")
    with pytest.raises(UnreachableError) as caught:
        access.connect(stage.kafka(external=NOBODY), "kafka-admin")
    assert f"listener external: {NETWORK}.200:9094 connection refused" in caught.value.what
    assert "port-forward: no broker pod is running" in caught.value.what
    stage.pod(BROKER, "broker", f"{NETWORK}.201")
    with pytest.raises(UnreachableError, match=rf"failed to connect to {NETWORK}\.201:9094"):
        access.connect(stage.kafka(external=NOBODY), "kafka-admin")


def test_a_refused_login_is_not_a_matter_of_the_way(stage: Stage, access: Access) -> None:
    stage.secret("somebody", password="wrong-password")
    with pytest.raises(NotAuthorizedError, match="refused the login") as caught:
        access.connect(stage.kafka(external=stage.broker.address), "somebody")
    assert "wrong-password" not in str(caught.value)


def test_a_probe_does_not_wait_for_the_silent() -> None:
    assert refusal([NOBODY, (f"{NETWORK}.200", 1)]).count("connection refused") == 2
    started = time.monotonic()
    assert refusal([("192.0.2.1", 9)], 0.2)
    assert time.monotonic() - started < 1


def test_what_a_node_advertises() -> None:
    text = (
        "node.id=3\nadvertised.listeners=CONTROLPLANE-9090://p:9090,TLS-9093://p.svc:9093,"
        "EXTERNAL-9094://[fd00::1]:31234\n"
    )
    found = advertised({"data": {"server.config": text}})
    assert found["EXTERNAL"] == ("fd00::1", 31234)
    assert found["TLS"] == ("p.svc", 9093)
    assert advertised(None) == {}


# Controllers


def test_the_controllers_are_asked_directly(stage: Stage, access: Access, pods: list[Object]) -> None:
    asked = access.ask_controllers(stage.kafka(), pods)
    assert asked.route == "direct"
    quorum = quorum_of(asked.answers)
    assert quorum is not None and quorum.leader_id == 1


class Elsewhere(QuorumWays):
    """As from a machine to which no pod's address leads."""

    def _direct(self, pods: list[Object], tried: list[str]) -> None:
        tried.append("direct: no route to host")


def ask(kubernetes: Kubernetes, stage: Stage, pods: Sequence[Object], tls: Tls | None = None) -> Asked:
    def operator() -> Tls:
        if tls is None:
            raise PromptKafkaError("may not read Secret prompt-kafka-cluster-operator-certs")
        return replace(tls, check_hostname=False)

    forwards = Forwards(kubernetes, SPACE)
    try:
        return Elsewhere(kubernetes, forwards, operator, timeout=10).ask(pods)
    finally:
        forwards.close()


def test_through_port_forwards(stage: Stage, planning: Kubernetes, pods: list[Object]) -> None:
    asked = ask(planning, stage, pods, stage.node.operator_tls)
    assert asked.route == "port-forward; not direct: no route to host"
    (answer,) = asked.answers
    assert answer.address == f"{NETWORK}.8:9090"
    assert answer.quorum is not None and answer.quorum.leader_id == 1
    assert answer.metadata_version


def test_a_dead_controller_is_an_answer(stage: Stage, planning: Kubernetes, pods: list[Object]) -> None:
    other = stage.pod(f"{CLUSTER}-controller-2", "controller", f"{NETWORK}.202")
    gone = {**other, "metadata": {**other["metadata"], "name": f"{CLUSTER}-controller-3"}}
    gone["status"] = {**other["status"], "podIP": f"{NETWORK}.203"}
    try:
        asked = ask(planning, stage, [*pods, other, gone], stage.node.operator_tls)
    finally:
        stage.remove("pods", f"{CLUSTER}-controller-2")
    said = {answer.address: answer.unreachable for answer in asked.answers}
    assert said[f"{NETWORK}.8:9090"] == ""
    assert "connection refused" in said[f"{NETWORK}.202:9090"]
    assert "not found" in said[f"{NETWORK}.203:9090"]


def test_by_kafkas_own_tool_in_the_pod(stage: Stage, pods: list[Object], tool: Path) -> None:
    with Kubernetes.connect(stage.api.kubeconfig, read_only=True, allow_exec=True) as kubernetes:
        asked = ask(kubernetes, stage, pods)
    assert asked.route.startswith("exec; not direct: no route to host; not port-forward: may not read")
    quorum = quorum_of(asked.answers)
    assert quorum is not None
    assert (quorum.leader_id, [voter.node_id for voter in quorum.voters]) == (1, [1])
    assert quorum.epoch > 0 and quorum.high_watermark > 0
    assert quorum.behind(within_s=2) == ()
    assert quorum.lag(1) == 0


def test_not_by_a_plan_without_leave(stage: Stage, planning: Kubernetes, pods: list[Object]) -> None:
    with pytest.raises(UnreachableError) as caught:
        ask(planning, stage, pods)
    assert caught.value.what == (
        "no way to the controllers works: direct: no route to host; "
        "port-forward: may not read Secret prompt-kafka-cluster-operator-certs; "
        "exec: while planning it needs --allow-exec"
    )


def test_a_tool_that_is_not_there_is_said(stage: Stage, pods: list[Object], tool: Path) -> None:
    tool.unlink()
    with Kubernetes.connect(stage.api.kubeconfig, read_only=True, allow_exec=True) as kubernetes:
        with pytest.raises(UnreachableError, match=r"exec: kafka-metadata-quorum\.sh failed"):
            ask(kubernetes, stage, pods)


STATUS = """\
ClusterId:              yRxxx
LeaderId:               {leader}
LeaderEpoch:            7
HighWatermark:          1200
MaxFollowerLag:         5
MaxFollowerLagTimeMs:   17
CurrentVoters:          [{{"id": 0, "endpoints": ["CONTROLPLANE-9090://c-0:9090"]}}, {{"id": 1}}]
CurrentObservers:       []
== replication ==
NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t
0     \tAAAAAAAAAAAAAAAAAAAAAA\t1200        \t0  \t1700000000000     \t1700000000000        \tLeader  \t
1     \tBBBBBBBBBBBBBBBBBBBBBB\t1195        \t5  \t1699999999990     \t1699999990000        \tFollower\t
3     \tCCCCCCCCCCCCCCCCCCCCCC\t-1          \t-1 \t-1                \t-1                   \tObserver\t
"""


def test_what_the_tool_prints() -> None:
    answer = quorum_tool.parse(STATUS.format(leader=0), "k-controller-0", "10.0.0.1:9090")
    assert answer.quorum is not None
    assert answer.quorum.behind(within_s=2) == (1,)
    assert answer.quorum.observers[0].last_fetch_ms is None
    follower = quorum_tool.parse(STATUS.format(leader=0), "k-controller-1", "10.0.0.2:9090")
    assert (follower.leader_id, follower.quorum) == (0, None)
    nobody = quorum_tool.parse(STATUS.format(leader=-1), "k-controller-1", "10.0.0.2:9090")
    assert (nobody.leader_id, nobody.quorum, nobody.unreachable) == (None, None, "")
    with pytest.raises(PromptKafkaError, match="printed something unknown"):
        quorum_tool.parse("Usage: …", "k-controller-1", "10.0.0.2:9090")
