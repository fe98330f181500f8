"""Whether a service is serving at all. Guards that protect a serving service do not stop its recovery."""

from __future__ import annotations

from prompt_kafka.core.objects import BROKER, CONTROLLER, Nodes, Pod
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.world import World


def not_serving(world: World) -> str:
    """Return why the service does not serve; empty when it serves or when that cannot be told.

    A service does not serve when its controllers answer and none leads; when nobody answers and the pods are
    down, by what Kubernetes says of them; or when a partition has no leader.
    """
    answers = world.quorum.known
    answering = [a for a in answers or () if not a.unreachable]
    if answering and quorum_of(answering) is None:
        return "no controller leads the quorum"
    nodes = world.nodes.known
    if nodes is not None:
        if not answering and (up := _too_few(nodes, nodes.controllers, CONTROLLER)):
            return f"no controller answers, {up}"
        if world.cluster.known is None and (up := _too_few(nodes, nodes.brokers, BROKER)):
            return f"no broker answers, {up}"
    topics = world.topics.known
    offline = [str(p) for topic in topics or () for p in topic.without_leader]
    if offline:
        return f"{len(offline)} partitions have no leader: {', '.join(offline[:3])}"
    return ""


def _too_few(nodes: Nodes, pods: tuple[Pod, ...], role: str) -> str:
    """Return that the pods of a role cannot serve: no majority of controllers, no broker at all is Ready."""
    wanted = len(nodes.wanted_ids(role)) or len(pods)
    ready = sum(pod.ready and not pod.deleting for pod in pods)
    enough = wanted // 2 + 1 if role == CONTROLLER else 1
    if not wanted or ready >= enough:
        return ""
    return f"{ready} of {wanted} {role} pods are Ready"
