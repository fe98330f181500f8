"""What is seen of the service's Kubernetes objects, as values.

Only the fields that a decision reads, with the names that the objects give them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CONTROLLER = "controller"
BROKER = "broker"


@dataclass(frozen=True, slots=True)
class StatusCondition:
    """An entry of ``status.conditions``."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class KafkaResource:
    """The ``Kafka`` object.

    Attributes
    ----------
    paused
        ``strimzi.io/pause-reconciliation`` is set.
    wanted_version, version
        ``spec.kafka.version`` and ``status.kafkaVersion``.
    wanted_metadata, metadata_version
        ``spec.kafka.metadataVersion`` and ``status.kafkaMetadataVersion``.
    listeners
        Name and ``host:port`` list of each listener in the status.
    """

    name: str
    namespace: str
    generation: int
    observed_generation: int
    paused: bool
    conditions: tuple[StatusCondition, ...]
    cluster_id: str = ""
    wanted_version: str = ""
    version: str = ""
    metadata_version: str = ""
    listeners: tuple[tuple[str, str], ...] = ()
    operator_version: str = ""
    wanted_metadata: str = ""

    def condition(self, type: str) -> StatusCondition | None:
        """Return the condition of a type when its status is True."""
        return next((c for c in self.conditions if c.type == type and c.status == "True"), None)

    @property
    def ready(self) -> bool:
        """The operator says Ready (which alone proves nothing)."""
        return self.condition("Ready") is not None


@dataclass(frozen=True, slots=True)
class NodePool:
    """A ``KafkaNodePool`` object."""

    name: str
    generation: int
    observed_generation: int
    replicas: int
    roles: tuple[str, ...]
    node_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PodSet:
    """A ``StrimziPodSet`` object.

    Attributes
    ----------
    pods
        Name, revision and Kafka version of each pod that it wants.
    rolling
        ``strimzi.io/manual-rolling-update`` is set.
    """

    name: str
    pool: str
    pods: tuple[tuple[str, str, str], ...]
    rolling: bool = False
    deleting: bool = False
    uid: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of a Kafka node.

    Attributes
    ----------
    broker_state
        What the node's agent says of the broker, where that is published: Starting, Recovery, Running …
    why_not_ready
        The reason of the container or of the pod, empty when it is ready.
    host
        The machine that it is on; empty when none has taken it.
    running_since
        When its present process began; None when none runs.
    waiting
        For what its container waits: ``CrashLoopBackOff``, ``ContainerCreating`` …
    ended, last_exit
        When its last process ended, and the exit code.
    created, ready_since
        When the object was made, and since when it is Ready (None when it is not).
    """

    name: str
    uid: str
    node_id: int
    pool: str
    roles: tuple[str, ...]
    ready: bool
    phase: str
    ip: str = ""
    revision: str = ""
    kafka_version: str = ""
    deleting: bool = False
    restarts: int = 0
    started: datetime | None = None
    broker_state: str = ""
    why_not_ready: str = ""
    rolling: bool = False
    host: str = ""
    running_since: datetime | None = None
    waiting: str = ""
    ended: datetime | None = None
    last_exit: int | None = None
    created: datetime | None = None
    ready_since: datetime | None = None

    @property
    def is_controller(self) -> bool:
        """It votes in the metadata quorum."""
        return CONTROLLER in self.roles

    @property
    def is_broker(self) -> bool:
        """It holds partitions."""
        return BROKER in self.roles


@dataclass(frozen=True, slots=True)
class Operator:
    """The cluster operator's Deployment.

    Attributes
    ----------
    settled
        Its roll-out has come to its end: no pod of another version is left.
    """

    version: str
    ready: bool
    replicas: int
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the Kubernetes cluster (a ``Node``; here a node is a Kafka node)."""

    name: str
    ready: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment of the service: the entity operator, a viewer.

    Attributes
    ----------
    wanted, ready
        How many pods it asks for, and how many are Ready.
    waiting
        For what its pods wait, where they do: ``CrashLoopBackOff``, ``ImagePullBackOff`` …
    """

    name: str
    namespace: str
    wanted: int
    ready: int
    waiting: str = ""

    @property
    def serves(self) -> bool:
        """At least one of its pods is Ready."""
        return self.ready > 0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Everything that the Kubernetes API says about the Kafka nodes, read in one go."""

    kafka: KafkaResource
    pools: tuple[NodePool, ...]
    pod_sets: tuple[PodSet, ...]
    pods: tuple[Pod, ...]
    operator: Operator | None

    @property
    def controllers(self) -> tuple[Pod, ...]:
        """The pods with the controller role."""
        return tuple(pod for pod in self.pods if pod.is_controller)

    @property
    def brokers(self) -> tuple[Pod, ...]:
        """The pods with the broker role."""
        return tuple(pod for pod in self.pods if pod.is_broker)

    def pod(self, name: str) -> Pod | None:
        """Return a pod by name."""
        return next((pod for pod in self.pods if pod.name == name), None)

    def node(self, node_id: int) -> Pod | None:
        """Return a pod by node id."""
        return next((pod for pod in self.pods if pod.node_id == node_id), None)

    def wanted_ids(self, role: str) -> frozenset[int]:
        """Return the node ids that the pools want in a role."""
        return frozenset(i for pool in self.pools if role in pool.roles for i in pool.node_ids)


@dataclass(frozen=True, slots=True)
class ResourceState:
    """A ``KafkaTopic`` or ``KafkaUser`` as its operator reports it.

    Attributes
    ----------
    topic
        The name that a topic has on the brokers.
    uid
        Of the object: another one after it was deleted and made again.
    """

    kind: str
    name: str
    generation: int
    observed_generation: int
    ready: bool
    reason: str = ""
    message: str = ""
    topic: str = ""
    uid: str = ""

    @property
    def settled(self) -> bool:
        """Ready, at the present generation."""
        return self.ready and self.observed_generation >= self.generation


@dataclass(frozen=True, slots=True)
class Canary:
    """One message produced and read back.

    Attributes
    ----------
    produce_ms, round_trip_ms
        Milliseconds until it was acknowledged by all in-sync replicas, and until it was read back.
    failed
        Why it failed; empty when it came back.
    """

    topic: str
    produce_ms: float = 0.0
    round_trip_ms: float = 0.0
    failed: str = ""
