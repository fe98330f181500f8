"""What is seen of a Kafka cluster over its own protocol, as plain values.

The World, the conditions and the plans speak of brokers, partitions, quorum and lag; none of them may know a
client library. So these values live here, free of any import that reaches outside, and ``clients.kafka``
fills them.

Times are milliseconds since the epoch (UTC) as the broker reports them; ages are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prompt_kafka.core.quorum import ControllerAnswer, Quorum, Voter, quorum_of
from prompt_kafka.core.versions import metadata_name

__all__ = [
    "INTERNAL_TOPICS",
    "Broker",
    "Cluster",
    "ControllerAnswer",
    "Features",
    "Group",
    "GroupLag",
    "Member",
    "Offsets",
    "Partition",
    "Quorum",
    "TopicState",
    "Voter",
    "quorum_of",
]

INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker as the cluster knows it.

    Parameters
    ----------
    id
        Node id.
    host, port
        Address of the listener over which the question was asked.
    rack
        Rack, where the broker has one.
    fenced
        Registered, but not serving (starting, shutting down, or cut off from the controllers).
    """

    id: int
    host: str
    port: int
    rack: str | None = None
    fenced: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """Answer to *describe cluster*.

    Parameters
    ----------
    id
        Cluster id (22 characters of URL-safe base64).
    controller_id
        Over a broker: any broker that forwards to the controllers. Over a controller: the quorum's leader.
        ``None`` when not known.
    nodes
        Brokers (fenced ones too) or, when a controller was asked for controllers, the controllers.
    operations
        What the asking user may do to the cluster (``"describe"``, ``"alter"``, …); empty if not told.
    silent
        Brokers that were asked by themselves and did not answer: node id, and what happened.
    """

    id: str
    controller_id: int | None
    nodes: tuple[Broker, ...]
    operations: frozenset[str] = frozenset()
    silent: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """What the brokers have finalized: the level of ``metadata.version``, 0 where there is none."""

    metadata: int

    @property
    def name(self) -> str:
        """The metadata version of that level."""
        return metadata_name(self.metadata) if self.metadata else "none"


@dataclass(frozen=True, slots=True)
class Partition:
    """State of one partition.

    Parameters
    ----------
    leader
        Node id, ``None`` when the partition has no leader (it is offline).
    replicas, in_sync, offline
        Node ids; ``offline`` are the replicas whose broker or log folder is not there.
    """

    topic: str
    index: int
    leader: int | None
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    offline: tuple[int, ...] = ()
    leader_epoch: int = -1

    @property
    def without_leader(self) -> bool:
        """No leader: nothing can be read or written."""
        return self.leader is None

    @property
    def under_replicated(self) -> bool:
        """Fewer replicas in sync than assigned."""
        return len(self.in_sync) < len(self.replicas)

    def __str__(self) -> str:
        return f"{self.topic}-{self.index}"


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic, its partitions and its settings.

    Parameters
    ----------
    topic_id
        UUID of the topic: another one after the topic was deleted and created again.
    settings
        Effective values by name; empty when the user may not read them.
    overrides
        Names in ``settings`` that are set on the topic itself.
    operations
        What the asking user may do to the topic; empty if not told.
    """

    name: str
    topic_id: str
    partitions: tuple[Partition, ...]
    internal: bool = False
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    overrides: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()

    @property
    def replication_factor(self) -> int:
        """Replicas of the partition with the fewest."""
        return min((len(partition.replicas) for partition in self.partitions), default=0)

    @property
    def min_in_sync(self) -> int | None:
        """``min.insync.replicas``, ``None`` when it could not be read."""
        value = self.settings.get("min.insync.replicas")
        return int(value) if value is not None else None

    @property
    def without_leader(self) -> tuple[Partition, ...]:
        """Partitions that nobody leads."""
        return tuple(partition for partition in self.partitions if partition.without_leader)

    @property
    def under_replicated(self) -> tuple[Partition, ...]:
        """Partitions with a replica out of sync."""
        return tuple(partition for partition in self.partitions if partition.under_replicated)

    @property
    def under_min_in_sync(self) -> tuple[Partition, ...]:
        """Partitions that refuse writes with ``acks=all``; none where the setting could not be read."""
        wanted = self.min_in_sync
        if wanted is None:
            return ()
        return tuple(partition for partition in self.partitions if len(partition.in_sync) < wanted)

    def at_min_in_sync_without(self, broker: int) -> tuple[Partition, ...]:
        """Return the partitions that would refuse ``acks=all`` writes if `broker` stopped now."""
        wanted = self.min_in_sync
        if wanted is None:
            return ()
        return tuple(
            partition
            for partition in self.partitions
            if broker in partition.replicas and len(set(partition.in_sync) - {broker}) < wanted
        )


@dataclass(frozen=True, slots=True)
class Offsets:
    """First and next offset of a partition, and the last stable one: committed reads stop there."""

    topic: str
    partition: int
    start: int
    end: int
    stable: int


@dataclass(frozen=True, slots=True)
class GroupLag:
    """How far a group is behind on one partition.

    Parameters
    ----------
    committed
        Next offset that the group will read; ``None`` when it never committed (or the commit expired).
    start, end
        First offset, and the offset after the last one that the group may read.
    age_s
        Age of the first record that it has not read, in seconds; 0 when there is none, ``None`` when unknown.
    expired
        The records that it should read next were deleted by retention before it read them.
    unknown
        Why `start`, `end` or `age_s` could not be seen, where they could not.
    """

    topic: str
    partition: int
    committed: int | None
    start: int
    end: int
    age_s: float | None = None
    expired: bool = False
    unknown: str = ""

    @property
    def records(self) -> int:
        """Offsets between the group and the end, markers included; 0 when no record waits (``age_s`` 0)."""
        if self.age_s == 0:
            return 0
        position = self.start if self.committed is None else max(self.committed, self.start)
        return max(0, self.end - position)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group and the partitions that it reads, as ``topic-partition``."""

    id: str
    client_id: str
    host: str
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group.

    Parameters
    ----------
    state
        ``Stable``, ``Empty``, ``PreparingRebalance``, ``CompletingRebalance``, ``Dead`` …
    protocol
        ``classic``, ``consumer``, ``share`` or ``streams``.
    unknown
        Why members or offsets could not be seen, where they could not.
    """

    id: str
    state: str
    protocol: str = "consumer"
    members: tuple[Member, ...] = ()
    lags: tuple[GroupLag, ...] = ()
    unknown: str = ""

    @property
    def lag_records(self) -> int:
        """Records not yet read, over all partitions."""
        return sum(lag.records for lag in self.lags)

    @property
    def without_commits(self) -> bool:
        """It reads partitions and has committed nothing in any of them."""
        return bool(self.lags) and all(lag.committed is None for lag in self.lags)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Why something of it is unknown, each reason once."""
        reasons = {lag.unknown for lag in self.lags if lag.unknown}
        return tuple(sorted(reasons | ({self.unknown} if self.unknown else set())))

    @property
    def lag_s(self) -> float | None:
        """Age in seconds of the oldest record not yet read; ``None`` when unknown for any partition."""
        if self.unknown and not self.lags:
            return None
        ages = [lag.age_s for lag in self.lags]
        known = [age for age in ages if age is not None]
        return max(known, default=0.0) if len(known) == len(ages) else None
