"""When a pod may be rolled: order, availability and stuck pods, as pure functions.

Everything that the roller decides from what it sees is here; :mod:`.roller` only looks and acts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from prompt_kafka.core.quorum import Quorum
from prompt_kafka.lab.strimzi.kafka.nodes import Replicas
from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.cluster import Node
from prompt_kafka.lab.strimzi.model.pods import CONTAINER, RESOURCE_REVISION, REVISION
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.roller.reasons import Reason, Reasons

Object = dict[str, Any]

log = logging.getLogger(__name__)

DEFAULT_FETCH_TIMEOUT_MS = 2000
NOT_STARTING = ("CrashLoopBackOff", "ImagePullBackOff", "ContainerCreating", "InvalidImageName")
BROKER_STATE = "lab.prompt-kafka/BrokerState"


def order(nodes: Sequence[Node], ready: Iterable[str]) -> tuple[list[Node], list[Node]]:
    """Return the controllers and the brokers in the order in which they are considered.

    Those that are not ready come first, the last listed one first of all. A node with both roles counts as a
    controller.

    Parameters
    ----------
    ready
        Names of the pods that are ready.
    """
    there = set(ready)
    controllers: list[Node] = []
    brokers: list[Node] = []
    for node in nodes:
        group = controllers if node.controller else brokers
        group.insert(len(group) if node.pod in there else 0, node)
    return controllers, brokers


def can_roll_controller(
    node_id: int, quorum: Quorum, fetch_timeout_ms: int = DEFAULT_FETCH_TIMEOUT_MS
) -> bool:
    """Return whether the quorum stays healthy without a controller.

    Parameters
    ----------
    fetch_timeout_ms
        ``controller.quorum.fetch.timeout.ms``: how far behind the leader a controller still counts.
    """
    if quorum.leader_id < 0:
        return False
    seen = {voter.node_id: voter.last_caught_up_ms for voter in quorum.voters}
    if len(seen) == 1:
        return True
    leader = seen.get(quorum.leader_id)
    if leader is None:
        return False
    healthy = sum(
        1
        for voter, caught_up in seen.items()
        if voter != node_id
        and caught_up is not None
        and (voter == quorum.leader_id or leader - caught_up < fetch_timeout_ms)
    )
    return healthy == 1 if len(seen) == 2 else healthy >= (len(seen) + 2) // 2


def blocking(node_id: int, partitions: Iterable[Replicas]) -> list[str]:
    """Return why a broker may not go away: one line for each partition that forbids it.

    A partition with no more replicas than it must have in sync never forbids anything.
    """
    lines = []
    for one in partitions:
        if one.min_in_sync < 0 or len(one.replicas) <= one.min_in_sync:
            continue
        described = (
            f"{one.topic}/{one.index} {{}} (ISR={_ids(one.in_sync)}, replicas={_ids(one.replicas)}, "
            f"min.insync.replicas={one.min_in_sync})"
        )
        if len(one.in_sync) < one.min_in_sync and node_id in one.replicas:
            lines.append(described.format("is already under-replicated"))
        elif len(one.in_sync) == one.min_in_sync and node_id in one.in_sync:
            lines.append(described.format("will be under-replicated"))
    return lines


def _ids(nodes: Iterable[int]) -> str:
    return "[" + ",".join(str(node) for node in nodes) + "]"


def can_roll_broker(node_id: int, partitions: Iterable[Replicas]) -> bool:
    """Return whether every partition stays available without a broker."""
    reasons = blocking(node_id, partitions)
    for reason in reasons:
        log.info("broker %d is not rolled: %s", node_id, reason)
    return not reasons


def is_ready(pod: Object | None) -> bool:
    """Return whether a pod's condition Ready is true."""
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def is_stuck(pod: Object) -> bool:
    """Return whether a pod does not start for a reason that waiting does not mend."""
    status = pod.get("status") or {}
    for one in status.get("conditions") or ():
        if (one["type"], one.get("reason"), one["status"]) == ("PodScheduled", "Unschedulable", "False"):
            return bool(status.get("phase") == "Pending")
    for container in status.get("containerStatuses") or ():
        if container["name"] == CONTAINER:
            waiting = (container.get("state") or {}).get("waiting") or {}
            return waiting.get("reason") in NOT_STARTING
    return False


def is_recovering(pod: Object) -> bool:
    """Return whether the broker says that it is recovering its logs; then it is never forced."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == BROKER_STATE and one.get("reason") == "Recovery" for one in conditions)


def current_roles(pod: Object, node: Node) -> tuple[bool, bool]:
    """Return whether a pod is a controller and a broker now, whatever it is to become."""
    own = pod["metadata"].get("labels") or {}

    def role(label: str, wanted: bool) -> bool:
        return str(own[label]).lower() == "true" if label in own else wanted

    return role(labels.CONTROLLER_ROLE, node.controller), role(labels.BROKER_ROLE, node.broker)


def restart_reasons(
    pod: Object, wanted: Object | None, authorities: Iterable[tuple[Ca, str]], cert_hash: str
) -> Reasons:
    """Return why a pod is out of date.

    Parameters
    ----------
    wanted
        Its manifest in the pod set.
    authorities
        The CAs, each with the annotation that holds the generation which the pod trusts.
    cert_hash
        Thumbprint of the node's certificate.
    """
    reasons = Reasons()
    has = pod["metadata"].get("annotations") or {}
    wants = ((wanted or {}).get("metadata") or {}).get("annotations") or {}
    if has.get(REVISION) != wants.get(REVISION):
        reasons.note(Reason.POD_HAS_OLD_REVISION)
    if RESOURCE_REVISION in wants and has.get(RESOURCE_REVISION) != wants[RESOURCE_REVISION]:
        reasons.note(Reason.POD_HAS_OLD_RESOURCE_REVISION)
    for authority, annotation in authorities:
        if annotation in has and has[annotation] != str(authority.cert_generation):
            reasons.note(
                Reason.CA_CERT_HAS_OLD_GENERATION, f"Pod has old {authority.label} certificate generation"
            )
    if "strimzi.io/server-cert-hash" in has and has["strimzi.io/server-cert-hash"] != cert_hash:
        reasons.note(Reason.KAFKA_CERTIFICATES_CHANGED)
    return reasons


GENERATIONS = ("strimzi.io/cluster-ca-cert-generation", "strimzi.io/clients-ca-cert-generation")

__all__ = [
    "GENERATIONS",
    "blocking",
    "can_roll_broker",
    "can_roll_controller",
    "current_roles",
    "is_ready",
    "is_recovering",
    "is_stuck",
    "order",
    "restart_reasons",
]
