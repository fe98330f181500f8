"""Looks at what surrounds the Kafka nodes and outlives them: volumes, logs, the shutdown record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt_kafka.adapters import node_log, objects, shutdown
from prompt_kafka.clients.kinds import POD, PV, PVC
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError, Object
from prompt_kafka.core.surroundings import Claim, NodeLog, ShutdownRecord
from prompt_kafka.core.world import Part


class Around:
    """The surroundings of one cluster.

    Parameters
    ----------
    kubernetes
        The API.
    kafka
        The cluster's resource.
    earlier
        What is known of nodes' starts before.
    """

    def __init__(self, kubernetes: Kubernetes, kafka: Object, earlier: node_log.Earlier) -> None:
        self._kubernetes = kubernetes
        self._earlier = earlier
        self._cluster, self._namespace = kafka["metadata"]["name"], kafka["metadata"]["namespace"]

    def ways(self) -> dict[Part, tuple[str, Callable[[], Any]]]:
        """Return how each part is looked at, with the World's field for it."""
        return {
            Part.CLAIMS: ("claims", self.claims),
            Part.LOGS: ("logs", self.logs),
            Part.SHUTDOWN: ("shutdown", self.shutdown),
        }

    def claims(self) -> tuple[Claim, ...]:
        """Return the claims of the nodes' volumes."""
        labels = f"strimzi.io/cluster={self._cluster}"
        claims = self._kubernetes.list(PVC, self._namespace, labels=labels)
        return tuple(objects.claim(claim, self._volume(claim)) for claim in claims)

    def _volume(self, claim: Object) -> Object | None:
        name = (claim.get("spec") or {}).get("volumeName")
        try:
            return self._kubernetes.find(PV, name) if name else None
        except KubernetesError:
            return None  # its policy is then unknown, which is not Retain

    def logs(self) -> tuple[NodeLog, ...]:
        """Return what the logs of the nodes say of their present start."""
        labels = f"strimzi.io/cluster={self._cluster},strimzi.io/name={self._cluster}-kafka"
        pods = self._kubernetes.list(POD, self._namespace, labels=labels)
        return node_log.of_pods(self._kubernetes, pods, self._earlier)

    def shutdown(self) -> ShutdownRecord | None:
        """Return what the last graceful shutdown wrote down."""
        return shutdown.read(self._kubernetes, shutdown.name_of(self._cluster), self._namespace)
