"""A kubelet on a running API, with a stand-in for the program `java`."""

from __future__ import annotations

import base64
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab import processes
from prompt_kafka.lab.distribution import KafkaDistribution
from prompt_kafka.lab.kubelet import Kubelet
from prompt_kafka.lab.kubelet.kafka import KafkaStarter
from prompt_kafka.lab.state import LabState
from tests.lab.cluster import KINDS, Cluster, eventually, running

Object = dict[str, Any]


def stand_in(folder: Path) -> Path:
    """Make something that is called as `java` is."""
    script = Path(__file__).parent / "stand_in_java.py"
    java = folder / "java"
    java.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    return java


def certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


@dataclass
class Lab:
    """A kubelet and what it works on."""

    cluster: Cluster
    state: LabState
    java: Path
    kubelet: Kubelet | None = None
    made: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kubernetes(self) -> Kubernetes:
        return self.cluster.kubernetes

    def start(self) -> None:
        kafka = KafkaDistribution("4.1.1", self.java, ())
        kubernetes = Kubernetes.connect(self.cluster.kubeconfig, field_manager="kubelet")
        self.kubelet = Kubelet(kubernetes, self.state, KafkaStarter(self.state.hosts, lambda _: kafka))
        self.kubelet.start()

    def stop(self) -> None:
        assert self.kubelet is not None
        self.kubelet.stop()

    def node(
        self, namespace: str, number: int = 0, *, broker: bool = False, act: str = "", files: bool = True
    ) -> str:
        """Make a Kafka pod as the operator does, with its claim and files."""
        name = f"c-{'kafka' if broker else 'controller'}-{number}"
        self.claim(namespace, f"data-{name}")
        if files:
            self.files(namespace, name, number, broker)
        data = f"/var/lib/kafka/data-{name}"
        volumes = {
            data: {"persistentVolumeClaim": {"claimName": f"data-{name}"}},
            "/opt/kafka/custom-config/": {"configMap": {"name": name}},
            "/opt/kafka/broker-certs": {"secret": {"secretName": name}},
            "/tmp": {"emptyDir": {}},
        }
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app": "kafka", "strimzi.io/broker-role": str(broker).lower()},
            },
            "spec": {
                "hostname": name,
                "subdomain": "brokers",
                "terminationGracePeriodSeconds": 30,
                "containers": [
                    {
                        "name": "kafka",
                        "image": "strimzi/kafka:0.51.0-kafka-4.1.1",
                        "env": [{"name": "STRIMZI_JAVA_SYSTEM_PROPERTIES", "value": f"-Dact={act}"}],
                        "volumeMounts": [
                            {"name": f"v{index}", "mountPath": path} for index, path in enumerate(volumes)
                        ],
                        "readinessProbe": {
                            "exec": {"command": ["x"]},
                            "initialDelaySeconds": 1,
                            "periodSeconds": 2,
                        },
                    }
                ],
                "volumes": [{"name": f"v{index}", **each} for index, each in enumerate(volumes.values())],
            },
        }
        self.kubernetes.create(pod)
        return name

    def claim(self, namespace: str, name: str, **spec: Any) -> None:
        manifest = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                **spec,
            },
        }
        self.kubernetes.create(manifest)

    def files(self, namespace: str, name: str, number: int, broker: bool, cluster_id: str = "c1") -> None:
        if broker:
            listeners = "REPLICATION-9091://0.0.0.0:9091,PLAIN-9092://0.0.0.0:9092"
        else:
            listeners = "CONTROLPLANE-9090://0.0.0.0:9090"
        config = (
            f"node.id={number}\nprocess.roles={'broker' if broker else 'controller'}\n"
            f"listeners={listeners}\nlog.dirs=/var/lib/kafka/data-{name}/kafka-log{number}\n"
        )
        data = {"server.config": config, "cluster.id": cluster_id, "metadata.version": "4.1-IV1"}
        data["log4j2.properties"] = "rootLogger.level=INFO\n"
        metadata = {"name": name, "namespace": namespace}
        self.kubernetes.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        public, private = (base64.b64encode(each).decode() for each in certificate())
        secret = {f"{name}.crt": public, f"{name}.key": private}
        self.kubernetes.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret})

    def pod(self, namespace: str, name: str) -> Object:
        return self.kubernetes.find(POD, name, namespace) or {}

    def is_ready(self, namespace: str, name: str) -> bool:
        conditions = (self.pod(namespace, name).get("status") or {}).get("conditions") or ()
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def container(self, namespace: str, name: str) -> Object:
        statuses = (self.pod(namespace, name).get("status") or {}).get("containerStatuses") or [{}]
        return dict(statuses[0])

    def process(self, namespace: str, name: str) -> processes.Process:
        found = processes.Process.load(self.state.pod(namespace, name).container)
        assert found is not None
        return found


@pytest.fixture(scope="module", params=KINDS)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(root / "state"))
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        (root / "api").mkdir()
        with running(request.param, root / "api") as cluster:
            made = Lab(cluster, LabState.create("kubelet"), stand_in(root))
            made.start()
            try:
                yield made
            finally:
                made.stop()
                processes.stop(processes.marked(made.state.root), 0.2)
    assert processes.marked(made.state.root) == []


@pytest.fixture
def space(lab: Lab) -> Iterator[str]:
    name = lab.cluster.namespace()
    yield name
    pods = [pod["metadata"]["name"] for pod in lab.kubernetes.list(POD, name)]
    for pod in pods:
        lab.kubernetes.delete(POD, pod, name, grace=0)
    eventually(lambda: not any((lab.state.pods / name).glob("*/container.json")))
