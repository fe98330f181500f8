"""What a World says, in the form in which a diagnosis asks for it; nothing is judged here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.objects import BROKER, Nodes, Pod
from prompt_kafka.core.quorum import Quorum, quorum_of
from prompt_kafka.core.world import World

BEHIND_S = 2.0
"""A voter that was not caught up within this is behind: ``controller.quorum.fetch.timeout.ms``."""

REFUSED = ("refused", "reset by peer", "not Running", "is not running", "NodeNotReady", "ECONNREFUSED")
"""Words of a connection that somebody refused: no process listens there. Anything else is silence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts.

    Attributes
    ----------
    down
        Names of the machines that are down.
    silent
        By pod name: why it did not answer when it was asked by itself.
    fenced, registered
        Node ids; `registered` is None where the brokers could not be asked.
    out_of_sync
        By node id, on how many partitions its replica is out of sync.
    behind
        Node ids of voters that are behind the leader.
    """

    world: World
    nodes: Nodes
    quorum: Quorum | None
    down: frozenset[str]
    silent: Mapping[str, str]
    fenced: frozenset[int]
    registered: frozenset[int] | None
    out_of_sync: Counter[int]
    behind: frozenset[int]

    @property
    def now(self) -> datetime:
        """When it was looked."""
        return self.world.at

    @property
    def leaderless(self) -> bool:
        """No controller leads, and that is known: at least one said so, or none is alive to."""
        return self.world.quorum.known is not None and self.quorum is None

    @property
    def operator_acts(self) -> bool:
        """The cluster operator runs and is not told to keep its hands off."""
        operator = self.nodes.operator
        return (operator is None or operator.ready) and not self.nodes.kafka.paused

    def on_down_host(self, pod: Pod) -> bool:
        """Return whether a pod is on a machine that is down."""
        return pod.host in self.down

    def mute(self, pod: Pod) -> bool:
        """Return whether a pod takes connections and says nothing, as a frozen process does."""
        why = self.silent.get(pod.name, "")
        return bool(why) and not any(word in why for word in REFUSED)

    def refuses(self, pod: Pod) -> bool:
        """Return whether nothing listens where a pod should."""
        why = self.silent.get(pod.name, "")
        return bool(why) and any(word in why for word in REFUSED)

    def runs_for(self, pod: Pod) -> float:
        """Return for how many seconds a pod's process runs; 0 when none does, or when that is not known."""
        return (self.now - pod.running_since).total_seconds() if pod.running_since else 0.0

    def command(self, words: str) -> str:
        """Return a command line of ours for this environment."""
        return f"prompt-kafka {words} -e {self.world.target.environment}"

    def kubectl(self, words: str, namespace: str | None = None) -> str:
        """Return a kubectl line, in the cluster's namespace unless told otherwise."""
        space = self.nodes.kafka.namespace if namespace is None else namespace
        place = f" -n {space}" if space else ""
        return f"kubectl --context {self.world.target.context}{place} {words}"

    @property
    def watch(self) -> str:
        """The command for what ends by itself."""
        return self.command("status -w")


def evidence_of(world: World, nodes: Nodes) -> Evidence:
    """Return the evidence in a World whose Kubernetes objects were seen."""
    out_of_sync: Counter[int] = Counter()
    for topic in world.topics.known or ():
        for partition in topic.partitions:
            out_of_sync.update(set(partition.replicas) - set(partition.in_sync))
    cluster = world.cluster.known
    quorum = quorum_of(world.quorum.known or ())
    by_ip = {pod.ip: pod for pod in nodes.controllers if pod.ip}
    silent: dict[str, str] = {}
    for answer in world.quorum.known or ():
        pod = by_ip.get(answer.address.rpartition(":")[0])
        if answer.unreachable and pod is not None:
            silent[pod.name] = answer.unreachable
    for node_id, why in cluster.silent if cluster else ():
        pod = nodes.node(node_id)
        if pod is not None:
            silent[pod.name] = why
    return Evidence(
        world=world,
        nodes=nodes,
        quorum=quorum,
        down=frozenset(host.name for host in world.hosts.known or () if not host.ready),
        silent=silent,
        fenced=frozenset(b.id for b in cluster.nodes if b.fenced) if cluster else frozenset(),
        registered=frozenset(b.id for b in cluster.nodes) if cluster else None,
        out_of_sync=out_of_sync,
        behind=frozenset(quorum.behind(within_s=BEHIND_S)) if quorum else frozenset(),
    )


@dataclass(slots=True)
class Found:
    """What has been found so far, layer by layer: the causes, and what they explain.

    Attributes
    ----------
    pods
        Names of the pods about which all is said.
    clauses
        Names of the clauses of "really finished" that need no word of their own.
    cut
        Why nothing about the data can be expected to be well; empty when it can.
    """

    causes: list[Cause] = field(default_factory=list)
    pods: set[str] = field(default_factory=set)
    clauses: set[str] = field(default_factory=set)
    cut: str = ""

    def add(self, cause: Cause, *, pods: tuple[str, ...] = (), clauses: tuple[str, ...] = ()) -> None:
        """Note a cause and what it explains."""
        self.causes.append(cause)
        self.pods.update(pods)
        self.clauses.update(clauses)

    def has(self, *kinds: Kind) -> bool:
        """Return whether a cause of one of these kinds was found."""
        return any(cause.kind in kinds for cause in self.causes)

    def brokers(self, nodes: Nodes) -> frozenset[int]:
        """Return the node ids of the brokers about which all is said."""
        missing = {name for pod_set in nodes.pod_sets for name, _, _ in pod_set.pods} & self.pods
        gone = {int(name.rpartition("-")[2]) for name in missing if nodes.pod(name) is None}
        ids = {pod.node_id for pod in nodes.brokers if pod.name in self.pods}
        return frozenset(ids | (gone & nodes.wanted_ids(BROKER)))
