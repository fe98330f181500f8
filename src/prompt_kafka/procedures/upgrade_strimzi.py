"""*Upgrading Strimzi Operator*: another version of the operator, for every cluster that it watches.

The image of a Kafka pod bears the operator's version, so every pod of every watched cluster restarts. What
the new operator would reject is refused beforehand, cluster by cluster; afterwards every cluster is proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.installation import Installation
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import OperatorUpgradeRequest
from prompt_kafka.core.upgraded import ClustersBroughtUp, ClustersRefused, OperatorIs
from prompt_kafka.core.versions import SCHEMAS, compare, release
from prompt_kafka.core.world import INSTANT, OPERATOR_FILES, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards, operator_guards
from prompt_kafka.procedures import proof as proofs
from prompt_kafka.procedures import upgrade_rules as rules
from prompt_kafka.procedures.operator_charts import OperatorCharts, operator_charts
from prompt_kafka.procedures.table import Means

OPERATOR_S = 300.0


def needs_to_see(request: OperatorUpgradeRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    parts = {Part.GIT, Part.APPLICATIONS, Part.INSTALLATION, Part.FEATURES}
    return INSTANT | parts | {OPERATOR_FILES}


def plan(request: OperatorUpgradeRequest, world: World, means: Means) -> Plan:
    """Plan another version of the operator.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.operator_guards` and of every roll and every change
        through Git.
    UsageError
        The version is not in the table.
    """
    target = request.version
    operator_guards.known(target)
    guards.right_cluster(world)
    guards.seen(
        world,
        ("pods", world.nodes),
        ("Git", world.git),
        ("Argo CD's applications", world.applications),
        ("the operator's clusters", world.installation),
    )
    nodes, git, seen = world.nodes.known, world.git.known, world.installation.known
    assert nodes is not None and git is not None and seen is not None
    at = rules.standing(world)
    argo = git_guards.reached(
        git, world, means.environment.operator_application, folder=means.environment.operator_folder
    )
    here = argo.environment or world.target.environment
    charts = operator_charts(git, means.environment.operator_folder, here, target)
    summary = f"{'upgrade' if compare(at.operator, target) < 0 else 'take'} the operator"
    summary += f" from {at.operator} to {target}"
    # A paused cluster is left alone by every operator, so nothing could be proved of it.
    clusters = tuple(each.name for each in seen.clusters if not each.kafka.paused)
    moved = OperatorIs(target), ClustersBroughtUp(target, clusters)
    steps = tuple(_steps(request, world, nodes, git, argo, charts, clusters, means.canary))
    if not steps:
        said = "; ".join(each.judge(world).because for each in moved)
        return Plan("upgrade strimzi", world.target, f"operator {target}", nothing_because=f"{said}")
    rules.operator_runs(nodes)
    coming = _guard(world, nodes, seen, charts, means, here, target)
    if not request.with_undeployed:
        undated = replace(argo, deployed="")
        git_guards.nothing_else_comes(git, undated, here, means.render, frozenset())
    if at.operator != target:
        rules.may_roll(world, nodes)
    return Plan(
        procedure="upgrade strimzi",
        target=world.target,
        summary=summary,
        steps=steps,
        notes=tuple(_notes(seen, charts, argo, target, coming, steps)),
    )


def _guard(
    world: World,
    nodes: Nodes,
    seen: Installation,
    charts: OperatorCharts,
    means: Means,
    here: str,
    target: str,
) -> tuple[str, ...]:
    operator_guards.kubernetes_suffices(seen, target)
    operator_guards.every_cluster_is_seen(seen)
    for cluster in seen.clusters:
        operator_guards.cluster_is_run(seen, cluster, target)
    operator_guards.charts_are_served(
        means.render(here, {}), target, f"application {means.environment.application}"
    )
    for cluster in seen.clusters:
        operator_guards.applied_are_served(cluster, target)
    operator_guards.definitions_can_follow(seen, target)
    space = means.environment.operator_namespace
    return operator_guards.namespaces_stay(seen, charts.watched, space, nodes.kafka.namespace)


def _steps(
    request: OperatorUpgradeRequest,
    world: World,
    nodes: Nodes,
    git: GitState,
    argo: Application,
    charts: OperatorCharts,
    clusters: tuple[str, ...],
    canary: bool,
) -> Iterator[Step]:
    target = request.version
    needs: tuple[Condition, ...] = (TargetIs(world.target.cluster_id),)
    operator, brought = OperatorIs(target), ClustersBroughtUp(target, clusters)
    due = bool(charts.files) or nodes.operator is None or nodes.operator.version != target
    there = operator.judge(world).holds and brought.judge(world).holds
    if not due and there:
        return
    seen = world.installation.known
    pods = sum(len(each.pods) for each in seen.clusters) if seen else 0
    old = nodes.operator.version if nodes.operator else target
    final = release(old).stored != release(target).stored
    if charts.files:
        message = (
            f"Strimzi operator {target}\n\nIt was {charts.version}. Every Kafka pod that it watches restarts."
        )
        step = delivery.commit(git, message, charts.files, needs)
        yield replace(step, irreversible=final and argo.automated)
    if charts.files or (due and not rules.compared(world, argo)):
        yield delivery.compare(argo, needs)
    if due:
        step = delivery.sync_everything(argo, git, needs)
        title = f"{step.title}: definitions, then the operator, which rolls {pods} pods"
        yield replace(step, title=title, disruptive=True, irreversible=final)
    yield Step(
        title=f"wait until operator {target} runs, and no other",
        why="its Deployment replaces one pod by the other; Kafka is not touched by that",
        action=Observe(),
        proof=(operator,),
        timeout_s=OPERATOR_S,
    )
    yield Step(
        title=f"follow the roll of every watched cluster: {', '.join(clusters)}",
        why="the image of a Kafka pod bears the operator's version, so each of them restarts",
        action=Observe(),
        proof=(brought,),
        given_up=ClustersRefused(clusters),
        lost="mend what it names; then resume the run, or go back with the older version",
        timeout_s=rules.SECONDS_PER_POD * max(1, pods),
    )
    yield Step(
        title="prove that the service is really finished",
        why="pods that are Ready prove nothing about the quorum, the partitions or the data",
        action=Observe(),
        proof=(operator, brought, proofs.finished(world, canary=canary, stable_s=request.stable_s)),
        timeout_s=rules.SECONDS_PER_POD,
    )


def _notes(
    seen: Installation,
    charts: OperatorCharts,
    argo: Application,
    target: str,
    coming: tuple[str, ...],
    steps: tuple[Step, ...],
) -> Iterator[str]:
    for cluster in seen.clusters:
        kafka = cluster.kafka
        pods = len(cluster.pods)
        yield f"{cluster.name}: Kafka {kafka.wanted_version}, {pods} pods, which operator {target} runs"
        if kafka.paused:
            yield f"{cluster.name} is paused: it is left alone, and rolls when it is resumed; not proved"
    if charts.elsewhere and charts.files:
        yield f"{', '.join(charts.elsewhere)}: the same chart, so the change waits there for the next sync"
    if coming:
        yield f"the operator will also watch {', '.join(coming)}; its clusters there were not looked at"
    if any(step.irreversible for step in steps):
        yield "a point of no return: the definitions store another API version afterwards"
    if target not in SCHEMAS:
        yield f"the schema of {target} is not published here: objects were not checked against it"
    if seen.unheard:
        yield f"the operator's log cannot be read, so it is not followed: {seen.unheard}"
    if len(seen.clusters) > 1:
        yield "of the other clusters the operator's word is taken: their partitions and data are not proved"
    if argo.automated:
        yield f"{argo.name} syncs by itself: the operator moves with the commit"
    yield from proofs.notes_of(steps[-1])
