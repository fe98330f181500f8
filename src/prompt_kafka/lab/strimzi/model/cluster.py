"""A Kafka cluster as the operator understands it: its resource and its node pools, read once and checked.

Everything else in this package builds objects from these values. What the operator refuses, it refuses here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from prompt_kafka.lab.strimzi.model import names
from prompt_kafka.lab.strimzi.model.errors import InvalidConfigurationError, InvalidResourceError
from prompt_kafka.lab.strimzi.model.node_ids import PoolIds, assign, id_range

Object = dict[str, Any]

LISTENER_TYPES = ("internal", "loadbalancer", "cluster-ip")
"""Listener types that mean something on one machine; routes, ingresses and node ports do not."""

REPLICATION_KEYS = (
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
)


@dataclass(frozen=True, slots=True)
class Node:
    """One Kafka node.

    Parameters
    ----------
    id
        Node id.
    pod
        Name of its pod, ConfigMap and Secret.
    pool
        Name of its node pool.
    controller, broker
        Its roles.
    """

    id: int
    pod: str
    pool: str
    controller: bool
    broker: bool

    @property
    def controller_only(self) -> bool:
        """A controller that is no broker."""
        return self.controller and not self.broker


@dataclass(frozen=True)
class Pool:
    """A node pool with its ids.

    Parameters
    ----------
    kept_storage
        The storage in use, when the one asked for is not allowed.
    """

    resource: Object
    cluster: str
    ids: PoolIds
    kept_storage: Object | None = None

    @property
    def name(self) -> str:
        """Name of the KafkaNodePool."""
        return str(self.resource["metadata"]["name"])

    @property
    def pod_set(self) -> str:
        """Name of the pool's StrimziPodSet, and what its pods' names begin with."""
        return f"{self.cluster}-{self.name}"

    @property
    def roles(self) -> tuple[str, ...]:
        """``controller``, ``broker`` or both."""
        return tuple(self.resource["spec"]["roles"])

    @property
    def storage(self) -> Object:
        """The storage it uses."""
        storage: Object = self.kept_storage or self.resource["spec"]["storage"]
        return storage

    def node(self, node_id: int) -> Node:
        """Return one node of the pool."""
        return Node(
            node_id,
            f"{self.pod_set}-{node_id}",
            self.name,
            "controller" in self.roles,
            "broker" in self.roles,
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes it is to have, ascending."""
        return tuple(self.node(node_id) for node_id in self.ids.desired)

    @property
    def added(self) -> tuple[Node, ...]:
        """Nodes that are new."""
        return tuple(self.node(node_id) for node_id in self.ids.added)


@dataclass(frozen=True)
class Cluster:
    """A Kafka resource, its pools and the versions that this run works with.

    Parameters
    ----------
    resource
        The Kafka resource.
    pools
        Its node pools, by name.
    operator
        Version of the operator.
    kafka_version, metadata_version
        Versions of this run.
    cluster_id
        Kafka's cluster id.
    """

    resource: Object
    pools: tuple[Pool, ...]
    operator: str
    kafka_version: str
    metadata_version: str
    cluster_id: str

    @property
    def name(self) -> str:
        """Name of the cluster."""
        return str(self.resource["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Namespace of the cluster."""
        return str(self.resource["metadata"]["namespace"])

    @property
    def spec(self) -> Object:
        """The ``kafka`` part of the specification."""
        spec: Object = self.resource["spec"]["kafka"]
        return spec

    @property
    def config(self) -> Object:
        """Broker configuration that the resource asks for."""
        return dict(self.spec.get("config") or {})

    @cached_property
    def listeners(self) -> tuple[Object, ...]:
        """Listeners for users."""
        return tuple(self.spec.get("listeners") or ())

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, pool by pool."""
        return tuple(node for pool in self.pools for node in pool.nodes)

    @property
    def controllers(self) -> tuple[Node, ...]:
        """Nodes with the controller role."""
        return tuple(node for node in self.nodes if node.controller)

    @property
    def brokers(self) -> tuple[Node, ...]:
        """Nodes with the broker role."""
        return tuple(node for node in self.nodes if node.broker)

    def pool(self, name: str) -> Pool:
        """Return a pool by name."""
        return next(pool for pool in self.pools if pool.name == name)

    def external(self) -> tuple[Object, ...]:
        """Listeners that have Services of their own."""
        return tuple(listener for listener in self.listeners if listener["type"] != "internal")


def assign_pools(cluster: str, resources: Sequence[Object]) -> tuple[Pool, ...]:
    """Return the pools of a cluster with their ids; the order of the names decides who chooses first."""
    ordered = sorted(resources, key=lambda pool: str(pool["metadata"]["name"]))
    current = {
        pool["metadata"]["name"]: tuple((pool.get("status") or {}).get("nodeIds") or ()) for pool in ordered
    }
    taken = {node for ids in current.values() for node in ids}
    pools = []
    for resource in ordered:
        name = resource["metadata"]["name"]
        annotations = resource["metadata"].get("annotations") or {}
        ids = assign(
            resource["spec"]["replicas"],
            current[name],
            taken,
            next_ids=id_range(annotations.get("strimzi.io/next-node-ids")),
            remove_ids=id_range(annotations.get("strimzi.io/remove-node-ids")),
        )
        taken.update(ids.desired)
        pools.append(Pool(resource, cluster, ids))
    return tuple(pools)


def check(resource: Object, pools: Sequence[Pool]) -> None:
    """Refuse what the operator refuses.

    Raises
    ------
    InvalidResourceError, InvalidConfigurationError
        The resource or its pools cannot be.
    """
    name = resource["metadata"]["name"]
    kafka = (resource.get("spec") or {}).get("kafka")
    if not kafka:
        raise InvalidResourceError("The .spec.kafka section of the Kafka custom resource is missing")
    if not pools:
        raise InvalidConfigurationError(f"No KafkaNodePools found for Kafka cluster {name}")
    for role in ("broker", "controller"):
        if not any(role in pool.roles and pool.ids.desired for pool in pools):
            raise InvalidResourceError(
                f"The Kafka cluster {name} is invalid: [At least one KafkaNodePool with the {role} role and "
                "at least one replica is required when KRaft mode is enabled]"
            )
    before = {node for pool in pools if "controller" in pool.roles for node in pool.ids.current}
    after = {node for pool in pools if "controller" in pool.roles for node in pool.ids.desired}
    if before and before != after:
        raise InvalidResourceError(
            f"The Kafka cluster {name} is invalid: [The number of controller nodes cannot be changed]"
        )
    brokers = sum(len(pool.ids.desired) for pool in pools if "broker" in pool.roles)
    _check_replication(dict(kafka.get("config") or {}), brokers)
    _check_listeners(kafka.get("listeners") or ())


def _check_replication(config: Object, brokers: int) -> None:
    for key in REPLICATION_KEYS:
        try:
            value = int(config.get(key, 0))
        except ValueError as error:
            raise InvalidResourceError(
                f"Property {key} should be an integer, but it is {config[key]}"
            ) from error
        if value > brokers:
            raise InvalidResourceError(
                f"Kafka configuration option '{key}' should be set to {brokers} or less because this cluster "
                f"has only {brokers} Kafka broker(s)."
            )


def _check_listeners(listeners: Sequence[Object]) -> None:
    if not listeners:
        raise InvalidResourceError("At least one listener has to be configured")
    problems = []
    for field in ("name", "port"):
        values = [listener[field] for listener in listeners]
        if len(set(values)) != len(values):
            problems.append(f"every listener needs to have a unique {field}")
    for listener in listeners:
        if listener["type"] not in LISTENER_TYPES:
            problems.append(
                f"listener {listener['name']} is of type {listener['type']}, which the lab does not run "
                f"(it runs {', '.join(LISTENER_TYPES)})"
            )
    if problems:
        raise InvalidResourceError(f"Listener configuration is not valid: [{', '.join(problems)}]")


def pod_fqdn(cluster: Cluster, node: Node) -> str:
    """Return the address of a node inside Kubernetes."""
    return names.pod_dns(cluster.name, cluster.namespace, node.pod)
