"""Conditions on versions: which Kafka runs, at which metadata level, under which operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.versions import full_metadata, metadata_level
from prompt_kafka.core.world import Look, Part, World

FINAL = ("UnsupportedKafkaVersionException", "KafkaUpgradeException", "InvalidResourceException")
"""Reasons with which the operator refuses a resource for good: waiting helps nothing."""


@dataclass(frozen=True, slots=True)
class KafkaRuns:
    """Every pod runs this Kafka version, the resource asks for it, and the operator says that it is done.

    Attributes
    ----------
    metadata
        The metadata level that the operator reports, in full.
    """

    version: str
    metadata: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        kafka = nodes.kafka
        wrong = []
        if kafka.wanted_version != self.version:
            wrong.append(f"the resource asks for Kafka {kafka.wanted_version or 'nothing'}")
        behind = [pod for pod in nodes.pods if pod.kafka_version != self.version]
        if behind:
            done = len(nodes.pods) - len(behind)
            wrong.append(f"{done} of {len(nodes.pods)} pods on Kafka {self.version}, next {behind[0].name}")
        if kafka.version != self.version:
            wrong.append(f"the operator reports Kafka {kafka.version or 'nothing'}")
        if not _same_level(kafka.metadata_version, self.metadata):
            wrong.append(f"the operator reports metadata level {kafka.metadata_version or 'nothing'}")
        return judge(
            wrong, f"{len(nodes.pods)} pods on Kafka {self.version}, metadata {self.metadata}", most=1
        )


def _same_level(one: str, other: str) -> bool:
    return bool(one) and full_metadata(one) == full_metadata(other)


@dataclass(frozen=True, slots=True)
class MetadataIs:
    """The brokers say that this metadata level is finalized."""

    level: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.FEATURES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        features = world.features.known
        if features is None:
            return unknown(world.features)
        if features.metadata != metadata_level(self.level):
            return no(f"the brokers have finalized metadata level {features.name}, not {self.level}")
        return yes(f"the brokers have finalized metadata level {self.level}")


@dataclass(frozen=True, slots=True)
class OperatorRefuses:
    """The operator has seen the present generation and refuses it: what was asked will not happen."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        kafka = nodes.kafka
        if kafka.observed_generation < kafka.generation:
            return no("the operator has not seen it yet")
        for each in kafka.conditions:
            if each.type == "NotReady" and each.reason in FINAL:
                return yes(f"the operator refuses: {each.reason}: {each.message}")
            if each.reason == "MetadataUpdateFailed":
                return yes(f"the metadata level could not be changed: {each.message}")
        return no("the operator does not refuse")


@dataclass(frozen=True, slots=True)
class OperatorIs:
    """The operator's Deployment runs this version and no other."""

    version: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.INSTALLATION})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        operator = nodes.operator
        if operator is None:
            return no("there is no operator")
        if operator.version != self.version:
            return no(f"the Deployment has operator {operator.version}")
        if not operator.ready or not operator.settled:
            return no(f"operator {self.version} is being rolled out{_word(world)}")
        return yes(f"operator {self.version} runs, and no other")


def _word(world: World) -> str:
    """Return what the operator's log says last: what it does, or why it does not go on."""
    seen = world.installation.known
    return f"; its log: {seen.said[-1]}" if seen is not None and seen.said else ""


@dataclass(frozen=True, slots=True)
class ClustersBroughtUp:
    """An operator of this version has brought every one of these clusters up to date.

    Attributes
    ----------
    clusters
        Namespace and name of each.
    """

    operator: str
    clusters: tuple[str, ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.INSTALLATION})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = world.installation.known
        if seen is None:
            return unknown(world.installation)
        wrong = []
        for name in self.clusters:
            cluster = seen.cluster(name)
            if cluster is None:
                wrong.append(f"{name} is not seen")
            elif behind := cluster.behind(self.operator):
                old = [pod for pod in cluster.pods if not (pod.current and pod.ready)]
                done = len(cluster.pods) - len(old)
                wrong.append(f"{name}: {done} of {len(cluster.pods)} pods done; {behind[0]}")
        said = f"operator {self.operator} has brought up {', '.join(self.clusters)}"
        found = judge(wrong, said, most=2)
        return no(f"{found.because}{_word(world)}") if wrong else found


@dataclass(frozen=True, slots=True)
class ClustersRefused:
    """The operator refuses one of these clusters at its present generation."""

    clusters: tuple[str, ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.INSTALLATION})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = world.installation.known
        if seen is None:
            return unknown(world.installation)
        for cluster in seen.clusters:
            for each in cluster.kafka.conditions:
                current = cluster.kafka.observed_generation >= cluster.kafka.generation
                final = each.type == "NotReady" and each.reason in FINAL
                if cluster.name in self.clusters and current and final:
                    return yes(f"the operator refuses {cluster.name}: {each.reason}: {each.message}")
        return no("the operator refuses no cluster")
