"""*Upgrading Kafka*, the last part: raise the metadata level, when the new version has proved itself.

A run of its own, because it is a point of no return: an older Kafka cannot read what is written afterwards.
No pod restarts by it. The proof is the brokers': the level that they have finalized.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.conditions import Condition, OperatorRuns, TargetIs
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import MetadataRequest
from prompt_kafka.core.upgrade_hops import Hop, HopKind, Standing, refusal
from prompt_kafka.core.upgraded import KafkaRuns, MetadataIs, OperatorRefuses
from prompt_kafka.core.versions import compare_metadata, full_metadata, metadata_level, metadata_of
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards
from prompt_kafka.procedures import proof as proofs
from prompt_kafka.procedures import upgrade_rules as rules
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.upgrade_charts import Charted, changed, same_level


def needs_to_see(request: MetadataRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT | {Part.GIT, Part.APPLICATIONS, Part.FEATURES}


def plan(request: MetadataRequest, world: World, means: Means) -> Plan:
    """Plan another metadata level.

    Raises
    ------
    RefusedError
        ``versions-mixed``, ``above-kafka``, ``metadata-unsafe``, and what every change through Git is refused
        for.
    """
    guards.right_cluster(world)
    guards.seen(
        world,
        ("pods", world.nodes),
        ("Git", world.git),
        ("Argo CD's applications", world.applications),
        ("the metadata level on the brokers", world.features),
        ("the quorum", world.quorum),
    )
    nodes, git = world.nodes.known, world.git.known
    assert nodes is not None and git is not None
    at = rules.standing(world)
    level = full_metadata(request.level) if request.level else metadata_of(at.kafka)
    rules.operator_runs(nodes)
    _one_version(nodes, at)
    _possible(at, level)
    argo = git_guards.reached(git, world, means.environment.application)
    here = argo.environment or world.target.environment
    after = changed(git, means.render, here, nodes.kafka.name, version=at.kafka, metadata=level)
    if not request.with_undeployed:
        ours = frozenset({("Kafka", nodes.kafka.name)})
        git_guards.nothing_else_comes(git, argo, here, means.render, ours)
    runs = KafkaRuns(at.kafka, level)
    steps = tuple(_steps(request, world, nodes, git, argo, after, runs, at, means.canary))
    if not steps:
        said = f"{MetadataIs(level).judge(world).because}, and Git has it so"
        return Plan("upgrade metadata", world.target, f"metadata level {level}", nothing_because=said)
    rising = metadata_level(level) > metadata_level(at.metadata)
    word = "raise" if rising else "lower"
    return Plan(
        procedure="upgrade metadata",
        target=world.target,
        summary=f"{word} the metadata level from {at.metadata} to {level}, on Kafka {at.kafka}",
        steps=steps,
        notes=tuple(_notes(at, level, argo, steps, rising)),
    )


def _one_version(nodes: Nodes, at: Standing) -> None:
    found = rules.versions_of(nodes)
    wanted = nodes.kafka.wanted_version
    if len(found) > 1 or (wanted and wanted != at.kafka):
        raise RefusedError(
            "versions-mixed",
            f"the pods run Kafka {' and '.join(found)}, and {wanted or '?'} is asked for: the level may rise "
            "only when all run the same",
            where=f"Kafka {nodes.kafka.namespace}/{nodes.kafka.name}",
            next=f"bring that to its end first: prompt-kafka upgrade kafka {wanted or found[-1]}",
        )


def _possible(at: Standing, level: str) -> None:
    why = refusal(at, Hop(HopKind.METADATA, at.metadata, level))
    if not why:
        return
    above = compare_metadata(level, metadata_of(at.kafka)) > 0
    raise RefusedError(
        "above-kafka" if above else "metadata-unsafe",
        why,
        where=f"Kafka {at.kafka}, metadata {at.metadata}",
        next="upgrade Kafka first: prompt-kafka upgrade kafka" if above else "there is no safe way back",
    )


def _steps(
    request: MetadataRequest,
    world: World,
    nodes: Nodes,
    git: GitState,
    argo: Application,
    after: Charted,
    runs: KafkaRuns,
    at: Standing,
    canary: bool,
) -> Iterator[Step]:
    needs: tuple[Condition, ...] = (TargetIs(world.target.cluster_id),)
    is_there = MetadataIs(runs.metadata)
    kafka = nodes.kafka
    asked = kafka.wanted_version == runs.version and same_level(kafka.wanted_metadata, runs.metadata)
    due = bool(after.files) or not asked
    if not due and runs.judge(world).holds and is_there.judge(world).holds:
        return
    rising = metadata_level(runs.metadata) > metadata_level(at.metadata)
    if after.files:
        message = (
            f"Kafka: metadata level {runs.metadata}\n\nIt was {at.metadata}; every pod runs {runs.version}."
        )
        step = delivery.commit(git, message, after.files, needs)
        yield replace(step, irreversible=rising and argo.automated)
    if after.files or (due and not rules.compared(world, argo)):
        yield delivery.compare(argo, needs)
    if due:
        step = delivery.sync_everything(argo, git, (*needs, OperatorRuns()))
        title = f"{step.title}: the operator then {'raises' if rising else 'lowers'} the level"
        yield replace(step, title=title, irreversible=rising)
    yield Step(
        title=f"wait until the brokers have finalized metadata level {runs.metadata}",
        why="the operator changes it in a run in which no pod moves; no pod restarts by it",
        action=Observe(),
        proof=(is_there, runs),
        given_up=OperatorRefuses(),
        lost="prompt-kafka status names what is wrong; then resume the run",
        timeout_s=rules.SECONDS_PER_POD,
    )
    yield Step(
        title="prove that the service is really finished",
        why="the new level is in use by every node, or a node has stopped on it",
        action=Observe(),
        proof=(is_there, proofs.finished(world, canary=canary, stable_s=request.stable_s)),
        timeout_s=rules.SECONDS_PER_POD,
    )


def _notes(
    at: Standing, level: str, argo: Application, steps: tuple[Step, ...], rising: bool
) -> Iterator[str]:
    if rising:
        yield f"a point of no return: a Kafka older than {level.partition('-')[0]} cannot read it afterwards"
        if not refusal(replace(at, metadata=level), Hop(HopKind.METADATA, level, at.metadata)):
            yield (
                f"Kafka could still lower {level} to {at.metadata}, because no record changed its form in "
                "between; do not count on it"
            )
    if argo.automated:
        yield f"{argo.name} syncs by itself: the level changes with the commit"
    yield from proofs.notes_of(steps[-1])
