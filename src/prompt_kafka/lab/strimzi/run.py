"""One run of the cluster operator over one Kafka resource: what it was given and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prompt_kafka.clients.kafka import Tls
from prompt_kafka.clients.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    NETWORK_POLICY,
    POD_DISRUPTION_BUDGET,
    POD_SET,
    PVC,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    Kind,
)
from prompt_kafka.clients.kubernetes import NotFound
from prompt_kafka.lab.strimzi.activity import Operator
from prompt_kafka.lab.strimzi.changes import Waiting
from prompt_kafka.lab.strimzi.kafka.nodes import Nodes
from prompt_kafka.lab.strimzi.model import labels, names, secrets
from prompt_kafka.lab.strimzi.model.errors import InvalidConfigurationError, OperationTimeout
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.roller.ports import Timing
from prompt_kafka.lab.strimzi.world import PodAccess, World

Object = dict[str, Any]

LISTED = (
    SECRET,
    CONFIG_MAP,
    PVC,
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    POD_DISRUPTION_BUDGET,
    NETWORK_POLICY,
    DEPLOYMENT,
    SERVICE,
    POD_SET,
)
SHORTEST_ANSWER, SHORTEST_START = 3.0, 45.0
"""Seconds for a node's answer and for its start, however fast the lab's timers are: Java is no faster."""


@dataclass
class Run:
    """One run.

    Parameters
    ----------
    world, operator
        What is seen, and who is in force.
    resource
        The Kafka resource.
    """

    world: World
    operator: Operator
    resource: Object
    waiting: Waiting = field(init=False)
    live: dict[tuple[str, str], Object] = field(default_factory=dict)
    status: Object = field(default_factory=dict)
    conditions: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting = self.world.waiting(self.operator)
        self.pods = PodAccess(self.world, self.waiting, self.namespace)

    @property
    def name(self) -> str:
        """Name of the cluster."""
        return str(self.resource["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Namespace of the cluster."""
        return str(self.resource["metadata"]["namespace"])

    @property
    def now(self) -> datetime:
        """The time."""
        return self.world.clock.now()

    @property
    def timing(self) -> Timing:
        """How long things take in this lab."""
        operation = self.operator.timeout / self.world.factor
        return Timing(operation, self.world.factor, max(operation, SHORTEST_START))

    def look(self) -> None:
        """List what belongs to the cluster."""
        selector = f"{labels.CLUSTER}={self.name}"

        def listed(kind: Kind) -> list[Object]:
            return self.world.kubernetes.list(kind, self.namespace, labels=selector)

        with ThreadPoolExecutor(max_workers=len(LISTED)) as pool:
            found = [obj for group in pool.map(listed, LISTED) for obj in group]
        self.live = {(obj["kind"], obj["metadata"]["name"]): obj for obj in found}

    def of_kind(self, kind: str) -> dict[str, Object]:
        """Return the objects of a kind by name, as last listed or written."""
        return {name: obj for (of, name), obj in self.live.items() if of == kind}

    def apply(self, wanted: Iterable[Object]) -> None:
        """Create or update objects, and remember them."""
        self.waiting.check()
        for obj in self.world.objects.apply_all(wanted, self.live):
            self.live[obj["kind"], obj["metadata"]["name"]] = obj

    def delete(self, kind: Kind, names_: Iterable[str]) -> None:
        """Delete objects."""
        for name in names_:
            try:
                self.world.kubernetes.delete(kind, name, self.namespace)
            except NotFound:
                pass
            self.live.pop((kind.kind, name), None)

    def kafka_pods(self) -> list[Object]:
        """Return the cluster's Kafka pods, by name."""
        selector = labels.selector(self.name)
        pods = self.world.caches["Pod"].items(self.namespace)
        return sorted(
            (pod for pod in pods if labels.matches(selector, pod)),
            key=lambda pod: str(pod["metadata"]["name"]),
        )

    def nodes(self, ca: Ca) -> Nodes:
        """Return connections to the cluster's nodes, as the cluster operator.

        Raises
        ------
        InvalidConfigurationError
            The operator's certificate is not there.
        """
        secret = self.live.get(("Secret", names.operator_certs(self.name)))
        certificate = secrets.decode(secret, "cluster-operator.crt")
        key = secrets.decode(secret, "cluster-operator.key")
        if certificate is None or key is None:
            raise InvalidConfigurationError(
                f"Secret {names.operator_certs(self.name)} with the operator's certificate is missing"
            )
        trusted = "".join([ca.pair.certificate, *ca.old.values()])
        timeout = max(SHORTEST_ANSWER, 30 / self.world.factor)
        return Nodes(
            self.name,
            self.namespace,
            Tls(trusted, certificate, key),
            self.world.pod_ip(self.namespace),
            timeout=timeout,
        )

    def timed_out(self, kind: str, name: str, what: str, seconds: float | None = None) -> OperationTimeout:
        """Return the failure of a wait, in the operator's words."""
        limit = int((seconds or self.timing.operation) * 1000)
        return OperationTimeout(
            f"Exceeded timeout of {limit}ms while waiting for {kind} resource {name} in namespace "
            f"{self.namespace} to be {what}"
        )
