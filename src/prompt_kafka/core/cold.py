"""What can be told of a service that was without power: pure predicates over a World.

A pod that is Ready proves nothing here: a controller is Ready as soon as its port listens, also when the
quorum is wedged. So the quorum is what the controllers themselves say, a broker is in only when it is
registered and unfenced, and what a disk held is what the node's own log tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from prompt_kafka.core.objects import CONTROLLER, Nodes, Pod
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.surroundings import NodeLog
from prompt_kafka.core.world import World

WEDGED_S = 20.0
"""Controllers that listen for so long without a leader will not elect one: an election takes two seconds."""

STUCK_S = 60.0
"""A node that runs for so long beside a led quorum, loads no logs and does not serve, is stuck."""

FIRST_START_S = 60.0
"""A pod made within so many seconds of its pod set is the set's first one."""

METADATA_KEPT = 0.9
"""A quorum with less than this share of the metadata that was on a disk has forgotten; a tail may be cut."""

OLD_CLAIM_S = 600.0
"""A pod set that is so much younger than a volume claim is not the cluster's first one."""


def clock(at: datetime | None) -> str:
    """Return a time for people, ``since 11:08:26``; empty when there is none."""
    return f" since {at:%H:%M:%S}" if at else ""


def log_of(world: World, pod: str) -> NodeLog:
    """Return what the log of a pod says; nothing where it was not read."""
    return next((log for log in world.logs.known or () if log.pod == pod), NodeLog(pod))


def missing(nodes: Nodes) -> tuple[str, ...]:
    """Return the pods that the node pools want and that are not there, by name."""
    there = {pod.name for pod in nodes.pods if not pod.deleting}
    cluster = nodes.kafka.name
    return tuple(
        name for p in nodes.pools for i in p.node_ids if (name := f"{cluster}-{p.name}-{i}") not in there
    )


def down(nodes: Nodes) -> tuple[Pod, ...]:
    """Return the pods whose process does not run."""
    return tuple(pod for pod in nodes.pods if not pod.ready and pod.running_since is None)


def blank(world: World) -> tuple[Pod, ...]:
    """Return the pods that began with an empty disk though the service is not new.

    The start script says in the log that it formatted the disk. It does so too when a service begins its
    life; then the pod is its set's first one, and the set is not younger than its volumes.
    """
    nodes = world.nodes.known
    if nodes is None:
        return ()
    claims = [claim.created for claim in world.claims.known or () if claim.created is not None]
    oldest = min(claims, default=None)
    return tuple(
        pod
        for pod in nodes.pods
        if pod.running_since is not None
        and log_of(world, pod.name).formatted
        and not _first_start(nodes, pod, oldest)
    )


def _first_start(nodes: Nodes, pod: Pod, oldest: datetime | None) -> bool:
    made = next((s.created for s in nodes.pod_sets if s.pool == pod.pool), None)
    if pod.restarts or pod.created is None or made is None:
        return not pod.restarts
    first_of_set = pod.created - made <= timedelta(seconds=FIRST_START_S)
    first_set = oldest is None or made - oldest <= timedelta(seconds=OLD_CLAIM_S)
    return first_of_set and first_set


def metadata_known(world: World) -> int:
    """Return the most metadata that any node had on its disk when it started: so much there was."""
    return max((log.metadata_on_disk for log in world.logs.known or ()), default=0)


def blank_controllers(world: World) -> tuple[Pod, ...]:
    """Return the controllers that began with an empty disk and have not got all metadata since.

    How much there was is known from the disks of the others, the brokers among them.
    """
    enough = METADATA_KEPT * metadata_known(world)
    return tuple(
        pod
        for pod in blank(world)
        if pod.is_controller and log_of(world, pod.name).metadata_caught_up < max(enough, 1)
    )


def forgotten(world: World) -> bool:
    """Return whether the quorum is led with less metadata than a node had on its disk: it was forgotten."""
    quorum = quorum_of(world.quorum.known or ())
    if quorum is None or not blank(world):
        return False
    ends = (voter.log_end_offset for voter in quorum.voters if voter.node_id == quorum.leader_id)
    # A leader that was just elected does not know the high watermark yet.
    return max(quorum.high_watermark, *ends) < METADATA_KEPT * metadata_known(world)


def majority_blank(world: World) -> bool:
    """Return whether those that still have the metadata are no majority: an election may forget it all."""
    nodes = world.nodes.known
    if nodes is None:
        return False
    if forgotten(world):
        return True
    voters = len(nodes.wanted_ids(CONTROLLER)) or len(nodes.controllers)
    return 2 * (voters - len(blank_controllers(world))) <= voters and voters > 0


def wedged(world: World) -> tuple[Pod, ...]:
    """Return the controllers when they run, a majority of them is Ready for long, and nobody leads."""
    nodes, answers = world.nodes.known, world.quorum.known
    if nodes is None or answers is None or quorum_of(answers) is not None:
        return ()
    voters = len(nodes.wanted_ids(CONTROLLER)) or len(nodes.controllers)
    up = (pod for pod in nodes.controllers if pod.ready and not pod.deleting)
    ready = sorted(pod.ready_since or pod.running_since or world.at for pod in up)
    majority = voters // 2 + 1
    if len(ready) < majority or (world.at - ready[majority - 1]).total_seconds() < WEDGED_S:
        return ()
    return tuple(pod for pod in nodes.controllers if not pod.deleting)


def recovering(world: World) -> tuple[Pod, ...]:
    """Return the brokers that load their logs: they must not be restarted, they would begin anew."""
    nodes = world.nodes.known
    return tuple(
        pod
        for pod in (nodes.brokers if nodes else ())
        if pod.running_since is not None
        and not pod.ready
        and (pod.broker_state == "Recovery" or log_of(world, pod.name).loading)
    )


def serves(world: World, pod: Pod) -> bool:
    """Return whether a broker is in: Ready, registered, unfenced."""
    cluster = world.cluster.known
    registered = {b.id for b in cluster.nodes if not b.fenced} if cluster else set()
    return pod.ready and not pod.deleting and (pod.node_id in registered if cluster else False)


def stuck_brokers(world: World) -> tuple[Pod, ...]:
    """Return the brokers that run beside a led quorum, load no logs, and are not in for long."""
    nodes = world.nodes.known
    if nodes is None or quorum_of(world.quorum.known or ()) is None:
        return ()
    busy = {pod.name for pod in recovering(world)}
    seen = world.cluster.known is not None
    return tuple(
        pod
        for pod in nodes.brokers
        if pod.name not in busy
        and not pod.deleting
        and pod.running_since is not None
        and (world.at - pod.running_since).total_seconds() >= STUCK_S
        and (not pod.ready or (seen and not serves(world, pod)))
    )


def stuck_controllers(world: World) -> tuple[Pod, ...]:
    """Return the controllers that run beside a led quorum and neither answer nor keep up for long."""
    nodes, answers = world.nodes.known, world.quorum.known or ()
    quorum = quorum_of(answers)
    if nodes is None or quorum is None:
        return ()
    mute = {answer.address.rpartition(":")[0] for answer in answers if answer.unreachable}
    fetching = {pod.name for pod in blank_controllers(world)}
    behind = set(quorum.behind(within_s=STUCK_S))
    return tuple(
        pod
        for pod in nodes.controllers
        if (pod.ip in mute or pod.node_id in behind or not pod.ready)
        and pod.node_id != quorum.leader_id
        and pod.name not in fetching
        and not pod.deleting
        and pod.running_since is not None
        and (world.at - pod.running_since).total_seconds() >= STUCK_S
    )


def recovery_of(world: World, pod: Pod) -> str:
    """Return how far a broker is with its logs, one sentence."""
    log = log_of(world, pod.name)
    how_far = f": {log.loaded} of {log.to_load} partitions loaded" if log.to_load else ""
    return f"{pod.name} recovers its logs{clock(pod.running_since)}{how_far}; a restart would begin anew"
