"""*Upgrading Kafka*: one Kafka version to the next, one hop a run; back by the same way.

The version is changed in the environment's values, and the metadata level stays where it is: pinned in the
same commit where it was not, because an operator with nothing pinned raises it by itself, and then there is
no way back. The operator rolls controllers, then brokers; the run follows the pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.conditions import Condition, OperatorRuns, QuorumLed, TargetIs
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import KafkaUpgradeRequest
from prompt_kafka.core.upgrade_hops import Standing
from prompt_kafka.core.upgrade_path import Goal, way
from prompt_kafka.core.upgraded import KafkaRuns, MetadataIs, OperatorRefuses
from prompt_kafka.core.versions import compare, key
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards
from prompt_kafka.procedures import proof as proofs
from prompt_kafka.procedures import upgrade_rules as rules
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.upgrade_charts import Charted, changed, charted, same_level


def needs_to_see(request: KafkaUpgradeRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT | {Part.GIT, Part.APPLICATIONS, Part.FEATURES, Part.INSTALLATION}


def plan(request: KafkaUpgradeRequest, world: World, means: Means) -> Plan:
    """Plan one hop of an upgrade, or of the way back.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.upgrade_rules` and
        :mod:`~prompt_kafka.procedures.upgrade_charts`, those of Git and Argo CD, and ``versions-mixed``.
    """
    guards.right_cluster(world)
    guards.seen(
        world,
        ("pods", world.nodes),
        ("Git", world.git),
        ("Argo CD's applications", world.applications),
        ("the brokers", world.cluster),
        ("the metadata level on the brokers", world.features),
    )
    nodes, git = world.nodes.known, world.git.known
    assert nodes is not None and git is not None
    target = request.version
    key(target)
    at = _from(rules.standing(world), nodes, target)
    rules.operator_runs(nodes)
    if at.kafka != target:
        rules.one_hop(at, target)
    argo = git_guards.reached(git, world, means.environment.application)
    here = argo.environment or world.target.environment
    cluster = nodes.kafka.name
    before = charted(means.render, here, cluster)
    after = changed(git, means.render, here, cluster, version=target, metadata=at.metadata)
    if not request.with_undeployed:
        ours = frozenset({("Kafka", cluster)})
        git_guards.nothing_else_comes(git, argo, here, means.render, ours)
    runs = KafkaRuns(target, at.metadata)
    rolls = not all(pod.kafka_version == target for pod in nodes.pods)
    back = compare(target, at.kafka) < 0
    summary = f"{'take Kafka back' if back else 'upgrade Kafka'} from {at.kafka} to {target}"
    if not rolls:
        summary = f"bring Kafka {target} to its end"
    steps = tuple(_steps(request, world, nodes, git, argo, after, runs, means.canary, rolls))
    if not steps:
        said = f"{runs.judge(world).because}, and Git has it so"
        return Plan("upgrade kafka", world.target, f"Kafka {target}", nothing_because=said)
    if rolls and nodes.kafka.wanted_version != target:
        rules.may_roll(world, nodes)
    return Plan(
        procedure="upgrade kafka",
        target=world.target,
        summary=summary,
        steps=steps,
        notes=tuple(_notes(at, nodes, argo, before, after, steps, back)),
    )


def _from(at: Standing, nodes: Nodes, target: str) -> Standing:
    """Return the standing with the version that the operator will take as the one to come from."""
    found = rules.versions_of(nodes)
    if len(found) > 1 and target not in found:
        raise RefusedError(
            "versions-mixed",
            f"the pods run Kafka {' and '.join(found)}: a change of version is not at its end",
            where=f"Kafka {nodes.kafka.namespace}/{nodes.kafka.name}",
            next=f"bring it to its end, or back: prompt-kafka upgrade kafka {found[-1]}, or {found[0]}",
        )
    return replace(at, kafka=found[-1] if compare(found[-1], target) > 0 else found[0])


def _steps(
    request: KafkaUpgradeRequest,
    world: World,
    nodes: Nodes,
    git: GitState,
    argo: Application,
    after: Charted,
    runs: KafkaRuns,
    canary: bool,
    rolls: bool,
) -> Iterator[Step]:
    needs: tuple[Condition, ...] = (TargetIs(world.target.cluster_id),)
    due = bool(after.files) or not asked_for(nodes, runs)
    if not due and runs.judge(world).holds:
        return
    if after.files:
        yield delivery.commit(git, _message(nodes, after), after.files, needs)
    if after.files or (due and not rules.compared(world, argo)):
        yield delivery.compare(argo, needs)
    if due:
        sync = delivery.sync_everything(argo, git, (*needs, OperatorRuns()))
        yield replace(
            sync,
            title=f"{sync.title}: the operator then rolls {len(nodes.pods)} pods" if rolls else sync.title,
            disruptive=rolls,
        )
    yield follow(nodes, runs)
    yield prove(world, runs, canary=canary, stable_s=request.stable_s)


def asked_for(nodes: Nodes, runs: KafkaRuns) -> bool:
    """Return whether the resource in the cluster asks for this version and this level already."""
    kafka = nodes.kafka
    return kafka.wanted_version == runs.version and same_level(kafka.wanted_metadata, runs.metadata)


def follow(nodes: Nodes, runs: KafkaRuns) -> Step:
    """Return the step that follows a roll to its end."""
    return Step(
        title=f"follow the roll until {len(nodes.pods)} pods run Kafka {runs.version}",
        why="controllers first, then brokers, each checked before it goes; the metadata level stays",
        action=Observe(),
        proof=(runs, QuorumLed()),
        given_up=OperatorRefuses(),
        lost="mend what it names; then resume the run, or go back with the older version",
        timeout_s=rules.SECONDS_PER_POD * max(1, len(nodes.pods)),
    )


def prove(world: World, runs: KafkaRuns, *, canary: bool, stable_s: float) -> Step:
    """Return the step that proves the end: really finished, and the level that the brokers have finalized."""
    return Step(
        title=f"prove Kafka {runs.version} at metadata level {runs.metadata}",
        why="pods that are Ready prove nothing about the quorum, the partitions or the data",
        action=Observe(),
        proof=(runs, MetadataIs(runs.metadata), proofs.finished(world, canary=canary, stable_s=stable_s)),
        timeout_s=rules.SECONDS_PER_POD,
    )


def _message(nodes: Nodes, after: Charted) -> str:
    return (
        f"Kafka {nodes.kafka.name}: version {after.version}\n\n"
        f"The metadata level stays {after.metadata}; raising it is a change of its own."
    )


def _notes(
    at: Standing,
    nodes: Nodes,
    argo: Application,
    before: Charted,
    after: Charted,
    steps: tuple[Step, ...],
    back: bool,
) -> Iterator[str]:
    if after.files and not same_level(before.metadata, after.metadata):
        was = (
            f"it was {before.metadata}, which is not what the brokers have"
            if before.metadata
            else "it was not set"
        )
        yield f"the same commit pins the metadata level to {after.metadata}, the present one: {was}"
    if not at.runs:
        yield (
            f"operator {at.operator} does not run Kafka {at.kafka} and does nothing for it now; it knows the "
            "version, so it upgrades from it"
        )
    if not back and after.version != at.kafka:
        if way(replace(at, kafka=after.version), Goal(kafka=at.kafka)) is not None and at.runs:
            yield f"the way back, until the metadata level is raised: prompt-kafka upgrade kafka {at.kafka}"
        elif not at.runs:
            yield f"no way back with this operator: it does not run Kafka {at.kafka}"
        yield f"afterwards, when it has proved itself: prompt-kafka upgrade metadata (now {at.metadata})"
    if argo.automated:
        yield f"{argo.name} syncs by itself: the roll begins with the commit"
    yield from proofs.notes_of(steps[-1])
