"""*Cold Startup*: find out what is wrong after the power came back, and mend only that, from the ground up.

Controllers first, then the quorum by its own protocol, then brokers one after another, then what needs them.
What comes by itself is waited for; what is stuck is deleted so that its pod set makes it anew. A broker that
recovers its logs is never touched. Source: Strimzi's issue 12760 (Ready controllers, no quorum) and 5263.
"""

from __future__ import annotations

from prompt_kafka.core import cold
from prompt_kafka.core.cold_findings import Finding, Kind, findings, lines
from prompt_kafka.core.conditions import Finished
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.finished import finished
from prompt_kafka.core.losses import Loss, doubtful, losses
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.recovery import not_serving
from prompt_kafka.core.request import ColdStartupRequest
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import cold_steps, guards
from prompt_kafka.procedures import proof as proofs
from prompt_kafka.procedures.cold_nodes import Start
from prompt_kafka.procedures.table import Means

LOSS, PAUSED = "loss", "paused"
"""What a person may accept, by the names of the rules."""


def needs_to_see(request: ColdStartupRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT | {Part.HOSTS, Part.WORKLOADS, Part.CLAIMS, Part.LOGS, Part.SHUTDOWN}


def plan(request: ColdStartupRequest, world: World, means: Means) -> Plan:
    """Plan a cold start.

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
        By the rules ``cluster-id``, ``not-seen``, ``majority-blank`` and ``paused``.
    """
    guards.right_cluster(world)
    guards.seen(world, ("pods", world.nodes))
    nodes = world.nodes.known
    assert nodes is not None
    wrong = findings(world)
    _refuse_other_cluster(wrong)
    _refuse_majority_blank(world, wrong)
    record = world.shutdown.known
    waits = record if record is not None and record.waits else None
    resume = nodes.kafka.paused and (waits is not None or PAUSED in means.terms.accepted)
    _refuse_paused(nodes, resume)
    lost = () if LOSS in means.terms.accepted else losses(world)
    proof = Finished(
        canary=means.canary,
        stable_s=request.stable_s,
        without_idle=True,
        without_operator=nodes.kafka.paused and not resume,
    )
    start = Start(world, nodes, means.environment, proof, waits, resume, LOSS in means.terms.accepted)
    now = finished(world, canary=False, without_idle=True, without_operator=proof.without_operator)
    if now.holds and waits is None and not lost and not cold_steps.not_ready(start):
        return Plan(
            procedure="cold-startup",
            target=world.target,
            summary="cold startup",
            nothing_because=f"the service is really finished: {now.because}",
            notes=_notes(world, start, losses(world)),
        )
    steps = tuple(cold_steps.steps(start))
    recovery = not_serving(world)
    return Plan(
        procedure="cold-startup",
        target=world.target,
        summary=f"cold startup: {_count(len(wrong), 'thing')} wrong, {_count(len(steps), 'step')}",
        steps=steps,
        found=lines(wrong),
        notes=(
            *((f"the service is not serving: {recovery}",) if recovery else ()),
            *_notes(world, start, ()),
        ),
        recovery=bool(recovery),
    )


def _serving(recovery: str) -> tuple[str, ...]:
    return (f"the service is not serving: {recovery}",) if recovery else ()


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _refuse_other_cluster(wrong: tuple[Finding, ...]) -> None:
    for finding in wrong:
        if finding.kind is Kind.OTHER_CLUSTER:
            raise RefusedError(
                "cluster-id",
                finding.what,
                where=finding.names[0],
                next="bring the right volume to this pod; a restart mends nothing",
            )


def _refuse_majority_blank(world: World, wrong: tuple[Finding, ...]) -> None:
    if not cold.majority_blank(world):
        return
    (found,) = (finding for finding in wrong if finding.kind is Kind.MAJORITY_BLANK)
    raise RefusedError(
        "majority-blank",
        found.what,
        where=", ".join(found.names),
        next="stop them, and bring back their volumes from a snapshot before any of them starts again",
    )


def _refuse_paused(nodes: Nodes, resume: bool) -> None:
    gone = cold.missing(nodes)
    if nodes.kafka.paused and not resume and gone:
        raise RefusedError(
            "paused",
            f"reconciliation is paused, by nobody who left a shutdown record, and {len(gone)} pods are "
            "missing: they do not come back while it is paused",
            where=f"Kafka {nodes.kafka.name}",
            next="if nobody needs the pause any more: --accept paused",
        )


def _notes(world: World, start: Start, lost: tuple[Loss, ...]) -> tuple[str, ...]:
    notes = [f"accepted as lost: {loss}" for loss in lost]
    notes += [f"cut off, never known to be acknowledged: {loss}" for loss in doubtful(world)]
    for name, why in cold_steps.left_out(start):
        notes.append(f"not waited for: deployment {name}, {why}")
    if start.nodes.kafka.paused and not start.resume:
        notes.append(
            "reconciliation is paused by somebody: it stays so, and the operator's part is not proved"
        )
    for part, name in (
        (world.hosts, "the machines"),
        (world.claims, "the volumes"),
        (world.logs, "the nodes' logs (blank disks, lost records)"),
        (world.workloads, "the deployments"),
        (world.shutdown, "a shutdown record"),
    ):
        if part.because:
            notes.append(f"not seen: {name}, because {part.because}")
    return (*notes, *proofs.notes(start.proof))
