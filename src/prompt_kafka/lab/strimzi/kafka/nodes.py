"""The nodes of one cluster as the cluster operator reaches them.

Controllers are asked on 9090, brokers on 9091, both with the operator's client certificate; a pod's name
leads to its address through the Kubernetes API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from prompt_kafka.clients.kafka import Tls
from prompt_kafka.clients.kafka.quorum import quorum_of_response, quorum_request
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.quorum import Quorum
from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError, error_text
from prompt_kafka.lab.strimzi.model.cluster import Node
from prompt_kafka.lab.strimzi.model.names import CONTROL_PLANE_PORT, REPLICATION_PORT, pod_dns

BROKER, TOPIC = 4, 2
SET, DELETE = 0, 1
UPGRADE, SAFE_DOWNGRADE = 1, 2
METADATA_VERSION = "metadata.version"


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a node, as Kafka describes it.

    Parameters
    ----------
    source
        ``ConfigSource``: 2 is this broker's dynamic value, 3 the cluster's, 4 the file's, 5 the default.
    known
        Kafka defines the option; one that a plug-in or a listener brought is not known.
    """

    value: str | None
    read_only: bool
    source: int
    sensitive: bool
    known: bool

    @property
    def default(self) -> bool:
        """Nobody set it."""
        return self.source == 5


@dataclass(frozen=True, slots=True)
class Operation:
    """A change of one setting: its new value, or None to take it away."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Replicas:
    """A partition, for the question whether a broker may go away."""

    topic: str
    index: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    min_in_sync: int


class Nodes:
    """Connections to the nodes of one cluster.

    Parameters
    ----------
    cluster, namespace
        Which cluster.
    tls
        The cluster CA and the operator's certificate.
    address
        Returns a pod's IP, None when it has none.
    timeout
        Seconds for one answer of one node.
    """

    def __init__(
        self,
        cluster: str,
        namespace: str,
        tls: Tls,
        address: Callable[[str], str | None],
        timeout: float = 5.0,
    ) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._context = tls.context()
        self._address, self._timeout = address, timeout
        self._channels: dict[tuple[str, int, str], Channel] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            channel.close()

    def reachable(self, nodes: Sequence[Node]) -> bool:
        """Return whether any node has an address at all; without one no client can be made."""
        return any(self._address(node.pod) for node in nodes)

    def channel(self, node: Node, port: int | None = None) -> Channel:
        """Return the connection to a node: 9091 of a broker, else the control plane."""
        return self.to_pod(node.pod, port or (REPLICATION_PORT if node.broker else CONTROL_PLANE_PORT))

    def to_pod(self, pod: str, port: int) -> Channel:
        """Return the connection to a pod's port."""
        host = pod_dns(self._cluster, self._namespace, pod)
        ip = self._address(pod)
        if ip is None:
            raise NodeError("the pod has no address", where=f"{host}:{port}")
        key = pod, port, ip
        if key not in self._channels:
            self._channels[key] = Channel((ip, port), host, self._context, self._timeout)
        return self._channels[key]

    def quorum(self, controllers: Sequence[Node]) -> Quorum:
        """Ask all controllers and return what the leader says, the one of the highest epoch.

        Raises
        ------
        NodeError
            No controller says that it leads.
        """

        def ask(node: Node) -> Quorum | NodeError | None:
            try:
                channel = self.channel(node, CONTROL_PLANE_PORT)
                return quorum_of_response(channel.ask(quorum_request()), channel.where, SYSTEM)
            except NodeError as error:
                return error

        with ThreadPoolExecutor(max_workers=max(1, len(controllers))) as pool:
            answers = list(pool.map(ask, controllers))
        found = [answer for answer in answers if isinstance(answer, Quorum)]
        if found:
            return max(found, key=lambda quorum: quorum.epoch)
        failed = [answer for answer in answers if isinstance(answer, NodeError)]
        raise NodeError(
            "no controller leads the quorum" + "".join(f"; {error.where}: {error.what}" for error in failed),
            where=f"{self._cluster} controllers",
            tls=bool(failed) and all(error.tls for error in failed),
        )

    def config(self, node: Node) -> dict[str, Entry]:
        """Return a node's own settings; the answer is the proof that the node is alive."""
        return self._configs(self.channel(node), BROKER, [str(node.id)])[str(node.id)]

    def alter_config(self, node: Node, own: Sequence[Operation], shared: Sequence[Operation]) -> None:
        """Change settings without a restart: the node's own, and those of all brokers."""
        from kafka.protocol.admin import IncrementalAlterConfigsRequest as Request

        channel = self.channel(node)
        for name, operations in ((str(node.id), own), ("", shared)):
            if not operations:
                continue
            resource = Request.AlterConfigsResource
            entries = [
                resource.AlterableConfig(
                    name=one.name, config_operation=DELETE if one.value is None else SET, value=one.value
                )
                for one in operations
            ]
            answer = channel.ask(
                Request(
                    resources=[resource(resource_type=BROKER, resource_name=name, configs=entries)],
                    validate_only=False,
                )
            )
            for result in answer.responses:
                self._check(result.error_code, result.error_message, channel.where)

    def partitions(self, broker: Node) -> list[Replicas]:
        """Return all partitions, internal ones included, as a broker knows them."""
        from kafka.protocol.metadata import MetadataRequest

        channel = self.channel(broker)
        answer = channel.ask(MetadataRequest(topics=None, allow_auto_topic_creation=False))
        names = [topic.name for topic in answer.topics]
        configs = self._configs(channel, TOPIC, names, ["min.insync.replicas"]) if names else {}
        found = []
        for topic in answer.topics:
            entry = configs.get(topic.name, {}).get("min.insync.replicas")
            least = int(entry.value) if entry and entry.value else -1
            found += [
                Replicas(
                    topic.name,
                    one.partition_index,
                    tuple(one.replica_nodes),
                    tuple(one.isr_nodes),
                    least,
                )
                for one in topic.partitions
            ]
        return found

    def cluster_id(self, broker: Node) -> str:
        """Return Kafka's cluster id."""
        from kafka.protocol.admin import DescribeClusterRequest

        return str(self.channel(broker).ask(DescribeClusterRequest()).cluster_id)

    def metadata_level(self, broker: Node) -> int:
        """Return the level of ``metadata.version`` that the cluster runs at."""
        from kafka.protocol.metadata import ApiVersionsRequest

        request = ApiVersionsRequest(client_software_name="strimzi-lab", client_software_version="1")
        channel = self.channel(broker)
        for feature in channel.ask(request).finalized_features or ():
            if feature.name == METADATA_VERSION:
                return int(feature.max_version_level)
        raise NodeError(f"Failed to describe {METADATA_VERSION} feature", where=channel.where)

    def change_metadata_level(self, broker: Node, level: int, *, rising: bool) -> None:
        """Raise the metadata version, or lower it if Kafka can do so safely."""
        from kafka.protocol.admin import UpdateFeaturesRequest as Request

        channel = self.channel(broker)
        update = Request.FeatureUpdateKey(
            feature=METADATA_VERSION,
            max_version_level=level,
            allow_downgrade=not rising,
            upgrade_type=UPGRADE if rising else SAFE_DOWNGRADE,
        )
        answer = channel.ask(Request(timeout_ms=30000, feature_updates=[update], validate_only=False))
        self._check(answer.error_code, answer.error_message, channel.where)
        for result in answer.results or ():
            self._check(result.error_code, result.error_message, channel.where)

    def _configs(
        self, channel: Channel, kind: int, names: Sequence[str], keys: list[str] | None = None
    ) -> Mapping[str, dict[str, Entry]]:
        from kafka.protocol.admin import DescribeConfigsRequest as Request

        wanted = [
            Request.DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
            for name in names
        ]
        found: dict[str, dict[str, Entry]] = {}
        for result in channel.ask(Request(resources=wanted)).results:
            self._check(result.error_code, result.error_message, channel.where)
            found[result.resource_name] = {one.name: _entry(one) for one in result.configs}
        return found

    @staticmethod
    def _check(code: int, message: str | None, where: str) -> None:
        if code:
            raise NodeError(error_text(code, message), where=where)


def _entry(described: Any) -> Entry:
    return Entry(
        value=described.value,
        read_only=described.read_only,
        source=described.config_source,
        sensitive=described.is_sensitive,
        known=described.config_type != 0 and not described.name.startswith("listener.name."),
    )
