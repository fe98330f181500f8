"""Starting a Kafka node as its container's start script does: copy, format, forget the last vote, run.

Facts: Strimzi's ``kafka_run.sh`` (strimzi.md 5.5). What the lab does not do: the metrics exporter, garbage
collector logs, and the heap that a production node is given (`HEAP_CAP_MB`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.distribution import HEAP, KafkaDistribution, format_directory, kafka
from prompt_kafka.lab.kubelet import tools
from prompt_kafka.lab.kubelet.configuration import NodeConfiguration, translate
from prompt_kafka.lab.kubelet.images import KafkaImage
from prompt_kafka.lab.kubelet.readiness import STATE_FILE

Object = dict[str, Any]

#: However large the heap of a production node, the lab's has at most this.
HEAP_CAP_MB = 256
CUSTOM = "opt/kafka/custom-config"

#: Beside the pod's own logging, whatever its levels: the broker's states, which the Kafka agent would tell.
_STATES = """\
appender.lab.type = File
appender.lab.name = LAB
appender.lab.fileName = {file}
appender.lab.append = false
appender.lab.layout.type = PatternLayout
appender.lab.layout.pattern = %m%n
logger.lab.name = kafka.server.BrokerLifecycleManager
logger.lab.level = info
logger.lab.appenderRef.lab.ref = LAB
logger.lab2.name = org.apache.kafka.server.BrokerLifecycleManager
logger.lab2.level = info
logger.lab2.appenderRef.lab.ref = LAB
"""


class StartError(PromptKafkaError):
    """A node's start script would fail: the container ends with this message in its log."""

    code = "node-start"


@dataclass(frozen=True, slots=True)
class Launch:
    """How a node is started.

    Attributes
    ----------
    said
        What the start script has written to the log before Kafka begins.
    """

    command: list[str]
    env: dict[str, str]
    cwd: Path
    configuration: NodeConfiguration
    said: str


class KafkaStarter:
    """Prepares Kafka nodes.

    Parameters
    ----------
    hosts
        The lab's names.
    distribution
        Finds the Kafka of a version; :func:`prompt_kafka.lab.distribution.kafka`.
    """

    def __init__(self, hosts: Path, distribution: Callable[[str], KafkaDistribution] = kafka) -> None:
        self._hosts = hosts
        self._distribution = distribution
        self._found: dict[str, KafkaDistribution] = {}

    def prepare(self, pod: Object, image: KafkaImage, rootfs: Path, ip: str) -> Launch:
        """Make a pod's mounted folder ready to run and return the command.

        Raises
        ------
        PromptKafkaError
            If it cannot be started; the message is what the start script would have said.
        """
        if image.kafka not in self._found:
            self._found[image.kafka] = self._distribution(image.kafka)
        kafka = self._found[image.kafka]
        custom = rootfs / CUSTOM
        configuration = translate((custom / "server.config").read_text(), rootfs, ip)
        said = self._format(kafka, custom, configuration)
        (configuration.metadata_dir / "__cluster_metadata-0" / "quorum-state").unlink(missing_ok=True)
        (rootfs / "tmp").mkdir(parents=True, exist_ok=True, mode=0o700)
        properties = rootfs / "tmp" / "strimzi.properties"
        write_atomic(properties, configuration.text)
        (rootfs / STATE_FILE).unlink(missing_ok=True)
        states = rootfs / "tmp" / "lab-states.properties"
        write_atomic(states, _STATES.format(file=rootfs / STATE_FILE))
        tools.install(rootfs, kafka, self._hosts)
        home = rootfs / "opt" / "kafka"
        own = variables(pod)
        env = {
            **own,
            "KAFKA_HOME": str(home),
            "HOSTNAME": pod["metadata"]["name"],
            "LOG_DIR": str(rootfs / "tmp"),
            "PATH": f"{home / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        }
        options = [
            *heap(own.get("KAFKA_HEAP_OPTS", "")),
            f"-Djdk.net.hosts.file={self._hosts}",
            # Names appear while nodes start: a failed look-up is not remembered for Java's ten seconds.
            "-Dsun.net.inetaddr.negative.ttl=1",
            f"-Dlog4j2.configurationFile={custom / 'log4j2.properties'},{states}",
            *shlex.split(own.get("STRIMZI_JAVA_SYSTEM_PROPERTIES", "")),
        ]
        command = kafka.command("kafka.Kafka", str(properties), options=options)
        return Launch(command, env, home, configuration, said)

    @staticmethod
    def _format(kafka: KafkaDistribution, custom: Path, configuration: NodeConfiguration) -> str:
        """Format what is empty, and return what ``kafka-storage format`` says of it."""
        cluster_id = (custom / "cluster.id").read_text().strip()
        level, said = (custom / "metadata.version").read_text().strip(), ""
        for folder in dict.fromkeys((*configuration.log_dirs, configuration.metadata_dir)):
            properties = folder / "meta.properties"
            if properties.exists():
                formatted = re.search(r"^cluster\.id=(.*)$", properties.read_text(), re.MULTILINE)
                if formatted and formatted[1].strip() != cluster_id:
                    raise StartError(
                        f"Invalid cluster.id in: {properties}. Expected {cluster_id}, "
                        f"but read {formatted[1].strip()}"
                    )
                continue
            checkpoint = None
            if folder == configuration.metadata_dir:
                checkpoint = kafka.checkpoint(level)
            format_directory(folder, checkpoint, cluster_id=cluster_id, node_id=configuration.node_id)
            kind = "metadata" if folder == configuration.metadata_dir else "data"
            said += f"Formatting {kind} directory {folder} with metadata.version {level}.\n"
        return said or "All of the log directories are already formatted.\n"


def variables(pod: Object) -> dict[str, str]:
    """Return the environment that a pod's manifest gives its first container, plain values only."""
    return {
        entry["name"]: str(entry["value"])
        for entry in pod["spec"]["containers"][0].get("env") or ()
        if "value" in entry
    }


def heap(options: str) -> list[str]:
    """Return Java's heap options from a pod's, capped: production's sizes would not fit six times."""
    sizes = {match[1]: _megabytes(match[2], match[3]) for match in _SIZE.finditer(options)}
    if "mx" not in sizes:
        return list(HEAP)
    most = min(sizes["mx"], HEAP_CAP_MB)
    return [f"-Xms{min(sizes.get('ms', 64), most, 64)}m", f"-Xmx{most}m"]


_SIZE = re.compile(r"-X(m[sx])(\d+)([kKmMgG]?)\b")


def _megabytes(number: str, unit: str) -> int:
    factor = {"": 1 / 1048576, "k": 1 / 1024, "m": 1, "g": 1024}[unit.lower()]
    return max(32, int(int(number) * factor))
