"""Conditions of a cold shutdown, and what it writes down for the start: as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core.compared import differences
from prompt_kafka.core.surroundings import ShutdownRecord
from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import Look, Part, World

ACKNOWLEDGED = "ReconciliationPaused"
COMPARED = "prompt-kafka/compared"
"""Annotation of a shutdown record: it has been compared with the service that was started again."""


def name_of(cluster: str) -> str:
    """Return the name of the ConfigMap in which a cluster's shutdown is recorded."""
    return f"{cluster}-shutdown"


def record_of(world: World, workloads: tuple[tuple[str, int], ...] = (), run: str = "") -> ShutdownRecord:
    """Return what a start is to be compared with; nodes, topics and offsets must be known."""
    nodes, topics = world.nodes.known, world.topics.known or ()
    assert nodes is not None
    kafka = nodes.kafka
    return ShutdownRecord(
        at=world.at,
        cluster_id=kafka.cluster_id,
        kafka_version=kafka.version,
        metadata_version=kafka.metadata_version,
        operator_version=nodes.operator.version if nodes.operator else "",
        pods=tuple((pod.name, pod.kafka_version) for pod in nodes.pods),
        workloads=workloads,
        topics=tuple((topic.name, topic.topic_id, len(topic.partitions)) for topic in topics),
        ends=tuple((f"{each.topic}-{each.partition}", each.end) for each in world.offsets.known or ()),
        epochs=tuple((str(p), p.leader_epoch) for topic in topics for p in topic.partitions),
        run=run,
    )


@dataclass(frozen=True, slots=True)
class Paused:
    """Reconciliation is paused and the operator has said so; or, turned round, it is not paused."""

    paused: bool = True

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None:
            return unknown(world.nodes)
        kafka = world.nodes.known.kafka
        said = kafka.condition(ACKNOWLEDGED) is not None
        if not self.paused:
            return no("reconciliation is paused") if kafka.paused else yes("not paused")
        if not kafka.paused:
            return no("reconciliation is not paused")
        return yes("reconciliation paused") if said else no("the operator has not acknowledged the pause yet")


@dataclass(frozen=True, slots=True)
class PodsGone:
    """No pod of these node pools is left, and no pod set of theirs.

    Attributes
    ----------
    pools
        Names of node pools; all when there are none.
    """

    pools: tuple[str, ...] = ()

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        wrong = [
            f"{pod.name} {'is stopping' if pod.deleting else 'is there'}"
            for pod in nodes.pods
            if not self.pools or pod.pool in self.pools
        ]
        wrong += [
            f"pod set {s.name} is there" for s in nodes.pod_sets if not self.pools or s.pool in self.pools
        ]
        return judge(wrong, f"no pod of {', '.join(self.pools) or 'the cluster'} is left")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A shutdown record is there that waits for the start, made by this run.

    Attributes
    ----------
    mark
        The run that made it; put in when the run begins. A record made by hand has none.
    """

    mark: str = ""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.SHUTDOWN})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.shutdown.known is None:
            return unknown(world.shutdown) if world.shutdown.because else no("no shutdown record is there")
        record = world.shutdown.known
        if not record.waits or (self.mark and record.run not in ("", self.mark)):
            return no("the record that is there belongs to another shutdown")
        return yes(f"{len(record.ends)} partitions of {len(record.topics)} topics recorded")


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """The service is as the last shutdown wrote it down: cluster, topics, offsets not below, versions."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset(
        {Part.SHUTDOWN, Part.NODES, Part.TOPICS, Part.OFFSETS, Part.LOGS}
    )

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        for part in (world.shutdown, world.nodes, world.topics, world.offsets):
            if part.because:
                return unknown(part.because)
        record = world.shutdown.known
        if record is None:
            return no("no shutdown record is there")
        return judge(
            list(differences(world, record)),
            f"as recorded at {record.at:%Y-%m-%d %H:%M}Z: cluster {record.cluster_id}, "
            f"{len(record.topics)} topics, {len(record.ends)} end offsets not below, "
            f"Kafka {record.kafka_version}{_cleanly(world)}",
            most=10,
        )


def _cleanly(world: World) -> str:
    """Return how many brokers had been stopped cleanly, by their logs; nothing where that was not seen."""
    known = [log.unclean for log in world.logs.known or () if log.unclean is not None]
    return f", {known.count(False)} of {len(known)} brokers had been stopped cleanly" if known else ""


@dataclass(frozen=True, slots=True)
class RecordCompared:
    """The shutdown record says that it was compared."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.SHUTDOWN})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.shutdown.because:
            return unknown(world.shutdown)
        record = world.shutdown.known
        return no("the shutdown record still waits") if record and record.waits else yes("record closed")


@dataclass(frozen=True, slots=True)
class WorkloadStopped:
    """A Deployment wants no pod, and none is Ready."""

    name: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.WORKLOADS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.workloads.known is None:
            return unknown(world.workloads)
        found = next((each for each in world.workloads.known if each.name == self.name), None)
        if found is not None and (found.wanted or found.ready):
            return no(f"deployment {self.name}: {found.ready} pods Ready, {found.wanted} wanted")
        return yes(f"{self.name} scaled to 0")


OfShutdown = Paused | PodsGone | Recorded | AsRecorded | RecordCompared | WorkloadStopped
