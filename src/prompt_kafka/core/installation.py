"""What is seen of the operator as a whole: its Deployment, its definitions, every cluster that it watches.

One operator serves several clusters, and whoever moves it moves all of them; so all of them are looked at,
also those that belong to somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.objects import KafkaResource, Operator


@dataclass(frozen=True, slots=True)
class Definition:
    """One of the operator's CustomResourceDefinitions.

    Attributes
    ----------
    served
        API versions that it serves.
    stored
        ``status.storedVersions``: those in which objects may still lie.
    """

    name: str
    served: tuple[str, ...]
    stored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchedPod:
    """A pod of a watched cluster.

    Attributes
    ----------
    current
        It is on the revision that its pod set wants.
    """

    name: str
    uid: str
    ready: bool
    current: bool
    kafka_version: str = ""


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    """A Kafka cluster in a namespace that the operator watches.

    Attributes
    ----------
    applied
        API versions under which its resources were applied, as ``Kind name apiVersion``.
    """

    kafka: KafkaResource
    pods: tuple[WatchedPod, ...] = ()
    applied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Namespace and name."""
        return f"{self.kafka.namespace}/{self.kafka.name}"

    @property
    def running(self) -> tuple[str, ...]:
        """The Kafka versions of its pods, oldest name first; each once."""
        return tuple(sorted({pod.kafka_version for pod in self.pods if pod.kafka_version}))

    def behind(self, operator: str) -> tuple[str, ...]:
        """Return what is not yet as an operator of this version leaves it, in words."""
        kafka, wrong = self.kafka, []
        if kafka.observed_generation < kafka.generation:
            wrong.append("its present generation is not observed")
        if not kafka.ready:
            reason = next((c for c in kafka.conditions if c.type == "NotReady"), None)
            wrong.append(f"not Ready: {reason.reason}: {reason.message}" if reason else "not Ready")
        if kafka.operator_version != operator:
            wrong.append(f"last brought up to date by operator {kafka.operator_version or '?'}")
        wrong += [f"{pod.name} is not Ready" for pod in self.pods if not pod.ready]
        wrong += [f"{pod.name} is on an old revision" for pod in self.pods if not pod.current]
        return tuple(wrong)


@dataclass(frozen=True, slots=True)
class Installation:
    """The operator and all that hangs on it.

    Attributes
    ----------
    operator
        Its Deployment; None where there is none.
    watched
        Namespaces that it looks at; empty for all.
    unseen
        Namespaces that could not be looked into, and why.
    kubernetes
        Version of the API server, *major.minor*.
    said, unheard
        What its log said lately, oldest first; why that could not be read.
    """

    operator: Operator | None
    watched: tuple[str, ...]
    definitions: tuple[Definition, ...]
    clusters: tuple[WatchedCluster, ...]
    unseen: tuple[tuple[str, str], ...] = ()
    kubernetes: str = ""
    said: tuple[str, ...] = ()
    unheard: str = ""

    @property
    def stored(self) -> frozenset[str]:
        """Every API version in which objects may still lie."""
        return frozenset(each for definition in self.definitions for each in definition.stored)

    def cluster(self, name: str) -> WatchedCluster | None:
        """Return a cluster by namespace and name."""
        return next((each for each in self.clusters if each.name == name), None)
