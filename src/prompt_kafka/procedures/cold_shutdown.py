"""*Cold Shutdown*: nothing is needed, says the page; and what would be at risk. Or, on request, in order.

In order means: what a start is to be compared with is written down, reconciliation is paused (else the
operator makes the pods anew), then brokers go, then the controllers that they need until the end. A pod set
that is deleted while reconciliation is paused stays away, its volumes stay. Source: Strimzi's pod set
controller; it is no documented way, and deleting everything at once risks unclean stops.
"""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.actions import Annotate, Delete, KeepState, Observe, Scale
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.objects import BROKER, CONTROLLER, Nodes
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import ColdShutdownRequest
from prompt_kafka.core.started import ClaimsBound, OperatorReady
from prompt_kafka.core.stopped import Paused, PodsGone, Recorded, WorkloadStopped, name_of
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import guards, shutdown_guards
from prompt_kafka.procedures.table import Means

PAUSE = "strimzi.io/pause-reconciliation"
THE_PAGE_SAYS = "no specific procedures are needed to cleanly shut down; volumes keep the data"
BACK = "back with: prompt-kafka cold-startup"

STOP_S = 300.0
"""Each pod gets its grace of 30 s; a broker moves its leaders first."""


def needs_to_see(request: ColdShutdownRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT | {Part.CLAIMS, Part.WORKLOADS, Part.WRITES, Part.SHUTDOWN}


def plan(request: ColdShutdownRequest, world: World, means: Means) -> Plan:
    """Plan a shutdown.

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
        By the rules ``cluster-id``, ``not-seen``, ``operator-down``, ``paused``, ``roll-under-way``,
        ``quorum-not-led``, ``isr-not-full``, ``delete-claim``, ``reclaim-policy``, ``snapshot-age`` and
        ``producers``.
    """
    guards.right_cluster(world)
    if not request.graceful:
        risks = tuple(shutdown_guards.risks(world))
        return Plan(
            procedure="cold-shutdown",
            target=world.target,
            summary="cold shutdown",
            nothing_because=THE_PAGE_SAYS,
            found=risks,
            notes=(
                "nothing is stopped; the machines may be switched off",
                "to stop in order, with a record that the start is compared with: --graceful",
                BACK,
            ),
        )
    guards.seen(world, ("pods", world.nodes))
    if world.shutdown.because:
        guards.seen(world, ("whether a shutdown has begun", world.shutdown))
    nodes = world.nodes.known
    assert nodes is not None
    record = world.shutdown.known
    begun = nodes.kafka.paused and record is not None and record.waits
    if begun and PodsGone().judge(world).holds:
        assert record is not None
        return Plan(
            procedure="cold-shutdown",
            target=world.target,
            summary="cold shutdown",
            nothing_because=f"it is shut down since {record.at:%Y-%m-%d %H:%M}Z",
            notes=(BACK,),
        )
    accepted = means.terms.accepted
    if not begun:
        shutdown_guards.preflight(world, nodes, accepted)
    notes = [f"taken up again: recorded at {record.at:%Y-%m-%d %H:%M}Z"] if begun and record else []
    notes += [f"accepted: {each}" for each in accepted]
    return Plan(
        procedure="cold-shutdown",
        target=world.target,
        summary=f"stop {len(nodes.pods)} Kafka pods in order; their volumes stay",
        steps=tuple(_steps(world, nodes, begun=begun)),
        notes=(*notes, BACK),
    )


def _steps(world: World, nodes: Nodes, *, begun: bool) -> Iterator[Step]:
    kafka, needs = nodes.kafka, (TargetIs(world.target.cluster_id),)
    workloads = tuple((w.name, w.wanted) for w in world.workloads.known or () if w.wanted and w.ready)
    if not begun:
        yield Step(
            title="write down what the start is to be compared with",
            why="a pause wipes the status, and nobody remembers topics, end offsets, epochs, versions",
            action=KeepState(name_of(kafka.name), kafka.namespace, workloads),
            needs=needs,
            proof=(Recorded(),),
            timeout_s=60.0,
        )
        yield Step(
            title="pause reconciliation",
            why="else the operator makes the pod sets anew at its next reconciliation",
            action=Annotate("kafka", kafka.name, kafka.namespace, PAUSE, "true"),
            needs=(*needs, OperatorReady(), Recorded()),
            proof=(Paused(),),
            undo=Annotate("kafka", kafka.name, kafka.namespace, PAUSE, "false"),
            timeout_s=STOP_S,
            disruptive=True,
        )
    for name, replicas in workloads:
        yield Step(
            title=f"scale {name} down",
            why="it would only complain while there is no Kafka; the start scales it up again",
            action=Scale(name, kafka.namespace, 0),
            needs=(*needs, Paused()),
            proof=(WorkloadStopped(name),),
            undo=Scale(name, kafka.namespace, replicas),
            timeout_s=STOP_S,
            disruptive=True,
        )
    for role, title, why in (
        (
            BROKER,
            "brokers",
            "each hands over what it leads and closes its logs while controllers are there",
        ),
        (CONTROLLER, "controllers", "nobody needs them any more"),
    ):
        yield from _stop(nodes, role, title, why, (*needs, Paused(), Recorded()))
    yield Step(
        title="prove that it is down and its volumes are there",
        why="the next start needs every volume",
        action=Observe(),
        proof=(PodsGone(), ClaimsBound()),
        timeout_s=STOP_S,
    )


def _stop(nodes: Nodes, role: str, title: str, why: str, needs: tuple[Condition, ...]) -> Iterator[Step]:
    with_brokers = tuple(pool.name for pool in nodes.pools if BROKER in pool.roles)
    for pod_set in nodes.pod_sets:
        pool = next((each for each in nodes.pools if each.name == pod_set.pool), None)
        if pool is None or role not in pool.roles or (role == CONTROLLER and pool.name in with_brokers):
            continue
        yield Step(
            title=f"stop the {title} of pod set {pod_set.name}",
            why=why,
            action=Delete("strimzipodset", pod_set.name, nodes.kafka.namespace, pod_set.uid),
            needs=(*needs, *((PodsGone(with_brokers),) if role == CONTROLLER else ())),
            proof=(PodsGone((pod_set.pool,)),),
            timeout_s=STOP_S,
            disruptive=True,
        )
