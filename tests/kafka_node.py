"""One real Kafka process (KRaft, controller and broker in one) on loopback, for tests of what talks to Kafka.

Three listeners, as the service has them: plain, SASL_SSL with SCRAM (`external`) and the controllers' own
with client certificates (`controller`). Ports are chosen free, the JVM is small, and it is gone when the
context ends.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import datetime
import functools
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from prompt_kafka.clients.kafka import KafkaConnection, Sasl, Tls
from prompt_kafka.lab.distribution import format_directory, kafka, random_uuid

KAFKA = "4.1.1"
METADATA_VERSION = "4.1-IV1"
LOGGING = """
rootLogger.level = INFO
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = OUT
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
"""
USERS = {
    "kafka-admin": "admin-secret-for-tests",
    "prompt-processing": "producer-secret-for-tests",
    "butler-writer": "writer-secret-for-tests",
    "prompt-publication-consumer": "reader-secret-for-tests",
}


class Pki:
    """A CA and what it signed, for one node."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test-ca")])
        self._cert = self._sign(self._name, self._key, ca=True)
        self.ca_pem = self._cert.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, name: str) -> tuple[str, str]:
        """Return certificate and key, PEM, for ``CN=name`` at 127.0.0.1 and kafka.test."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        cert = self._sign(subject, key, ca=False)
        return cert.public_bytes(serialization.Encoding.PEM).decode(), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = [x509.DNSName("kafka.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _end_with_parent() -> None:
    """Have the kernel kill the JVM when the tests die, however they die."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class KafkaNode:
    """A running node; see the module."""

    def __init__(
        self,
        folder: Path,
        *,
        advertise: str = "127.0.0.1",
        settings: Mapping[str, str] | None = None,
        jvm: Sequence[str] = (),
        joins: KafkaNode | None = None,
        node_id: int = 1,
    ):
        self.folder = folder
        self.node_id = node_id
        self._leader = joins or self
        self.cluster_id: str = joins.cluster_id if joins else random_uuid()
        self._distribution = kafka(KAFKA)
        self.plain = ("127.0.0.1", free_port())
        self.external = ("127.0.0.1", free_port())
        self.controller = ("127.0.0.1", free_port())
        self._advertise = advertise
        self._settings = dict(settings or {})
        self._jvm = tuple(jvm)
        self._process: subprocess.Popen[bytes] | None = None
        self.pki: Pki = joins.pki if joins else Pki()
        pki = self.pki
        self.tls = Tls(pki.ca_pem)
        self.operator_tls = Tls(pki.ca_pem, *pki.issue("operator"))
        self._write(pki)
        checkpoint = None if joins else self._distribution.checkpoint(METADATA_VERSION)
        format_directory(folder / "data", checkpoint, cluster_id=self.cluster_id, node_id=node_id)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def bootstrap(self) -> str:
        """Return the plain listener as other clients want it."""
        return f"{self.plain[0]}:{self.plain[1]}"

    @property
    def _config(self) -> Path:
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def connect(self, user: str | None = None, **options: object) -> KafkaConnection:
        """Return a connection: over SASL_SSL as `user`, or over the plain listener as a superuser."""
        if user is None:
            return KafkaConnection([self.plain], **options)  # type: ignore[arg-type]
        options.setdefault("tls", self.tls)
        return KafkaConnection([self.external], sasl=Sasl(user, USERS[user]), **options)  # type: ignore[arg-type]

    def start(self, timeout: float = 90.0) -> None:
        self._process = self._java("kafka.Kafka", str(self._config))
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise AssertionError(f"Kafka ended:\n{self.log.read_text()[-3000:]}")
            with contextlib.suppress(Exception), self.connect(timeout=2.0) as connection:
                if any(not b.fenced and b.id == self.node_id for b in connection.brokers()):
                    return
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"Kafka did not start in {timeout} s:\n{self.log.read_text()[-3000:]}")

    def stop(self, *, kill: bool = False) -> None:
        """End the process: kill -9 (`kill`), or orderly and then kill -9."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def add_users(self, users: Mapping[str, str]) -> None:
        """Create SCRAM users, over the protocol: a password on a command line can be seen by everybody."""
        from kafka.admin import UserScramCredentialUpsertion

        with self.connect() as connection:
            connection.admin.alter_user_scram_credentials(
                [
                    UserScramCredentialUpsertion(u, "SCRAM-SHA-512", p, iterations=4096)
                    for u, p in users.items()
                ]
            )

    @contextlib.contextmanager
    def tool(self, main: str, *arguments: str) -> Iterator[None]:
        """Run one of Kafka's tools for as long as the context lasts."""
        process = self._java(main, *arguments)
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        logging = self.folder / "log4j2.properties"
        logging.write_text(LOGGING)
        options = [f"-Dlog4j2.configurationFile={logging}", *self._jvm]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._distribution.command(main, *arguments, options=options),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                preexec_fn=_end_with_parent,
            )

    def _write(self, pki: Pki) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        certificate, key = pki.issue("node")
        (self.folder / "node.pem").write_text(key + certificate)
        (self.folder / "ca.pem").write_text(pki.ca_pem)
        stores = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.folder / "node.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.folder / "ca.pem"),
        }
        plain, external, controller = self.plain[1], self.external[1], self.controller[1]
        alone = self._leader is self
        voter = f"{self._leader.node_id}@127.0.0.1:{self._leader.controller[1]}"
        listens = f",CONTROLLER://127.0.0.1:{controller}" if alone else ""
        config = {
            "process.roles": "broker,controller" if alone else "broker",
            "node.id": str(self.node_id),
            "controller.quorum.voters": voter,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAIN",
            "listeners": f"PLAIN://127.0.0.1:{plain},EXTERNAL://127.0.0.1:{external}{listens}",
            "advertised.listeners": f"PLAIN://127.0.0.1:{plain},EXTERNAL://{self._advertise}:{external}",
            "listener.security.protocol.map": "PLAIN:PLAINTEXT,EXTERNAL:SASL_SSL,CONTROLLER:SSL",
            "listener.name.controller.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.external.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:CN=node;User:CN=operator;User:kafka-admin",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "true",
            "num.partitions": "1",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "log.cleaner.backoff.ms": "200",
            "log.initial.task.delay.ms": "200",
            **stores,
            **self._settings,
        }
        self._config.write_text("".join(f"{name}={value}\n" for name, value in config.items()))
        self._config.chmod(0o600)


@contextlib.contextmanager
def kafka_node(folder: Path, **options: object) -> Iterator[KafkaNode]:
    """Run a node with the service's users in `folder` and remove both afterwards."""
    node = KafkaNode(folder, **options)  # type: ignore[arg-type]
    try:
        node.start()
        node.add_users(USERS)
        yield node
    finally:
        node.stop(kill=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def kafka_nodes(folder: Path, brokers: int, **options: object) -> Iterator[list[KafkaNode]]:
    """Run a cluster: the first node is its controller too, the others are brokers only."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(kafka_node(folder / "1", **options))
        nodes = [first]
        for number in range(2, brokers + 1):
            node = KafkaNode(folder / str(number), joins=first, node_id=number, **options)  # type: ignore[arg-type]
            stack.callback(node.stop, kill=True)
            node.start()
            nodes.append(node)
        yield nodes
    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def shared_node() -> KafkaNode:
    """Return the node that all tests of one pytest process share; a test uses topics of its own."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(tempfile.mkdtemp(prefix="prompt-kafka-test-"))
    return stack.enter_context(kafka_node(folder))
