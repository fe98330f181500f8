"""A service as the command finds it, as small as can be: the lab's API server and one real Kafka node.

No operator, no Argo CD, no Git: enough for looks at Kafka, whose way begins at the Kafka resource and the
users' Secrets.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contracts.conftest import install
from tests.contracts.servers import MERGE, Api, lab_server
from tests.kafka_node import KafkaNode
from tests.lab.cluster import definition

SPACE = CLUSTER = "prompt-kafka"
STRIMZI = "/apis/kafka.strimzi.io/v1"
Object = dict[str, Any]
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True)
class Service:
    """What there is, and the command on it."""

    api: Api
    node: KafkaNode
    root: Path

    @property
    def config(self) -> Path:
        return self.root / "service.yaml"

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.root / "state"), "NO_COLOR": "1"}

    def words(self, *words: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "prompt_kafka.cli.main", *words, "--config", str(self.config)]

    def run(self, *words: str, code: int = 0) -> str:
        """Run the command; return what it says on standard output, and on the other where it fails."""
        done = subprocess.run(self.words(*words), env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        """Run the command and read its JSON."""
        return json.loads(self.run(*words, "-o", "json"))

    def secret(self, name: str, **values: str) -> None:
        """Make a Secret, or another one of that name."""
        data = {key.replace("__", "."): base64.b64encode(v.encode()).decode() for key, v in values.items()}
        path = f"/api/v1/namespaces/{SPACE}/secrets"
        self.api.send("DELETE", f"{path}/{name}")
        self.api.ok("POST", path, {"metadata": {"name": name}, "data": data})

    def resource(self, plural: str, kind: str, name: str, spec: Object, status: Object | None = None) -> None:
        """Make one of Strimzi's resources."""
        path = f"{STRIMZI}/namespaces/{SPACE}/{plural}"
        labels = {"strimzi.io/cluster": CLUSTER}
        body = {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": kind,
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
        self.api.ok("POST", path, body)
        if status:
            self.api.ok("PATCH", f"{path}/{name}/status", {"status": status}, media=MERGE)


@contextmanager
def serving(node: KafkaNode, root: Path, passwords: Mapping[str, str]) -> Iterator[Service]:
    """Give a service on `node`, whose users have these passwords."""
    with lab_server(root / "lab") as api:
        if api.send("GET", f"/api/v1/namespaces/{SPACE}").status_code == 404:
            api.ok("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
        for kind in ("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"):
            each = definition(kind)
            each["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = ANYTHING
            install(api, each)
        made = Service(api, node, root)
        listener = {
            "name": "external",
            "port": 9094,
            "type": "loadbalancer",
            "tls": True,
            "authentication": {"type": "scram-sha-512"},
        }
        address = {"name": "external", "bootstrapServers": "{}:{}".format(*node.external)}
        status = {
            "clusterId": node.cluster_id,
            "listeners": [address | {"certificates": [node.tls.ca_pem]}],
        }
        made.resource("kafkas", "Kafka", CLUSTER, {"kafka": {"listeners": [listener]}}, status)
        for user, password in passwords.items():
            made.secret(user, password=password)
        environment = {"kubeconfig": str(api.kubeconfig), "namespace": SPACE, "cluster": CLUSTER}
        made.config.write_text(json.dumps({"schema": 1, "environments": {"here": environment}}))
        yield made
