"""The steps of *Cold Startup*, from the ground up; a step whose proof holds already is left out."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core import cold
from prompt_kafka.core.actions import Annotate, Observe, Scale
from prompt_kafka.core.kept import NothingLost, RecordsLost
from prompt_kafka.core.objects import Workload
from prompt_kafka.core.plan import Step
from prompt_kafka.core.started import (
    ClaimsBound,
    ClausesHold,
    HostsReady,
    NamesResolve,
    OperatorReady,
    PodsRun,
    WorkloadsServe,
)
from prompt_kafka.core.stopped import COMPARED, AsRecorded, Paused, RecordCompared, name_of
from prompt_kafka.procedures import cold_nodes
from prompt_kafka.procedures.cold_nodes import PODS_S, RECOVERY_S, Start, wait

PAUSE = "strimzi.io/pause-reconciliation"
OPERATOR = "strimzi-cluster-operator"
DATA = ("none offline", "none under min ISR", "none under-replicated")

PERSON_S = 3600.0
"""Machines, volumes, DNS: somebody brings them back."""
WORKLOADS_S = 900.0
FINISHED_S = 900.0

_IMAGE = ("ImageNotInLab", "ImagePullBackOff", "ErrImagePull", "InvalidImageName")


def steps(start: Start) -> Iterator[Step]:
    """Yield what is to be done and to be waited for."""
    yield from _ground(start)
    yield from _operator(start)
    yield from _pods(start)
    yield from cold_nodes.controllers(start)
    yield from cold_nodes.brokers(start)
    yield from _data(start)
    yield from _others(start)
    yield from _record(start)
    yield Step(
        title="prove that the service is really finished",
        why="pods that are Ready prove nothing about the quorum, the partitions, the data or who reads them",
        action=Observe(),
        proof=(start.proof,),
        timeout_s=FINISHED_S,
    )


def _ground(start: Start) -> Iterator[Step]:
    nodes = start.nodes
    ours = {pod.host for pod in nodes.pods}
    homeless = "" in ours or bool(cold.missing(nodes))
    down = tuple(
        host.name
        for host in start.world.hosts.known or ()
        if not host.ready and (homeless or host.name in ours)
    )
    if down:
        yield wait(
            f"wait for {len(down)} machines: {', '.join(down)}" if len(down) > 1 else f"wait for {down[0]}",
            "pods run nowhere else: their volumes and their anti-affinity keep them there",
            HostsReady(down),
            timeout_s=PERSON_S,
        )
    bound = ClaimsBound()
    if start.world.claims.known is not None and not bound.judge(start.world).holds:
        yield wait("wait for the volumes", "no node starts without its disk", bound, timeout_s=PERSON_S)


def _operator(start: Start) -> Iterator[Step]:
    operator, ready = start.nodes.operator, OperatorReady()
    if operator is not None and not operator.ready:
        title, why = "the cluster operator", "it makes pods anew; without it a deleted pod does not come back"
        if operator.replicas == 0:
            yield Step(
                title=f"scale {title} up",
                why=why,
                action=Scale(OPERATOR, start.environment.operator_namespace, 1),
                needs=start.needs,
                proof=(ready,),
                timeout_s=PODS_S,
            )
        else:
            yield wait(f"wait for {title}", why, ready, timeout_s=PODS_S)
    if start.resume:
        yield Step(
            title="resume reconciliation",
            why="the shutdown paused it; the operator makes the pod sets and the pods again",
            action=Annotate("kafka", start.nodes.kafka.name, start.namespace, PAUSE, "false"),
            needs=start.needs,
            proof=(Paused(False),),
            timeout_s=60.0,
        )


def _pods(start: Start) -> Iterator[Step]:
    run, names = PodsRun(), NamesResolve()
    if not run.judge(start.world).holds:
        yield wait(
            "wait for the pods to run",
            "all start at once; controllers and brokers find each other when their names resolve",
            run,
            timeout_s=PODS_S,
        )
    if start.world.logs.known is not None and not names.judge(start.world).holds:
        yield wait(
            "wait until the nodes find each other's names",
            "a node restarted before DNS is back is wedged again",
            names,
            timeout_s=PERSON_S,
        )


def _data(start: Start) -> Iterator[Step]:
    whole = ClausesHold(DATA)
    if not whole.judge(start.world).holds:
        yield wait(
            "wait until every replica is in sync",
            "a partition whose replicas are behind does not survive the loss of another broker",
            whole,
            timeout_s=RECOVERY_S,
        )
    if not start.accepts_loss:
        yield Step(
            title="account for what was on the disks",
            why="what a broker knew to be acknowledged and had to cut off is lost; no restart brings it back",
            action=Observe(),
            proof=(NothingLost(),),
            given_up=RecordsLost(),
            lost="tell the users of these topics, send the messages again where they are kept elsewhere; "
            "to go on without them: prompt-kafka cold-startup --accept loss",
            timeout_s=300.0,
        )


def not_ready(start: Start) -> tuple[Workload, ...]:
    """Return the deployments that are to have more pods Ready than they have, and can."""
    return tuple(
        each
        for each in start.world.workloads.known or ()
        if each.ready < each.wanted and each.waiting not in _IMAGE
    )


def left_out(start: Start) -> Iterator[tuple[str, str]]:
    """Yield the deployments that will not come, and why."""
    for each in start.world.workloads.known or ():
        if each.ready < each.wanted and each.waiting in _IMAGE:
            yield each.name, each.waiting


def _others(start: Start) -> Iterator[Step]:
    scaled = start.record.workloads if start.record else ()
    there = {each.name: each for each in start.world.workloads.known or ()}
    for name, replicas in scaled:
        if name in there and there[name].wanted < replicas:
            yield Step(
                title=f"scale {name} up to {replicas}",
                why="the shutdown scaled it down",
                action=Scale(name, start.namespace, replicas),
                needs=start.needs,
                proof=(WorkloadsServe((name,)),),
                timeout_s=WORKLOADS_S,
            )
    waiting = tuple(each.name for each in not_ready(start))
    if waiting:
        yield wait(
            f"wait for {', '.join(waiting)}",
            "they need Kafka, and start again by themselves once it serves",
            WorkloadsServe(waiting),
            timeout_s=WORKLOADS_S,
        )


def _record(start: Start) -> Iterator[Step]:
    if start.record is None:
        return
    yield wait(
        "compare with what the shutdown wrote down",
        "cluster id, topics and their ids, end offsets not below, versions",
        AsRecorded(),
        timeout_s=FINISHED_S,
    )
    record = name_of(start.nodes.kafka.name)
    yield Step(
        title="close the shutdown record",
        why="the next start is not compared with it again",
        action=Annotate("configmap", record, start.namespace, COMPARED, "true", uid=start.record.uid),
        proof=(RecordCompared(),),
        timeout_s=60.0,
    )
