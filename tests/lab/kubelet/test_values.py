"""What the kubelet decides from values: configuration, addresses, placement, status, delays."""

from __future__ import annotations

import copy

import pytest

from prompt_kafka.lab.kubelet import images, nodes
from prompt_kafka.lab.kubelet.addresses import Addresses, balancer_of, hosts, ingress_of
from prompt_kafka.lab.kubelet.backoff import Backoff
from prompt_kafka.lab.kubelet.configuration import ConfigurationError, translate
from prompt_kafka.lab.kubelet.images import KafkaImage, OperatorImage
from prompt_kafka.lab.kubelet.kafka import heap
from prompt_kafka.lab.kubelet.readiness import broker_state
from prompt_kafka.lab.kubelet.status import BROKER_STATE, ContainerView, differs, pod_status, waiting

CONFIG = """\
# listeners=in a comment:0.0.0.0
node.id=3
process.roles=broker
listeners=REPLICATION-9091://0.0.0.0:9091,PLAIN-9092://0.0.0.0:9092
advertised.listeners=REPLICATION-9091://pod.svc:9091,PLAIN-9092://10.0.0.0:9092
listener.name.replication-9091.ssl.keystore.key=${strimzidir:/opt/kafka/broker-certs:a.key}
config.providers.strimzidir.param.allowed.paths=/opt/kafka
log.dirs=/var/lib/kafka/data-0/kafka-log3,/var/lib/kafka/data-1/kafka-log3
metadata.log.dir=/var/lib/kafka/data-0/kafka-log3
ssl.truststore.location=/usr/opt/kafka/x
"""


class TestConfiguration:
    def test_paths_and_addresses_become_the_labs(self, tmp_path):
        made = translate(CONFIG, tmp_path, "127.64.1.1")

        assert f"${{strimzidir:{tmp_path}/opt/kafka/broker-certs:a.key}}" in made.text
        assert f"allowed.paths={tmp_path}/opt/kafka\n" in made.text
        assert "listeners=REPLICATION-9091://127.64.1.1:9091,PLAIN-9092://127.64.1.1:9092\n" in made.text
        assert (
            "advertised.listeners=REPLICATION-9091://pod.svc:9091,PLAIN-9092://10.0.0.0:9092\n" in made.text
        )
        assert "ssl.truststore.location=/usr/opt/kafka/x" in made.text
        assert "# listeners=in a comment:0.0.0.0" in made.text

    def test_what_the_kubelet_needs_is_read(self, tmp_path):
        made = translate(CONFIG, tmp_path, "127.64.1.1")

        assert (made.node_id, made.roles, made.is_broker) == (3, {"broker"}, True)
        assert made.log_dirs == tuple(
            tmp_path / f"var/lib/kafka/data-{number}/kafka-log3" for number in (0, 1)
        )
        assert made.metadata_dir == made.log_dirs[0]
        assert made.replication_port == 9091 and made.controller_port is None

    @pytest.mark.parametrize("missing", ["node.id", "process.roles", "log.dirs"])
    def test_without_it_there_is_no_node(self, tmp_path, missing):
        text = "\n".join(line for line in CONFIG.splitlines() if not line.startswith(missing))
        with pytest.raises(ConfigurationError, match=missing):
            translate(text, tmp_path, "127.64.1.1")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("strimzi/kafka:0.51.0-kafka-4.1.1", KafkaImage("0.51.0", "4.1.1")),
        ("quay.example/strimzi/kafka:0.49.1-kafka-4.0.0", KafkaImage("0.49.1", "4.0.0")),
        ("quay.example/strimzi/kafka:0.51.0-rc1-kafka-4.1.1@sha256:ab", KafkaImage("0.51.0-rc1", "4.1.1")),
        ("strimzi/operator:0.51.0", OperatorImage("0.51.0")),
        ("kafka:latest", None),
        ("obsidiandynamics/kafdrop:4.2.0", None),
        ("ghcr.io/x/my-operator:1", None),
        ("apache/kafka:4.1.1", None),
    ],
)
def test_images(image, expected):
    assert images.of(image) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["-Xms64m", "-Xmx256m"]),
        ("-Xms128m -Xmx256m", ["-Xms64m", "-Xmx256m"]),
        ("-Xms5g -Xmx5g", ["-Xms64m", "-Xmx256m"]),
        ("-Xmx128M", ["-Xms64m", "-Xmx128m"]),
        ("-Xms32m", ["-Xms64m", "-Xmx256m"]),
    ],
)
def test_heaps_are_capped(options, expected):
    assert heap(options) == expected


def service(name, selector, *, balanced=True, ip=None, namespace="n"):
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "LoadBalancer" if balanced else "ClusterIP", "selector": selector},
        "status": {"loadBalancer": {"ingress": [{"ip": ip}]}} if ip else {},
    }


def pod(name="a-3", *, uid=None, node=None, labels=None, affinity=None, ip=None, namespace="n", **spec):
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": uid or name, "labels": labels or {}},
        "spec": {
            "containers": [{"name": "kafka", "image": "i"}],
            **({"nodeName": node} if node else {}),
            **({"affinity": affinity} if affinity else {}),
            **spec,
        },
        "status": {"podIP": ip} if ip else {},
    }


class TestAddresses:
    def test_they_are_given_once_and_kept(self, tmp_path):
        first = Addresses("127.64", tmp_path / "a.json")
        given = [first.of("n", name) for name in ("a", "b", "a")]

        assert given == ["127.64.2.1", "127.64.2.2", "127.64.2.1"]
        assert Addresses("127.64", tmp_path / "a.json").of("n", "b") == "127.64.2.2"
        assert Addresses("127.65", tmp_path / "a.json").of("n", "b") == "127.65.2.1"

    def test_a_damaged_file_is_begun_anew(self, tmp_path):
        (tmp_path / "a.json").write_text("[")
        assert Addresses("127.64", tmp_path / "a.json").of("n", "a") == "127.64.2.1"

    def test_the_load_balancer_of_one_pod_is_its_address(self):
        one = pod(labels={"strimzi.io/pod-name": "a-3", "app": "kafka"})
        services = [
            service("all", {"app": "kafka"}, ip="127.64.1.9"),
            service("inside", {"strimzi.io/pod-name": "a-3"}, balanced=False),
            service("elsewhere", {"strimzi.io/pod-name": "a-3"}, ip="127.64.1.8", namespace="m"),
            service("mine", {"strimzi.io/pod-name": "a-3", "app": "kafka"}, ip="127.64.1.1"),
        ]
        found = balancer_of(one, services)

        assert found is services[3] and ingress_of(found) == "127.64.1.1"
        assert balancer_of(one, services[:3]) is None

    def test_names_of_pods_and_services(self):
        pods = [
            pod("a-3", labels={"app": "kafka"}, ip="127.64.1.1", subdomain="brokers", hostname="a-3"),
            pod("a-4", labels={"app": "kafka"}, ip="127.64.1.2", subdomain="brokers", hostname="a-4"),
            pod("a-5", labels={"app": "kafka"}, subdomain="brokers"),
        ]
        text = hosts(pods, [service("bootstrap", {"app": "kafka"}), service("bare", None)])
        lines = text.splitlines()

        assert lines[0].startswith("127.0.0.1 localhost")
        assert lines[1] == "127.64.1.1 a-3.brokers.n.svc a-3.brokers.n.svc.cluster.local"
        assert [line.split()[0] for line in lines if "bootstrap.n.svc " in line] == [
            "127.64.1.1",
            "127.64.1.2",
        ]
        assert "bare" not in text and "a-5" not in text


def node(name, *, held=False, unschedulable=False):
    return {
        "metadata": {"name": name, "annotations": {nodes.HELD: "true"} if held else {}},
        "spec": {"unschedulable": unschedulable},
    }


APART = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {
                    "matchExpressions": [{"key": "app", "operator": "In", "values": ["kafka"]}]
                },
            }
        ]
    }
}


class TestPlacement:
    all_nodes = tuple(node(name) for name in nodes.NAMES)

    def test_pods_that_refuse_each_other_are_apart(self):
        placed = []
        for number in range(6):
            one = pod(f"a-{number}", labels={"app": "kafka"}, affinity=APART)
            name, _ = nodes.choose(one, self.all_nodes, placed)
            placed.append({**one, "spec": {**one["spec"], "nodeName": name}})
        assert sorted(each["spec"]["nodeName"] for each in placed) == sorted(nodes.NAMES)

        name, why = nodes.choose(pod("a-6", labels={"app": "kafka"}, affinity=APART), self.all_nodes, placed)
        assert name is None
        assert why == "0/6 nodes are available: 6 node(s) did not match pod anti-affinity."

    def test_refusal_counts_in_both_directions(self):
        shy = pod("a", labels={"app": "kafka"}, affinity=APART, node="lab-node-0")
        name, _ = nodes.choose(pod("b", labels={"app": "kafka"}), self.all_nodes[:1], [shy])
        assert name is None
        name, _ = nodes.choose(pod("b", labels={"app": "other"}), self.all_nodes[:1], [shy])
        assert name == "lab-node-0"

    def test_the_same_place_again(self):
        busy = pod("b", node="lab-node-4")
        assert nodes.choose(pod("a"), self.all_nodes, [busy], "lab-node-4")[0] == "lab-node-4"

    def test_nodes_that_are_down_or_cordoned_are_passed_over(self):
        some = (node("lab-node-0", held=True), node("lab-node-1", unschedulable=True), node("lab-node-2"))
        assert nodes.choose(pod("a"), some, [])[0] == "lab-node-2"
        name, why = nodes.choose(pod("a"), some[:2], [])
        assert name is None and "1 node(s) were unschedulable" in why and "1 node(s) were not ready" in why

    def test_nodes_of_others_are_not_used(self):
        assert nodes.choose(pod("a"), [node("worker-1")], [])[0] is None


class TestStatus:
    running = ContainerView("kafka", "i", {"running": {"startedAt": "t0"}}, ready=True)

    def test_ready_and_unready(self):
        status = pod_status(pod(), [self.running], now="t1", ip="1", broker_state=3)
        found = {each["type"]: each for each in status["conditions"]}

        assert status["phase"] == "Running"
        assert all(found[kind]["status"] == "True" for kind in ("Ready", "ContainersReady", "Initialized"))
        assert (found[BROKER_STATE]["status"], found[BROKER_STATE]["reason"]) == ("True", "Running")

        status = pod_status(pod(), [self.running], now="t1", unready="NodeNotReady", broker_state=2)
        found = {each["type"]: each for each in status["conditions"]}
        assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("False", "NodeNotReady")
        assert (found[BROKER_STATE]["status"], found[BROKER_STATE]["reason"]) == ("False", "Recovery")

    def test_times_move_only_with_the_state_and_foreign_conditions_stay(self):
        one = pod()
        one["status"] = pod_status(one, [self.running], now="t1")
        one["status"]["conditions"].append({"type": "Foreign", "status": "True"})
        later = pod_status(one, [self.running], now="t2")

        assert not differs(one, later)
        assert {"type": "Foreign", "status": "True"} in later["conditions"]
        changed = pod_status(one, [ContainerView("kafka", "i", waiting("CrashLoopBackOff"))], now="t3")
        found = {each["type"]: each for each in changed["conditions"]}
        assert differs(one, changed)
        assert (found["Ready"]["lastTransitionTime"], found["Initialized"]["lastTransitionTime"]) == (
            "t3",
            "t1",
        )

    def test_an_api_that_drops_empty_fields_is_not_written_to_for_ever(self):
        one = pod()
        made = pod_status(one, [ContainerView("kafka", "i", waiting("X"))], now="t1")
        stored = copy.deepcopy(made)
        del stored["containerStatuses"][0]["lastState"]
        one["status"] = stored
        assert not differs(one, made)


class TestBackoff:
    def test_at_once_then_ten_seconds_doubling_to_five_minutes(self):
        delays = Backoff(1.0)
        assert [delays.ended(0.0, 1.0) for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
        assert delays.crashing

    def test_the_factor_divides_and_a_long_life_forgives(self):
        delays = Backoff(20.0)
        assert [delays.ended(0.0, 1.0) for _ in range(3)] == [0, 0.5, 1.0]
        assert delays.left(0.4) == pytest.approx(0.6)
        assert delays.ended(0.0, 31.0) == 0.0
        assert not delays.crashing


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (None, 0),
        ("Incarnation x of broker 3 in cluster c is now STARTING.", 1),
        ("The broker has caught up. Transitioning from STARTING to RECOVERY.", 2),
        ("The broker has been unfenced. Transitioning from RECOVERY to RUNNING.", 3),
        ("Beginning controlled shutdown.", 6),
        ("Transitioning from PENDING_CONTROLLED_SHUTDOWN to SHUTTING_DOWN.", 7),
    ],
)
def test_broker_states_are_read_from_its_life_cycle(tmp_path, last, state):
    if last:
        (tmp_path / "s").write_text(f"something\n{last}\nsomething else\n")
    assert broker_state(tmp_path / "s") == state
