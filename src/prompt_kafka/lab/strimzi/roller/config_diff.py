"""What has to change in a running node's configuration, and whether that needs a restart.

The real operator ships a model of Kafka's options for each version. Here Kafka itself says which options it
knows and which of them can be changed while it runs, so no model is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from prompt_kafka.lab.strimzi.kafka.nodes import Entry, Operation

IGNORED = frozenset({"broker.id", "advertised.listeners", "broker.rack"})
"""Options that never count: their values are placeholders."""

_CONTROLLER_WORDS = """
    alter.config.policy.class.name authorizer.class.name auto.create.topics.enable background.threads
    broker.heartbeat.interval.ms broker.session.timeout.ms controller.listener.names controller.quota.
    controller.socket.timeout.ms controller.quorum. create.topic.policy.class.name default.replication.factor
    delete.topic.enable early.start.listeners kafka.metrics. leader.imbalance. listener.security.protocol.map
    listeners log.dir log.dirs min.insync.replicas max.connection metadata.log. metadata.max. metric.reporters
    metrics. num.io.threads num.network.threads num.partitions offsets.topic.replication.factor
    principal.builder.class process.roles queued.max.requests replica.selector.class reserved.broker.max.id
    sasl.kerberos. sasl.login. sasl.mechanism.controller.protocol sasl.oauthbearer.
    sasl.server.callback.handler.class sasl.server.max.receive.size security.providers
    server.max.startup.time.ms socket. ssl. super.users transaction.state.log.min.isr
    transaction.state.log.replication.factor unclean.leader.election.enable connection.failed.
    connections.max. controlled.shutdown.
"""
CONTROLLER_OPTIONS = tuple(_CONTROLLER_WORDS.split())
"""Options that mean something to a controller: whole names, or beginnings that end with a dot."""

PER_BROKER = ("listeners", "listener.security.", "ssl.", "sasl.", "principal.builder.")
"""Options that Kafka changes for one broker only; the others are changed for all of them."""

PLACES = frozenset({"log.dir", "log.dirs", "metadata.log.dir"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Changes of one node's configuration.

    Parameters
    ----------
    own, shared
        Operations on the node, and on all brokers.
    restart
        Options that only a restart changes.
    """

    own: tuple[Operation, ...]
    shared: tuple[Operation, ...]
    restart: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.own or self.shared or self.restart)


def difference(
    current: Mapping[str, Entry], desired: Mapping[str, str], *, controller: bool, broker: bool
) -> Difference:
    """Compare a node's settings with its configuration file.

    Parameters
    ----------
    current
        What the node says.
    desired
        What the file would say.
    controller, broker
        The node's roles.
    """
    own: list[Operation] = []
    shared: list[Operation] = []
    restart: list[str] = []
    for name, entry in sorted(current.items()):
        if not entry.known or entry.sensitive or is_ignored(name, controller=controller, broker=broker):
            continue
        if name in desired:
            value: str | None = desired[name]
            if same(name, entry.value, desired[name]):
                continue
        elif entry.default:
            continue
        else:
            value = None
        if entry.read_only:
            restart.append(name)
        elif name.startswith(PER_BROKER):
            own.append(Operation(name, value))
        else:
            if entry.source == 2:
                own.append(Operation(name, None))
            if entry.source != 2 or value is not None:
                shared.append(Operation(name, value))
    return Difference(tuple(own), tuple(shared), tuple(restart))


def is_ignored(name: str, *, controller: bool, broker: bool) -> bool:
    """Return whether an option does not matter to a node of these roles."""
    if controller and not broker:
        return not any(
            name.startswith(option) if option.endswith(".") else name == option
            for option in CONTROLLER_OPTIONS
        )
    if name in IGNORED:
        return True
    return not controller and name.startswith("controller.quorum.") and name != "controller.quorum.voters"


def same(name: str, running: str | None, wanted: str) -> bool:
    """Return whether a running value is the wanted one.

    The lab's nodes run outside a container, so folders and listening addresses are compared as the container
    would have them.
    """
    if running is None:
        return wanted in ("", "null")
    if name in PLACES:
        running = re.sub(r"[^,]*?(?=/var/lib/kafka/)", "", running)
    elif name == "listeners":
        running = re.sub(r"://[^:,]*:", "://0.0.0.0:", running)
    if running == wanted:
        return True
    try:
        return float(running) == float(wanted)
    except ValueError:
        return [part.strip() for part in running.split(",")] == [part.strip() for part in wanted.split(",")]
