"""What surrounds the Kafka nodes and outlives them, as values: volumes, logs, what a shutdown wrote down.

After a power loss this is all that is left to look at, so a cold start is diagnosed from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

Placed = tuple[str, int]
"""A partition as ``topic-index``, and an offset."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a node's volume.

    Attributes
    ----------
    pod
        The pod that uses it, by name.
    phase
        ``Bound``, ``Pending``, ``Lost``.
    volume, reclaim
        What it is bound to, and what becomes of that when the claim goes; empty where it cannot be read.
    delete_claim
        The operator deletes it with the cluster (``deleteClaim: true``).
    """

    name: str
    pod: str
    phase: str
    volume: str = ""
    reclaim: str = ""
    delete_claim: bool = False
    deleting: bool = False
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class NodeLog:
    """What the log of a node says of its present start.

    Attributes
    ----------
    formatted
        Its disk was empty: the start script formatted it. None where the log does not reach back so far.
    other_cluster
        The cluster id on its disk, where it refused to start for that.
    unresolved
        Names that it could not resolve in the last lines that it wrote.
    loaded, to_load
        How many partitions' logs it has loaded, of how many.
    on_disk
        The end of each partition's log as it was found on its disk.
    watermarks
        The high watermark of each partition that it had written down last: what was acknowledged then.
    cut_back
        Where its log of a partition was cut back to, to agree with the leader.
    metadata_on_disk, metadata_caught_up
        The end of its metadata log as it was found on its disk, and up to where it had caught up with the
        leader the first time; 0 where that was not told.
    unclean
        It was not shut down cleanly before. None where that was not seen.
    """

    pod: str
    formatted: bool | None = None
    other_cluster: str = ""
    unresolved: tuple[str, ...] = ()
    loaded: int = 0
    to_load: int = 0
    on_disk: tuple[Placed, ...] = ()
    watermarks: tuple[Placed, ...] = ()
    cut_back: tuple[Placed, ...] = ()
    metadata_on_disk: int = 0
    metadata_caught_up: int = 0
    unclean: bool | None = None

    @property
    def loading(self) -> bool:
        """It has not loaded all its logs yet."""
        return self.loaded < self.to_load


@dataclass(frozen=True, slots=True)
class ShutdownRecord:
    """What a graceful shutdown wrote down, because a pause wipes the status and nobody remembers offsets.

    Attributes
    ----------
    uid
        Of the ConfigMap that holds it.
    run
        The run that made it.
    compared
        By which run it was compared already; empty when it still waits for the start.
    pods
        Name and Kafka version of each pod.
    workloads
        Name and replicas of each Deployment that was scaled down.
    topics
        Name, id and number of partitions.
    ends, epochs
        End offset and leader epoch of each partition.
    """

    at: datetime
    cluster_id: str
    kafka_version: str
    metadata_version: str
    operator_version: str
    pods: tuple[tuple[str, str], ...] = ()
    workloads: tuple[tuple[str, int], ...] = ()
    topics: tuple[tuple[str, str, int], ...] = ()
    ends: tuple[Placed, ...] = ()
    epochs: tuple[Placed, ...] = ()
    uid: str = ""
    compared: str = ""
    run: str = ""

    @property
    def waits(self) -> bool:
        """The service was shut down and has not been started by us since."""
        return not self.compared
