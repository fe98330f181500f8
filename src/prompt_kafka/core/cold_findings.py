"""What is wrong with a service that was without power, from the ground up: in the order of mending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from prompt_kafka.core import cold
from prompt_kafka.core.cold import clock
from prompt_kafka.core.finished import QUORUM_CAUGHT_UP_S
from prompt_kafka.core.losses import losses
from prompt_kafka.core.objects import Nodes, Pod
from prompt_kafka.core.quorum import Quorum, quorum_of
from prompt_kafka.core.world import World


class Kind(StrEnum):
    """What can be wrong, from the ground up: the order in which it is mended."""

    HOST_DOWN = "machine down"
    CLAIM_UNBOUND = "volume not bound"
    OPERATOR_DOWN = "operator down"
    PAUSED = "reconciliation paused"
    PODS_MISSING = "pods missing"
    POD_DOWN = "pod down"
    OTHER_CLUSTER = "disk of another cluster"
    NAMES = "names do not resolve"
    MAJORITY_BLANK = "majority of controllers blank"
    BLANK = "blank disk"
    WEDGED = "quorum wedged"
    NO_LEADER = "no leader yet"
    CONTROLLER_STUCK = "controller stuck"
    CONTROLLER_BEHIND = "controller behind"
    RECOVERING = "log recovery"
    STUCK = "broker stuck"
    NOT_IN = "broker not in"
    LOST = "records lost"
    OFFLINE = "partitions offline"
    UNDER_REPLICATED = "replicas catching up"
    WORKLOAD = "deployment not ready"
    SHUT_DOWN = "shut down on purpose"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes
    ----------
    names
        Of the pods, machines, claims that it is about.
    what
        What is wrong and why, one sentence.
    """

    kind: Kind
    names: tuple[str, ...]
    what: str


def findings(world: World) -> tuple[Finding, ...]:
    """Return what is wrong, in the order in which it has to be mended."""
    nodes = world.nodes.known
    found = [*_ground(world)]
    if nodes is not None:
        found += [*_operator(world, nodes), *_pods(world, nodes), *_disks(world, nodes)]
        found += [*_quorum(world, nodes), *_brokers(world, nodes)]
    return (*found, *_data(world), *_around(world))


def _ground(world: World) -> Iterator[Finding]:
    for host in world.hosts.known or ():
        if not host.ready:
            why = f": {host.reason}" if host.reason else ""
            yield Finding(Kind.HOST_DOWN, (host.name,), f"machine {host.name} is down{why}")
    for claim in world.claims.known or ():
        if claim.phase != "Bound" or claim.deleting:
            state = "is being deleted" if claim.deleting else f"is {claim.phase or 'not bound'}"
            yield Finding(Kind.CLAIM_UNBOUND, (claim.name,), f"volume claim {claim.name} {state}")


def _operator(world: World, nodes: Nodes) -> Iterator[Finding]:
    record = world.shutdown.known
    if record is not None and record.waits:
        when = f"{record.at:%Y-%m-%d %H:%M}Z"
        yield Finding(Kind.SHUT_DOWN, (), f"it was shut down on purpose at {when}; a record is there")
    if nodes.operator is not None and not nodes.operator.ready:
        scaled = "scaled to 0" if nodes.operator.replicas == 0 else "not Ready"
        yield Finding(Kind.OPERATOR_DOWN, (), f"the cluster operator is {scaled}: no pod is made anew")
    if nodes.kafka.paused:
        yield Finding(Kind.PAUSED, (), "reconciliation is paused: the operator changes nothing")


def _pods(world: World, nodes: Nodes) -> Iterator[Finding]:
    gone = cold.missing(nodes)
    if gone:
        yield Finding(Kind.PODS_MISSING, gone, f"{_some(gone)} {_are(gone)} missing")
    for pod in cold.down(nodes):
        why = f": {pod.waiting or pod.why_not_ready}" if pod.waiting or pod.why_not_ready else ""
        yield Finding(Kind.POD_DOWN, (pod.name,), f"{pod.name} does not run{clock(pod.ended)}{why}")
    for log in world.logs.known or ():
        if log.other_cluster:
            yield Finding(
                Kind.OTHER_CLUSTER,
                (log.pod,),
                f"the disk of {log.pod} belongs to cluster {log.other_cluster}, "
                f"this is {world.target.cluster_id}",
            )
    lost = {name: log.pod for log in world.logs.known or () for name in log.unresolved}
    if lost:
        by = sorted(set(lost.values()))
        names = sorted(lost)
        yield Finding(
            Kind.NAMES, tuple(names), f"{_some(tuple(by))} cannot resolve {_some(tuple(names))}: DNS is late"
        )


def _disks(world: World, nodes: Nodes) -> Iterator[Finding]:
    empty = cold.blank_controllers(world)
    if cold.majority_blank(world):
        names = tuple(pod.name for pod in empty)
        yield Finding(
            Kind.MAJORITY_BLANK,
            names,
            f"{_some(names)} began with empty disks: a majority may elect itself and forget all metadata",
        )
    else:
        for pod in empty:
            what = f"{pod.name} began with an empty disk: it fetches the metadata from the leader again"
            yield Finding(Kind.BLANK, (pod.name,), what)
    for pod in cold.blank(world):
        if pod.is_broker and not pod.is_controller and _behind(world, pod):
            what = f"{pod.name} began with an empty disk: it fetches its replicas again"
            yield Finding(Kind.BLANK, (pod.name,), what)


def _behind(world: World, pod: Pod) -> bool:
    topics = world.topics.known
    if topics is None:
        return True
    partitions = (partition for topic in topics for partition in topic.partitions)
    return any(pod.node_id in set(p.replicas) - set(p.in_sync) for p in partitions)


def _quorum(world: World, nodes: Nodes) -> Iterator[Finding]:
    quorum = quorum_of(world.quorum.known or ())
    if quorum is not None:
        yield from _voters(world, quorum)
        return
    ill = cold.wedged(world)
    if ill and any(log.unresolved for log in world.logs.known or ()):
        yield Finding(
            Kind.NO_LEADER, (), "no controller leads the quorum, and none will while names are missing"
        )
    elif ill:
        ready = sum(pod.ready for pod in ill)
        yield Finding(
            Kind.WEDGED,
            tuple(pod.name for pod in ill),
            f"the quorum is wedged: {ready} of {len(ill)} controllers are Ready and none leads; "
            "waiting does not mend it",
        )
    elif any(pod.running_since for pod in nodes.controllers):
        yield Finding(Kind.NO_LEADER, (), "no controller leads the quorum yet")


def _voters(world: World, quorum: Quorum) -> Iterator[Finding]:
    ill = cold.stuck_controllers(world)
    for pod in ill:
        yield Finding(
            Kind.CONTROLLER_STUCK,
            (pod.name,),
            f"{pod.name} runs{clock(pod.running_since)} and neither answers nor follows the leader",
        )
    fetching = {pod.name for pod in cold.blank_controllers(world)}
    nodes = world.nodes.known
    for node_id in quorum.behind(within_s=QUORUM_CAUGHT_UP_S):
        found = nodes.node(node_id) if nodes else None
        name = found.name if found else f"controller {node_id}"
        if name not in fetching and found not in ill:
            lag = quorum.lag(node_id)
            what = f"{name} is {lag if lag is not None else '?'} records behind the leader"
            yield Finding(Kind.CONTROLLER_BEHIND, (name,), what)


def _brokers(world: World, nodes: Nodes) -> Iterator[Finding]:
    busy, ill = cold.recovering(world), cold.stuck_brokers(world)
    for pod in busy:
        yield Finding(Kind.RECOVERING, (pod.name,), cold.recovery_of(world, pod))
    for pod in ill:
        yield Finding(
            Kind.STUCK, (pod.name,), f"{pod.name} runs{clock(pod.running_since)} and does not come in"
        )
    cluster = world.cluster.known
    for pod in nodes.brokers:
        if pod in busy or pod in ill or pod.running_since is None or (cold.serves(world, pod) or not cluster):
            continue
        yield Finding(Kind.NOT_IN, (pod.name,), f"{pod.name} starts{clock(pod.running_since)}")


def _data(world: World) -> Iterator[Finding]:
    for loss in losses(world):
        yield Finding(Kind.LOST, (loss.partition,), f"acknowledged and gone: {loss}")
    topics = world.topics.known or ()
    offline = tuple(str(p) for topic in topics for p in topic.without_leader)
    behind = tuple(str(p) for topic in topics for p in topic.under_replicated)
    if offline:
        yield Finding(Kind.OFFLINE, offline, f"{len(offline)} partitions have no leader: {_some(offline)}")
    if behind:
        what = f"{len(behind)} partitions have replicas that are not in sync: {_some(behind)}"
        yield Finding(Kind.UNDER_REPLICATED, behind, what)


def _around(world: World) -> Iterator[Finding]:
    for each in world.workloads.known or ():
        if each.ready < each.wanted:
            why = f": {each.waiting}" if each.waiting else ""
            what = f"deployment {each.name} has {each.ready} of {each.wanted} pods Ready{why}"
            yield Finding(Kind.WORKLOAD, (each.name,), what)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def lines(found: tuple[Finding, ...], most: int = 3) -> tuple[str, ...]:
    """Return the findings as lines for people; many of a kind make one line."""
    told = []
    for kind in Kind:
        of_kind = [finding for finding in found if finding.kind is kind]
        if len(of_kind) <= most:
            told += [finding.what for finding in of_kind]
        else:
            names = tuple(name for finding in of_kind for name in finding.names)
            told.append(f"{len(of_kind)} × {kind}: {_some(names)}; the first: {of_kind[0].what}")
    return tuple(told)
