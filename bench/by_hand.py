"""The peer: the same six nodes by hand. Kafka's own storage tool formats each, Java starts each with Kafka's
ordinary flags; nothing of the lab is used but the jars and the JRE.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prompt_kafka.clients.kafka import Controllers, KafkaConnection
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.lab import distribution

CLUSTER = "AAAAAAAAAAAAAAAAAAAAAA"
VOTERS = ",".join(f"{i}@127.0.0.1:{29090 + i}" for i in range(3))


@dataclass
class Node:
    """One node: its folder, its port, its process."""

    id: int
    root: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return 29090 + self.id

    @property
    def controller(self) -> bool:
        return self.id < 3

    def config(self) -> Path:
        path = self.root / "server.properties"
        listener = "C" if self.controller else "B"
        lines = [
            f"node.id={self.id}",
            f"process.roles={'controller' if self.controller else 'broker'}",
            f"controller.quorum.voters={VOTERS}",
            "controller.listener.names=C",
            "listener.security.protocol.map=C:PLAINTEXT,B:PLAINTEXT",
            f"listeners={listener}://127.0.0.1:{self.port}",
            f"log.dirs={self.root / 'data'}",
            "default.replication.factor=3",
            "min.insync.replicas=2",
            "offsets.topic.replication.factor=3",
        ]
        if not self.controller:
            lines.append("inter.broker.listener.name=B")
        path.write_text("\n".join(lines) + "\n")
        return path


@dataclass
class Cluster:
    """Six nodes on loopback, plain listeners."""

    root: Path
    version: str
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        for i in range(6):
            folder = self.root / str(i)
            folder.mkdir()
            self.nodes.append(Node(i, folder))
        (self.root / "log4j2.properties").write_text("rootLogger.level=WARN\n")

    def java(self, main: str, *arguments: str) -> list[str]:
        """Return a command line with the flags of Kafka's own start script, and the lab's heap."""
        kafka = distribution.kafka(self.version)
        flags = ["-Xms128m", "-Xmx256m", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]
        flags += ["-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent"]
        flags += [f"-Dlog4j2.configurationFile={self.root / 'log4j2.properties'}"]
        return [str(kafka.java), *flags, "-cp", kafka.classpath_text, main, *arguments]

    def format(self) -> None:
        for node in self.nodes:
            command = self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(node.config()))
            subprocess.run(command, check=True, capture_output=True)

    def start(self, node: Node) -> None:
        node.process = subprocess.Popen(
            self.java("kafka.Kafka", str(node.root / "server.properties")),
            stdin=subprocess.DEVNULL,
            stdout=(node.root / "log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def stop(self, node: Node) -> None:
        assert node.process is not None
        node.process.send_signal(signal.SIGTERM)
        node.process.wait(60)

    def wait_serving(self, timeout: float = 120) -> None:
        """Wait until a controller leads, all follow, and three brokers are unfenced."""
        end = time.monotonic() + timeout
        while not (self._led() and self._unfenced()):
            if time.monotonic() > end:
                raise TimeoutError("the cluster by hand does not serve")
            time.sleep(0.05)

    def _led(self) -> bool:
        answers = Controllers([("127.0.0.1", node.port) for node in self.nodes[:3]], timeout=1.0).ask()
        quorum = quorum_of(answers)
        return (
            quorum is not None and not quorum.behind(within_s=2.0) and not any(a.unreachable for a in answers)
        )

    def _unfenced(self) -> bool:
        bootstrap = [("127.0.0.1", node.port) for node in self.nodes[3:] if _listens(node.port)]
        if len(bootstrap) < 3:
            return False
        try:
            with KafkaConnection(bootstrap, timeout=3.0, read_only=True) as connection:
                brokers = connection.brokers()
        except PromptKafkaError:
            return False
        return sum(not broker.fenced for broker in brokers) == 3

    def rss_mb(self) -> float:
        return sum(rss_mb(node.process.pid) for node in self.nodes if node.process is not None)


def rss_mb(pid: int) -> float:
    """Return a process's resident memory in MB, shared pages counted by share (PSS)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def cluster(version: str) -> Iterator[Cluster]:
    """Give a cluster's folder and nodes, not formatted and not started; end and remove it all afterwards."""
    root = Path(tempfile.mkdtemp(prefix="bench-by-hand-"))
    made = Cluster(root, version)
    try:
        yield made
    finally:
        for node in reversed(made.nodes):
            if node.process is not None and node.process.poll() is None:
                os.killpg(node.process.pid, signal.SIGKILL)
                node.process.wait()
        shutil.rmtree(root, ignore_errors=True)
