"""Strimzi in the lab: cluster operator, pod sets, topic and user operators.

They act on the same resources as the real operators and leave the same traces (conditions, events,
annotations), and they speak only the Kubernetes API and Kafka.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import SYSTEM, Clock


class Settings(Protocol):
    """What the operators need to know of the lab (`prompt_kafka.lab.state.LabSettings`)."""

    @property
    def timer_factor(self) -> float:
        """What the operators' times are divided by."""


class Loop(Protocol):
    """Something that works until it is stopped."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Stop."""


def controllers(
    kubernetes: Kubernetes, settings: Settings, clock: Clock = SYSTEM, *, pods_folder: Path | None = None
) -> list[Loop]:
    """Return the operators' loops; start them in this order and stop them in the other.

    Parameters
    ----------
    pods_folder
        Where the kubelet keeps the files of pods: the operator's log is written there.

    Each acts only while the Deployment that stands for it has a Ready pod.
    """
    from prompt_kafka.lab.strimzi.cluster_operator import ClusterOperator
    from prompt_kafka.lab.strimzi.operator_log import OperatorLog
    from prompt_kafka.lab.strimzi.pod_sets import PodSets
    from prompt_kafka.lab.strimzi.topic_operator import TopicOperator
    from prompt_kafka.lab.strimzi.user_operator import UserOperator
    from prompt_kafka.lab.strimzi.world import World

    world = World(kubernetes, factor=settings.timer_factor, clock=clock)
    pod_sets = PodSets(world)
    logs = [OperatorLog(pods_folder, world.operators)] if pods_folder is not None else []
    return [
        *logs,
        pod_sets,
        ClusterOperator(world, pod_sets),
        TopicOperator(world),
        UserOperator(world),
        world,
    ]
