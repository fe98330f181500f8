"""*Restarting Kafka*: roll the pods through the operator, controllers first, then brokers.

The operator is asked by ``strimzi.io/manual-rolling-update``, and followed by the pods: the annotation
vanishes even when the roll failed. Where the operator cannot roll (it is down, or reconciliation is paused)
the pods are deleted one at a time, each proved before the next. Source: Strimzi's KafkaRoller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.actions import Annotate, Delete, Observe
from prompt_kafka.core.conditions import Condition, Finished, OperatorRuns, RollBegun, RollGivenUp, TargetIs
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.objects import Nodes, Pod
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.recovery import not_serving
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.core.world import INSTANT, Look, World
from prompt_kafka.procedures import guards
from prompt_kafka.procedures import proof as proofs
from prompt_kafka.procedures.roll_steps import (
    ROLLING_UPDATE,
    SECONDS_PER_POD,
    ask_each,
    baseline,
    pods_back,
    roll_pod_set,
)
from prompt_kafka.procedures.table import Means


def needs_to_see(request: RestartRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT


def plan(request: RestartRequest, world: World, means: Means) -> Plan:
    """Plan a restart.

    Parameters
    ----------
    request
        What was asked for.
    world
        What was seen; `needs_to_see` says what must be in it.
    means
        What else there is to plan with.

    Raises
    ------
    RefusedError
        By the rules ``cluster-id``, ``not-seen``, ``replica-out-of-sync``, ``no-roll-passes``,
        ``controller-behind`` and ``roll-under-way``.
    UsageError
        A pod that is not one of the cluster's.
    """
    guards.right_cluster(world)
    guards.seen(world, ("pods", world.nodes))
    nodes = world.nodes.known
    assert nodes is not None
    chosen = _chosen(request, nodes)
    recovery = not_serving(world)
    _refuse_roll_under_way(nodes, chosen)
    _guard_brokers(world, nodes, [pod for pod in chosen if pod.is_broker], recovery)
    _guard_controllers(world, [pod for pod in chosen if pod.is_controller], recovery)

    idle = _why_operator_idle(nodes)
    proof = proofs.finished(
        world, canary=means.canary, stable_s=request.stable_s, without_operator=bool(idle)
    )
    why_deletion = "asked for" if request.by_deletion else idle
    if why_deletion:
        steps = tuple(_by_deletion(world, nodes, chosen, proof))
    else:
        steps = tuple(_by_operator(world, nodes, chosen, request))
    steps += (
        Step(
            title="prove that the service is really finished",
            why="pods that are Ready prove nothing about the quorum, the partitions or the data",
            action=Observe(),
            proof=(proof,),
            timeout_s=SECONDS_PER_POD,
        ),
    )
    notes = [f"the service is not serving: {recovery}"] if recovery else []
    if why_deletion:
        notes.append(f"pods are deleted one at a time: {why_deletion}")
    if idle:
        notes.append(f"not proved: that the operator agrees ({idle})")
    notes += proofs.notes(proof)
    return Plan(
        procedure="restart",
        target=world.target,
        summary=f"restart {len(chosen)} of {len(nodes.pods)} Kafka pods: {_names(chosen)}",
        steps=steps,
        notes=tuple(notes),
        recovery=bool(recovery),
    )


def _names(pods: list[Pod]) -> str:
    return ", ".join(pod.name for pod in pods)


def _chosen(request: RestartRequest, nodes: Nodes) -> list[Pod]:
    """Return the pods to restart: controllers before brokers, ascending by node id."""
    if request.pods:
        unknown = [name for name in request.pods if nodes.pod(name) is None]
        if unknown:
            raise UsageError(
                f"no such pod: {', '.join(unknown)}",
                where=f"namespace {nodes.kafka.namespace}",
                next=f"pods of this cluster: {', '.join(pod.name for pod in nodes.pods)}",
            )
        chosen = [pod for pod in nodes.pods if pod.name in request.pods]
    elif request.controllers == request.brokers:
        chosen = list(nodes.pods)
    else:
        chosen = list(nodes.controllers if request.controllers else nodes.brokers)
    return sorted(chosen, key=lambda pod: (not pod.is_controller, pod.node_id))


def _refuse_roll_under_way(nodes: Nodes, chosen: list[Pod]) -> None:
    busy = [pod.name for pod in nodes.pods if pod.deleting]
    asked = [pod_set.name for pod_set in nodes.pod_sets if pod_set.rolling]
    if busy or asked:
        raise RefusedError(
            "roll-under-way",
            f"a restart is under way already: {', '.join(busy + asked)}",
            where=f"namespace {nodes.kafka.namespace}",
            next="watch it: prompt-kafka status -w",
        )


def _guard_brokers(world: World, nodes: Nodes, brokers: list[Pod], recovery: str) -> None:
    if not brokers or (recovery and world.topics.known is None):
        return
    guards.seen(world, ("partitions", world.topics))
    topics = world.topics.known or ()
    if not recovery:
        guards.replicas_in_sync_elsewhere(nodes, topics, brokers)
        guards.topics_that_no_roll_passes(topics, brokers)


def _guard_controllers(world: World, controllers: list[Pod], recovery: str) -> None:
    if not controllers or recovery:
        return
    guards.seen(world, ("the quorum", world.quorum))
    answers = world.quorum.known or ()
    quorum = quorum_of(answers)
    if quorum is None:
        guards.seen(world, ("the quorum's leader", world.quorum))
        raise RefusedError(
            "controller-behind",
            "no controller says that it leads the quorum, and not all were asked",
            next="prompt-kafka status",
        )
    ids = {pod.node_id for pod in controllers}
    for behind in quorum.behind(within_s=5.0):
        if ids - {behind}:
            raise RefusedError(
                "controller-behind",
                f"controller {behind} is behind the quorum's leader: no other controller may go",
                where=f"leader {quorum.leader_id}, epoch {quorum.epoch}",
                next="restart that controller first",
            )


def _why_operator_idle(nodes: Nodes) -> str:
    """Return why the operator does not roll pods; empty when it does."""
    if nodes.operator is not None and not nodes.operator.ready:
        return "the cluster operator is not running"
    if nodes.kafka.paused:
        return "reconciliation is paused"
    return ""


def _common_needs(world: World) -> tuple[Condition, ...]:
    return (TargetIs(world.target.cluster_id),)


def _by_operator(world: World, nodes: Nodes, chosen: list[Pod], request: RestartRequest) -> Iterator[Step]:
    """Yield a step for each pod set whose pods are all to go, and one for each single pod."""
    names = {pod.name for pod in chosen}
    needs = (*_common_needs(world), OperatorRuns())
    by_pool = sorted(
        nodes.pod_sets, key=lambda s: min((p.node_id for p in nodes.pods if p.pool == s.pool), default=0)
    )
    for pod_set in by_pool:
        members = [pod for pod in nodes.pods if pod.pool == pod_set.pool]
        going = [pod for pod in members if pod.name in names]
        if not going:
            continue
        whole = len(going) == len(members) and not request.pods
        if whole:
            yield roll_pod_set(nodes, pod_set.name, going, needs)
            continue
        for pod in going:
            yield Step(
                title=f"restart {pod.name}",
                why="the operator checks that it may go, then replaces it",
                action=Annotate("pod", pod.name, nodes.kafka.namespace, ROLLING_UPDATE, "true", uid=pod.uid),
                needs=needs,
                proof=pods_back([pod]),
                marks=(RollBegun(baseline([pod])),),
                given_up=RollGivenUp(baseline([pod])),
                again=ask_each(nodes, [pod]),
                timeout_s=SECONDS_PER_POD,
                disruptive=True,
            )


def _by_deletion(world: World, nodes: Nodes, chosen: list[Pod], proof: Finished) -> Iterator[Step]:
    """Yield one step a pod, each proved before the next; the quorum's leader goes last of the controllers."""
    quorum = quorum_of(world.quorum.known or ())
    leader = quorum.leader_id if quorum else -1
    between = replace(proof, canary=False, stable_s=0.0, without_operator=True)
    for pod in sorted(chosen, key=lambda p: (not p.is_controller, p.node_id == leader, p.node_id)):
        yield Step(
            title=f"delete {pod.name}",
            why="its pod set makes it anew on the same volume",
            action=Delete("pod", pod.name, nodes.kafka.namespace, pod.uid),
            needs=_common_needs(world),
            proof=(*pods_back([pod]), *(() if pod is chosen[-1] else (between,))),
            marks=(RollBegun(baseline([pod])),),
            timeout_s=SECONDS_PER_POD,
            disruptive=True,
        )
