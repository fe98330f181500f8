"""Training Java's ahead-of-time cache on one short run of a real broker and controller.

The run does once what every node does at its start (TLS, quorum, registration), then Java writes down what
it loaded and linked. Nothing depends on it: without the cache, or with one that does not fit, a node starts
all the same, only more slowly.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prompt_kafka.clients import assets
from prompt_kafka.clients.assets import Progress, quiet
from prompt_kafka.clients.files import locked
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.lab import processes
from prompt_kafka.lab.distribution import KafkaDistribution, format_directory, kafka, random_uuid
from prompt_kafka.lab.kubelet import images
from prompt_kafka.lab.kubelet.images import KafkaImage
from prompt_kafka.lab.kubelet.kafka import CUSTOM
from prompt_kafka.lab.kubelet.records import containers
from prompt_kafka.lab.state import LabState

START_TIMEOUT = 60.0
WRITE_TIMEOUT = 120.0

_LOGGING = """
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %-5p [%t] %c{1}:%L - %m%n
rootLogger.level = INFO
rootLogger.appenderRefs = console
rootLogger.appenderRef.console.ref = STDOUT
"""


def train(distribution: KafkaDistribution, metadata_version: str, *, progress: Progress = quiet) -> bool:
    """Make the ahead-of-time cache of a Kafka if there is none; return whether there is one now."""
    target = distribution.aot_cache
    if target.exists():
        return True
    with locked(assets.cache_home() / ".training.lock"):
        if target.exists():
            return True
        progress(f"training Java on Kafka {distribution.version}, once: the next start takes half the time")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in target.parent.glob("*.training*"):
            stale.unlink(missing_ok=True)
        made = target.with_suffix(".training")
        try:
            _run(distribution, metadata_version, made)
            if made.exists() and made.stat().st_size:
                made.replace(target)
                _forget_old(distribution, target)
        except (OSError, subprocess.SubprocessError, TimeoutError):
            pass
        finally:
            made.unlink(missing_ok=True)
    return target.exists()


def _forget_old(distribution: KafkaDistribution, target: Path) -> None:
    """Remove caches that no Java or class path of today fits; one is kept for another installation."""
    others = [file for file in target.parent.glob(f"kafka-{distribution.version}-*.aot") if file != target]
    for file in sorted(others, key=lambda file: file.stat().st_mtime)[:-1]:
        file.unlink(missing_ok=True)


def wanted(state: LabState) -> dict[str, str]:
    """Return the Kafka versions of a lab that have no cache yet, each with a metadata version."""
    versions = {}
    for namespace, name, record in containers(state.pods):
        image = images.of(record.image)
        file = state.pod(namespace, name).rootfs / CUSTOM / "metadata.version"
        if isinstance(image, KafkaImage) and file.is_file():
            versions[image.kafka] = file.read_text().strip()
    return {each: level for each, level in versions.items() if not kafka(each).aot_cache.exists()}


def in_background(state: LabState, progress: Progress = quiet) -> bool:
    """Train what a lab needs in a process of its own, at the lowest priority; say whether it is needed."""
    versions = wanted(state)
    if not versions:
        return False
    progress(f"training Java's start of Kafka {', '.join(versions)} in the background (once)")
    command = [sys.executable, "-m", "prompt_kafka.lab.training", "--state", str(state.root)]
    processes.start(command, state=state.root, log=state.log("training"))
    return True


def main() -> int:
    """Train every Kafka version of a lab that has no cache; end cleanly when told to."""
    parser = argparse.ArgumentParser(prog="python -m prompt_kafka.lab.training", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    state = LabState.at(parser.parse_args().state)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.nice(19)
    trained = [train(kafka(each), level, progress=print) for each, level in wanted(state).items()]
    return 0 if all(trained) else 1


def _run(distribution: KafkaDistribution, metadata_version: str, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="prompt-kafka-training-") as folder:
        root = Path(folder)
        config = root / "server.properties"
        config.write_text(_config(root))
        format_directory(
            root / "data",
            distribution.checkpoint(metadata_version),
            cluster_id=random_uuid(),
            node_id=0,
        )
        log = root / "log"
        options = [f"-XX:AOTCacheOutput={output}", f"-Dlog4j2.configurationFile={root}/log4j2.properties"]
        command = distribution.command("kafka.Kafka", str(config), options=options)
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=root
            )
        try:
            started = SYSTEM.wait_until(
                lambda: process.poll() is not None or b"Kafka Server started" in log.read_bytes(),
                START_TIMEOUT,
                interval=0.1,
            )
            if not started or process.poll() is not None:
                raise TimeoutError
            process.send_signal(signal.SIGTERM)
            process.wait(WRITE_TIMEOUT)
        finally:
            # Java writes the cache in a child of its own, in the same session.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def _config(root: Path) -> str:
    controller, broker, clients = _ports(3)
    _certificate(root)
    (root / "log4j2.properties").write_text(_LOGGING)
    tls = "".join(
        f"listener.name.{name}.ssl.{key}={value}\n"
        for name in ("control-1", "replication-2", "clients-3")
        for key, value in (
            ("client.auth", "required" if name != "clients-3" else "none"),
            ("keystore.type", "PEM"),
            ("truststore.type", "PEM"),
            ("keystore.key", f"${{dir:{root}:node.key}}"),
            ("keystore.certificate.chain", f"${{dir:{root}:node.crt}}"),
            ("truststore.certificates", f"${{dir:{root}:node.crt}}"),
        )
    )
    return f"""node.id=0
process.roles=broker,controller
controller.listener.names=CONTROL-1
controller.quorum.voters=0@127.0.0.1:{controller}
listeners=CONTROL-1://127.0.0.1:{controller},REPLICATION-2://127.0.0.1:{broker},CLIENTS-3://127.0.0.1:{clients}
advertised.listeners=REPLICATION-2://127.0.0.1:{broker},CLIENTS-3://127.0.0.1:{clients}
listener.security.protocol.map=CONTROL-1:SSL,REPLICATION-2:SSL,CLIENTS-3:SASL_SSL
inter.broker.listener.name=REPLICATION-2
listener.name.clients-3.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients-3.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.endpoint.identification.algorithm=
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=node,O=lab
config.providers=env,dir
config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.dir.param.allowed.paths={root}
offsets.topic.replication.factor=1
log.dirs={root}/data
{tls}"""


def _ports(count: int) -> list[int]:
    held = []
    try:
        for _ in range(count):
            held.append(socket.create_server(("127.0.0.1", 0)))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _certificate(root: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    # The organisation first: Java prints the name from its end, CN=node,O=lab.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, "node"),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (root / "node.key").write_bytes(pem)
    (root / "node.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


if __name__ == "__main__":
    sys.exit(main())
