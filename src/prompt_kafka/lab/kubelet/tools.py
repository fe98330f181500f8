"""Kafka's own command line tools inside a pod: what ``kubectl exec … -- bin/kafka-topics.sh`` runs."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from shlex import quote

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.lab.distribution import KafkaDistribution

_TOOLS = {
    "kafka-acls.sh": ("org.apache.kafka.tools.AclCommand", "kafka.admin.AclCommand"),
    "kafka-broker-api-versions.sh": (
        "org.apache.kafka.tools.BrokerApiVersionsCommand",
        "kafka.admin.BrokerApiVersionsCommand",
    ),
    "kafka-cluster.sh": ("org.apache.kafka.tools.ClusterTool",),
    "kafka-configs.sh": ("org.apache.kafka.tools.ConfigCommand", "kafka.admin.ConfigCommand"),
    "kafka-console-consumer.sh": ("org.apache.kafka.tools.consumer.ConsoleConsumer",),
    "kafka-console-producer.sh": ("org.apache.kafka.tools.ConsoleProducer",),
    "kafka-consumer-groups.sh": ("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",),
    "kafka-delete-records.sh": ("org.apache.kafka.tools.DeleteRecordsCommand",),
    "kafka-dump-log.sh": ("org.apache.kafka.tools.DumpLogSegments", "kafka.tools.DumpLogSegments"),
    "kafka-features.sh": ("org.apache.kafka.tools.FeatureCommand",),
    "kafka-get-offsets.sh": ("org.apache.kafka.tools.GetOffsetShell",),
    "kafka-leader-election.sh": ("org.apache.kafka.tools.LeaderElectionCommand",),
    "kafka-log-dirs.sh": ("org.apache.kafka.tools.LogDirsCommand",),
    "kafka-metadata-quorum.sh": ("org.apache.kafka.tools.MetadataQuorumCommand",),
    "kafka-reassign-partitions.sh": ("org.apache.kafka.tools.reassign.ReassignPartitionsCommand",),
    "kafka-storage.sh": ("org.apache.kafka.tools.StorageTool", "kafka.tools.StorageTool"),
    "kafka-topics.sh": ("org.apache.kafka.tools.TopicCommand",),
    "kafka-transactions.sh": ("org.apache.kafka.tools.TransactionsCommand",),
}

_LOGGING = """\
appender.stderr.type = Console
appender.stderr.name = STDERR
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.stderr.ref = STDERR
"""


def install(rootfs: Path, distribution: KafkaDistribution, hosts: Path) -> None:
    """Put the tools where a container has them, ``/opt/kafka/bin``.

    Parameters
    ----------
    hosts
        The lab's names, which the tools look up as the nodes do.
    """
    folder = rootfs / "opt" / "kafka" / "bin"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    logging = rootfs / "opt" / "kafka" / "config" / "tools-log4j2.properties"
    logging.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(logging, _LOGGING, 0o600)
    command = distribution.command(
        "@MAIN@",
        options=[
            f"-Djdk.net.hosts.file={hosts}",
            f"-Dlog4j2.configurationFile={logging}",
            "-Xmx256m",
        ],
    )
    line = " ".join('"$@"' if word == "@MAIN@" else quote(word) for word in command)
    run = f"#!/bin/sh\n# Java's options of one command can be set in KAFKA_OPTS.\nexec {line}\n"
    _put(folder / "kafka-run-class.sh", run.replace(' "$@"', ' $KAFKA_OPTS "$@"'), 0o700)
    there = _classes(distribution.classpath)
    for script, candidates in _TOOLS.items():
        main = next((name for name in candidates if name in there), None)
        if main is not None:
            _put(
                folder / script, f'#!/bin/sh\nexec "$(dirname "$0")/kafka-run-class.sh" {main} "$@"\n', 0o700
            )
    link = rootfs / "bin"
    if not link.is_symlink() and not link.exists():
        link.symlink_to(folder)


def _put(file: Path, text: str, mode: int) -> None:
    if not (file.exists() and file.read_text() == text):
        write_atomic(file, text, mode)


@lru_cache(maxsize=4)
def _classes(classpath: tuple[Path, ...]) -> frozenset[str]:
    """Return which of the tools' classes a class path has."""
    wanted = {name for candidates in _TOOLS.values() for name in candidates}
    found = set()
    for jar in classpath:
        if jar.name.startswith("kafka"):
            with zipfile.ZipFile(jar) as archive:
                names = {
                    name[:-6].replace("/", ".") for name in archive.namelist() if name.endswith(".class")
                }
                found |= wanted & names
    return frozenset(found)
