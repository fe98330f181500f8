"""A real Kafka node behind pods of the lab's API server: what the ways to Kafka are tried on."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.clients.kinds import POD
from prompt_kafka.core.service import Environment
from prompt_kafka.lab import distribution
from tests.contracts.servers import MERGE, Api, lab_server
from tests.kafka_node import KAFKA, USERS, KafkaNode, shared_node

SPACE = "prompt-kafka"
CLUSTER = "prompt-kafka"
BROKER, CONTROLLER = f"{CLUSTER}-kafka-1", f"{CLUSTER}-controller-1"
NETWORK = f"127.{128 + os.getpid() // 250 % 100}.{os.getpid() % 250 + 1}"
"""The pods' network: of this process alone, as their ports are fixed and several suites may run at once."""
ENVIRONMENT = Environment("here", namespace=SPACE, cluster=CLUSTER)
Object = dict[str, Any]


class Relay:
    """Listens where a pod would, and leads to the node."""

    def __init__(self, address: tuple[str, int], target: tuple[str, int]) -> None:
        self._target = target
        self._server = socket.create_server(address)
        self.address = address
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            try:
                there = socket.create_connection(self._target)
            except OSError:
                peer.close()
                continue
            for one, other in ((peer, there), (there, peer)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@dataclass
class Stage:
    """The API with a broker's and a controller's pod, both the one real node."""

    api: Api
    node: KafkaNode
    broker: Relay
    controller: Relay
    made: list[str] = field(default_factory=list)

    def kafka(self, *, external: tuple[str, int] | None = None, internal: bool = False) -> Object:
        """Return the Kafka resource, with the listener's address as its status would have it."""
        kind = "internal" if internal else "loadbalancer"
        scram = {"type": "scram-sha-512"}
        listener = {"name": "external", "port": 9094, "type": kind, "tls": True, "authentication": scram}
        status = {}
        if external is not None:
            status = {"listeners": [{"name": "external", "bootstrapServers": "{}:{}".format(*external)}]}
        return {
            "metadata": {"name": CLUSTER, "namespace": SPACE},
            "spec": {"kafka": {"listeners": [listener]}},
            "status": status,
        }

    def pod(self, name: str, role: str, ip: str, phase: str = "Running") -> Object:
        labels = {
            "strimzi.io/cluster": CLUSTER,
            "strimzi.io/kind": "Kafka",
            "strimzi.io/name": f"{CLUSTER}-kafka",
            f"strimzi.io/{role}-role": "true",
        }
        spec = {"containers": [{"name": "kafka", "image": "kafka"}]}
        self.put("pods", {"metadata": {"name": name, "labels": labels}, "spec": spec})
        status = {"status": {"phase": phase, "podIP": ip}}
        return self.api.ok("PATCH", f"{POD.path(SPACE, name)}/status", status, media=MERGE)

    def secret(self, name: str, **values: str) -> None:
        data = {key.replace("__", "."): base64.b64encode(v.encode()).decode() for key, v in values.items()}
        self.put("secrets", {"metadata": {"name": name}, "data": data})

    def put(self, plural: str, obj: Object) -> None:
        path = f"/api/v1/namespaces/{SPACE}/{plural}"
        self.api.send("DELETE", f"{path}/{obj['metadata']['name']}", {"gracePeriodSeconds": 0})
        self.api.ok("POST", path, obj)

    def remove(self, plural: str, name: str) -> None:
        self.api.send("DELETE", f"/api/v1/namespaces/{SPACE}/{plural}/{name}", {"gracePeriodSeconds": 0})

    def container(self, pod: str) -> Path:
        """Record a pod's container as the lab's kubelet does; return its working folder."""
        folder = self.api.root / "pods" / SPACE / pod
        home = folder / "rootfs" / "opt" / "kafka"
        home.mkdir(parents=True, exist_ok=True)
        (folder / "container.json").write_text(json.dumps({"cwd": str(home), "env": {}}))
        return home


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    node = shared_node()
    broker = Relay((f"{NETWORK}.9", 9094), node.external)
    controller = Relay((f"{NETWORK}.8", 9090), node.controller)
    with lab_server(tmp_path_factory.mktemp("lab")) as api:
        if api.send("GET", f"/api/v1/namespaces/{SPACE}").status_code == 404:
            api.ok("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
        made = Stage(api, node, broker, controller)
        made.secret("kafka-admin", password=USERS["kafka-admin"])
        made.secret(f"{CLUSTER}-cluster-ca-cert", ca__crt=node.tls.ca_pem)
        yield made
    broker.close()
    controller.close()


@pytest.fixture
def pods(stage: Stage) -> list[Object]:
    """Both pods, the operator's certificate, and what the broker advertises."""
    node = stage.node
    assert node.operator_tls.cert_pem and node.operator_tls.key_pem
    stage.secret(
        f"{CLUSTER}-cluster-operator-certs",
        **{
            "cluster-operator__crt": node.operator_tls.cert_pem,
            "cluster-operator__key": node.operator_tls.key_pem,
        },
    )
    config = "advertised.listeners=REPLICATION-9091://{0}:9091,EXTERNAL-9094://{0}:{1}\n".format(
        *node.external
    )
    stage.put("configmaps", {"metadata": {"name": BROKER}, "data": {"server.config": config}})
    stage.remove("pods", CONTROLLER)
    stage.remove("pods", BROKER)
    return [
        stage.pod(BROKER, "broker", stage.broker.address[0]),
        stage.pod(CONTROLLER, "controller", stage.controller.address[0]),
    ]


@pytest.fixture
def tool(stage: Stage) -> Path:
    """Kafka's own quorum tool in the controller's pod, with the node's certificate beside it."""
    home = stage.container(CONTROLLER)
    for folder in ("bin", "broker-certs", "cluster-ca-certs"):
        (home / folder).mkdir(exist_ok=True)
    both = (stage.node.folder / "node.pem").read_text()
    cut = both.index("-----BEGIN CERTIFICATE")
    (home / "broker-certs" / f"{CONTROLLER}.key").write_text(both[:cut])
    (home / "broker-certs" / f"{CONTROLLER}.crt").write_text(both[cut:])
    (home / "cluster-ca-certs" / "ca.crt").write_text(stage.node.tls.ca_pem)
    script = home / "bin" / "kafka-metadata-quorum.sh"
    java = distribution.kafka(KAFKA).command(
        "org.apache.kafka.tools.MetadataQuorumCommand", options=["-Xmx64m"]
    )
    script.write_text(f'#!/bin/sh\nexec {shlex.join(java)} "$@"\n')
    script.chmod(0o755)
    return script
