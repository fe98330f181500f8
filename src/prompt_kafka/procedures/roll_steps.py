"""The step that has the operator roll all pods of one pod set, and how it is followed: by the pods.

The annotation vanishes even when the roll failed. Source: Strimzi's KafkaRoller.
"""

from __future__ import annotations

from prompt_kafka.core.actions import Annotate, AnnotateEach
from prompt_kafka.core.conditions import Condition, QuorumLed, Replaced, RollBegun, RollGivenUp
from prompt_kafka.core.objects import Nodes, Pod
from prompt_kafka.core.plan import Step

ROLLING_UPDATE = "strimzi.io/manual-rolling-update"
"""Read on a pod set (all its pods) and on a pod; not on Kafka or a node pool."""

SECONDS_PER_POD = 360.0
"""Strimzi waits up to 300 s for a pod before it goes on."""


def roll_pod_set(
    nodes: Nodes, pod_set: str, pods: list[Pod], needs: tuple[Condition, ...], *, why: str = ""
) -> Step:
    """Return the step that rolls a pod set, all of whose pods these are; `why` replaces the usual reason."""
    role = "controllers" if pods[0].is_controller else "brokers"
    usual = f"the operator rolls every pod of pod set {pod_set} and checks each before it goes"
    return Step(
        title=f"restart the {role} {pods[0].name} … {pods[-1].node_id}, one at a time",
        why=why or usual,
        action=Annotate("strimzipodset", pod_set, nodes.kafka.namespace, ROLLING_UPDATE, "true"),
        needs=needs,
        proof=pods_back(pods),
        marks=(RollBegun(baseline(pods)),),
        given_up=RollGivenUp(baseline(pods)),
        again=ask_each(nodes, pods),
        timeout_s=SECONDS_PER_POD * len(pods),
        disruptive=True,
    )


def ask_each(nodes: Nodes, pods: list[Pod]) -> AnnotateEach:
    """Return what is asked again after the operator gave up: for the pods that are still the old ones."""
    return AnnotateEach("pod", baseline(pods), nodes.kafka.namespace, ROLLING_UPDATE, "true")


def pods_back(pods: list[Pod]) -> tuple[Condition, ...]:
    """Return that pods were made anew and are ready, and that the quorum has a leader."""
    return (Replaced(baseline(pods)), QuorumLed())


def baseline(pods: list[Pod]) -> tuple[tuple[str, str], ...]:
    """Return name and uid of each."""
    return tuple((pod.name, pod.uid) for pod in pods)
