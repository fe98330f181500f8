"""Refusals that several procedures share, each by the name of its rule.

A guard raises :class:`~prompt_kafka.core.errors.RefusedError` or returns None. It reads the World and
nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.kafka import Partition, TopicState
from prompt_kafka.core.objects import Nodes, Pod
from prompt_kafka.core.world import Seen, World


def right_cluster(world: World) -> None:
    """Refuse a cluster whose id is not the pinned one (``cluster-id``)."""
    if world.target.is_another_cluster:
        raise RefusedError(
            "cluster-id",
            f"this cluster is {world.target.cluster_id}, {world.target.environment} is pinned to "
            f"{world.target.pinned_id}",
            where=f"context {world.target.context}",
            next="check the context; if the cluster was made anew, pin its id in service.yaml",
        )


def seen(world: World, *parts: tuple[str, Seen[Any]]) -> None:
    """Refuse to decide on what was not seen (``not-seen``)."""
    for name, part in parts:
        if part.known is None:
            raise RefusedError(
                "not-seen",
                f"cannot tell whether this is safe: {name} unknown, because {part.because}",
                where=f"context {world.target.context}",
                next="prompt-kafka status",
            )


def near(name: str, names: Iterable[str]) -> str:
    """Return the names that are nearest, as a question; empty where none is."""
    found = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else ""


def _name(nodes: Nodes, node_id: int) -> str:
    pod = nodes.node(node_id)
    return pod.name if pod else f"broker {node_id}"


def _out_of_sync(topics: Iterable[TopicState], pods: Iterable[Pod]) -> Iterable[tuple[Partition, Pod, int]]:
    """Yield partition, pod that is in sync on it, and another replica that is not."""
    for topic in topics:
        for partition in topic.partitions:
            out = set(partition.replicas) - set(partition.in_sync)
            for pod in pods:
                if pod.node_id in partition.in_sync:
                    for other in sorted(out - {pod.node_id}):
                        yield partition, pod, other


def replicas_in_sync_elsewhere(nodes: Nodes, topics: Iterable[TopicState], pods: Iterable[Pod]) -> None:
    """Refuse while a replica is out of sync on another broker than the pod (``replica-out-of-sync``).

    A pod that is itself out of sync takes nothing away from a partition and may be restarted: one sick
    broker is the usual reason for a restart.
    """
    for partition, pod, other in _out_of_sync(topics, pods):
        sick = _name(nodes, other)
        raise RefusedError(
            "replica-out-of-sync",
            f"{pod.name} cannot go: the replica of {partition} on {sick} is out of sync",
            where=f"partition {partition}: in sync {list(partition.in_sync)} of {list(partition.replicas)}",
            next=f"mend that broker first: prompt-kafka restart {sick}",
        )


def topics_that_no_roll_passes(topics: Iterable[TopicState], pods: Iterable[Pod]) -> None:
    """Refuse a restart that makes a topic unavailable, whatever the order (``no-roll-passes``)."""
    ids = {pod.node_id for pod in pods}
    for topic in topics:
        minimum = topic.min_in_sync
        for partition in topic.partitions:
            if minimum is not None and len(partition.replicas) <= minimum and ids & set(partition.replicas):
                raise RefusedError(
                    "no-roll-passes",
                    f"topic {topic.name} has {len(partition.replicas)} replicas and needs {minimum} in sync: "
                    "every restart of its brokers stops its writers",
                    where=f"partition {partition}",
                    next="give the topic more replicas, or a min.insync.replicas below its replicas",
                )
