"""A node's ``server.config``, turned from the container's paths and addresses into the lab's: text to text.

The operator writes the file as for a container. In the lab the container's root is a folder, and every pod
has an address of its own instead of a network namespace; nothing else differs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.core.errors import PromptKafkaError

_PATHS = re.compile(r"(?<![\w./-])(/opt/kafka|/var/lib/kafka)(?=[/:,;}\s]|$)")
_ANY = re.compile(r"(?<=//)0\.0\.0\.0(?=:)")


class ConfigurationError(PromptKafkaError):
    """A node cannot be started from its configuration."""

    code = "node-configuration"


@dataclass(frozen=True, slots=True)
class NodeConfiguration:
    """What the kubelet has to know of a node.

    Attributes
    ----------
    text
        The configuration as the node reads it.
    node_id
        Its number.
    roles
        ``controller``, ``broker`` or both.
    log_dirs
        Its data directories.
    metadata_dir
        The one of them with the metadata log.
    ports
        Port of each listener, by Kafka's listener name.
    """

    text: str
    node_id: int
    roles: frozenset[str]
    log_dirs: tuple[Path, ...]
    metadata_dir: Path
    ports: dict[str, int]

    @property
    def is_broker(self) -> bool:
        """Whether the node serves partitions."""
        return "broker" in self.roles

    @property
    def controller_port(self) -> int | None:
        """Port of the control plane listener."""
        return next((port for name, port in self.ports.items() if name.startswith("CONTROLPLANE")), None)

    @property
    def replication_port(self) -> int | None:
        """Port of the listener between brokers."""
        return next((port for name, port in self.ports.items() if name.startswith("REPLICATION")), None)


def translate(text: str, rootfs: Path, ip: str) -> NodeConfiguration:
    """Turn a configuration written for a container into one for the folder `rootfs` and the address `ip`.

    Raises
    ------
    ConfigurationError
        If it does not say which node it is, or where its data are.
    """
    lines = [_PATHS.sub(lambda match: f"{rootfs}{match[1]}", line) for line in text.splitlines()]
    lines = [_ANY.sub(ip, line) if _key(line) == "listeners" else line for line in lines]
    settings = {_key(line): line.partition("=")[2].strip() for line in lines if _key(line)}
    try:
        node_id = int(settings["node.id"])
        roles = frozenset(role.strip() for role in settings["process.roles"].split(",") if role.strip())
        log_dirs = tuple(Path(each.strip()) for each in settings["log.dirs"].split(",") if each.strip())
        if not roles or not log_dirs:
            raise ValueError("process.roles or log.dirs is empty")
    except (KeyError, ValueError) as error:
        raise ConfigurationError(f"server.config cannot be read: {error}") from None
    ports = {}
    for entry in settings.get("listeners", "").split(","):
        name, _, address = entry.strip().partition("://")
        port = address.rpartition(":")[2]
        if port.isdigit():
            ports[name] = int(port)
    return NodeConfiguration(
        text="\n".join(lines) + "\n",
        node_id=node_id,
        roles=roles,
        log_dirs=log_dirs,
        metadata_dir=Path(settings.get("metadata.log.dir") or log_dirs[0]),
        ports=ports,
    )


def _key(line: str) -> str:
    return "" if line.lstrip().startswith(("#", "!")) else line.partition("=")[0].strip()
