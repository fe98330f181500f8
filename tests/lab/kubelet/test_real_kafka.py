"""One real Kafka node, controller and broker, as a pod built by hand: what the stand-in cannot show."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from prompt_kafka.clients import assets
from prompt_kafka.clients.kinds import CONFIG_MAP, POD
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.lab import faults, processes
from prompt_kafka.lab.kubelet import Kubelet
from prompt_kafka.lab.kubelet.records import ContainerRecord
from prompt_kafka.lab.state import LabState
from tests.lab.cluster import eventually, running
from tests.lab.kubelet.conftest import Lab

pytestmark = pytest.mark.lab

NAME = "c-controller-0"
LOGGING = """\
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %-5p [%t] %c{1} - %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = STDOUT
"""


def config(host: str) -> str:
    files = "".join(
        f"listener.name.{listener}.ssl.{key}={value}\n"
        for listener in ("controlplane-9090", "replication-9091")
        for key, value in (
            ("keystore.type", "PEM"),
            ("truststore.type", "PEM"),
            ("client.auth", "required"),
            ("keystore.key", f"${{dir:/opt/kafka/broker-certs:{NAME}.key}}"),
            ("keystore.certificate.chain", f"${{dir:/opt/kafka/broker-certs:{NAME}.crt}}"),
            ("truststore.certificates", f"${{dir:/opt/kafka/broker-certs:{NAME}.crt}}"),
        )
    )
    return f"""node.id=0
process.roles=broker,controller
controller.listener.names=CONTROLPLANE-9090
controller.quorum.voters=0@{host}:9090
listeners=CONTROLPLANE-9090://0.0.0.0:9090,REPLICATION-9091://0.0.0.0:9091,PLAIN-9092://0.0.0.0:9092
advertised.listeners=REPLICATION-9091://{host}:9091,PLAIN-9092://{host}:9092
listener.security.protocol.map=CONTROLPLANE-9090:SSL,REPLICATION-9091:SSL,PLAIN-9092:PLAINTEXT
inter.broker.listener.name=REPLICATION-9091
ssl.endpoint.identification.algorithm=
config.providers=dir
config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.dir.param.allowed.paths=/opt/kafka
offsets.topic.replication.factor=1
log.dirs=/var/lib/kafka/data-{NAME}/kafka-log0
{files}"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    (tmp_path / "api").mkdir()
    with running("lab", tmp_path / "api") as cluster:
        made = Lab(cluster, LabState.create("real"), assets.java())
        kubernetes = Kubernetes.connect(cluster.kubeconfig, field_manager="kubelet")
        made.kubelet = Kubelet(kubernetes, made.state)
        made.kubelet.start()
        try:
            yield made
        finally:
            made.kubelet.stop()
            processes.stop(processes.marked(made.state.root), 10)


def test_a_real_node_from_a_config_map(lab):
    space = lab.cluster.namespace()
    host = f"{NAME}.brokers.{space}.svc"
    lab.files(space, NAME, 0, False, cluster_id="MkU3OEVBNTcwNTJENDM2Qg")
    data = {"server.config": config(host), "log4j2.properties": LOGGING}
    lab.kubernetes.patch(CONFIG_MAP, NAME, space, {"data": data})
    lab.node(space, files=False)
    begun = time.monotonic()
    eventually(lambda: lab.is_ready(space, NAME), seconds=90)
    print(f"ready after {time.monotonic() - begun:.1f} s")

    record = ContainerRecord.load(lab.state.pod(space, NAME).container)
    assert record is not None and set(record.roles) == {"broker", "controller"}
    # The root logger is at WARN: the broker's state is seen all the same.
    properties = lab.state.pod(space, NAME).rootfs / "tmp" / "client.properties"
    properties.write_text("")

    def tool(*words):
        environment = {**os.environ, **record.env}
        return subprocess.run(
            words, cwd=record.cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    made = tool("bin/kafka-topics.sh", "--bootstrap-server", f"{host}:9092", "--create", "--topic", "t")
    assert "Created topic t" in made.stdout, made.stderr
    quorum = tool("kafka-metadata-quorum.sh", "--bootstrap-server", f"{host}:9092", "describe", "--status")
    assert "LeaderId:" in quorum.stdout, quorum.stderr

    faults.inject(lab.state, lab.kubernetes, "freeze", NAME)
    faults.release(lab.state, lab.kubernetes, NAME)
    faults.inject(lab.state, lab.kubernetes, "kill", NAME)
    eventually(
        lambda: lab.container(space, NAME).get("restartCount") == 1 and lab.is_ready(space, NAME), seconds=90
    )
    again = tool("bin/kafka-topics.sh", "--bootstrap-server", f"{host}:9092", "--list")
    assert again.stdout.split() == ["t"], again.stderr

    process = lab.process(space, NAME)
    lab.kubernetes.delete(POD, NAME, space)
    eventually(lambda: not lab.pod(space, NAME), seconds=60)
    assert not process.alive()
