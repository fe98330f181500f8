"""What the upgrades share: where a cluster stands, and the refusals, each by the name of its rule."""

from __future__ import annotations

from prompt_kafka.core.delivered import Compared
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.upgrade_hops import Hop, HopKind, Standing, refusal, skipped
from prompt_kafka.core.upgrade_path import Goal, way
from prompt_kafka.core.versions import (
    RELEASES,
    compare,
    compare_metadata,
    full_metadata,
    key,
    knows,
    metadata_of,
    supported,
)
from prompt_kafka.core.world import World
from prompt_kafka.procedures import guards

SECONDS_PER_POD = 360.0
"""Strimzi waits up to 300 s for a pod before it goes on."""


def standing(world: World) -> Standing:
    """Return where the cluster stands; refuse when that cannot be told.

    Raises
    ------
    RefusedError
        ``not-seen``: no operator, no version of the pods, no metadata level; ``unknown-operator``.
    """
    guards.seen(world, ("pods", world.nodes))
    nodes, installation = world.nodes.known, world.installation.known
    assert nodes is not None
    where = f"Kafka {nodes.kafka.namespace}/{nodes.kafka.name}"
    if nodes.operator is None:
        raise RefusedError(
            "not-seen",
            "there is no cluster operator where it should be",
            where=f"context {world.target.context}",
            next="correct `operator_namespace` in service.yaml",
        )
    if nodes.operator.version not in {each.version for each in RELEASES}:
        raise RefusedError(
            "unknown-operator",
            f"operator {nodes.operator.version or 'without a version'} is not in the compatibility table",
            where=where,
            next=f"known: {', '.join(each.version for each in RELEASES)}",
        )
    found = versions_of(nodes)
    if not found:
        raise RefusedError(
            "not-seen", "no pod says which Kafka it runs", where=where, next="prompt-kafka status"
        )
    return Standing(
        operator=nodes.operator.version,
        kafka=found[0],
        metadata=_level(world, nodes, where),
        stored=(installation.stored if installation else None)
        or frozenset({_stored(nodes.operator.version)}),
        kubernetes=installation.kubernetes if installation else "",
    )


def _stored(operator: str) -> str:
    return next(each.stored for each in RELEASES if each.version == operator)


def _level(world: World, nodes: Nodes, where: str) -> str:
    """Return the finalized metadata version: what the brokers say, else what the operator reports."""
    features = world.features.known
    said = features.name if features is not None and features.metadata else nodes.kafka.metadata_version
    if not said or said.startswith("level "):
        raise RefusedError(
            "not-seen",
            f"the metadata level is {said or 'not known'}: {world.features.because or 'no table has it'}",
            where=where,
            next="prompt-kafka status",
        )
    return full_metadata(said)


def versions_of(nodes: Nodes) -> tuple[str, ...]:
    """Return the Kafka versions of the pods, oldest first, each once."""
    return tuple(sorted({pod.kafka_version for pod in nodes.pods if pod.kafka_version}, key=key))


def operator_runs(nodes: Nodes) -> None:
    """Refuse where nobody would act (``operator-not-running``, ``paused``)."""
    where = f"Kafka {nodes.kafka.namespace}/{nodes.kafka.name}"
    if nodes.operator is not None and not nodes.operator.ready:
        raise RefusedError(
            "operator-not-running",
            "the cluster operator is not running: nobody would carry it out",
            where=where,
            next="start it; prompt-kafka status says how",
        )
    if nodes.kafka.paused:
        raise RefusedError(
            "paused",
            "reconciliation is paused: nobody would carry it out",
            where=where,
            next=f"kubectl -n {nodes.kafka.namespace} annotate kafka {nodes.kafka.name} "
            "strimzi.io/pause-reconciliation-",
        )


def may_roll(world: World, nodes: Nodes) -> None:
    """Refuse a roll that would stop a client (``replica-out-of-sync``, ``no-roll-passes``, …)."""
    guards.seen(world, ("partitions", world.topics))
    topics = world.topics.known or ()
    busy = [pod.name for pod in nodes.pods if pod.deleting]
    busy += [pod_set.name for pod_set in nodes.pod_sets if pod_set.rolling]
    if busy:
        raise RefusedError(
            "roll-under-way",
            f"a restart is under way already: {', '.join(busy)}",
            where=f"namespace {nodes.kafka.namespace}",
            next="watch it: prompt-kafka status -w",
        )
    guards.replicas_in_sync_elsewhere(nodes, topics, nodes.brokers)
    guards.topics_that_no_roll_passes(topics, nodes.brokers)


def one_hop(at: Standing, target: str) -> None:
    """Refuse a Kafka version that is not one legal hop away.

    Raises
    ------
    RefusedError
        ``unsupported-version``, ``skipping``, ``unknown-source`` or ``below-metadata``; each with the way
        there where there is one.
    """
    why = refusal(at, Hop(HopKind.KAFKA, at.kafka, target))
    if not why:
        return
    rising = compare(at.kafka, target) < 0
    if target not in supported(at.operator):
        rule = "unsupported-version"
    elif skipped(at.operator, at.kafka, target):
        rule = "skipping"
    elif rising and not knows(at.operator, at.kafka):
        rule = "unknown-source"
    else:
        rule = "below-metadata"
    raise RefusedError(
        rule,
        why,
        where=f"operator {at.operator}, Kafka {at.kafka}, metadata {at.metadata}",
        next=there(at, target),
    )


def there(at: Standing, target: str) -> str:
    """Return the way to a Kafka version in words."""
    if not any(target in each.kafka for each in RELEASES):
        return "no operator of the table runs that version; prompt-kafka upgrade kafka shows what there is"
    hops = way(at, Goal(kafka=target))
    if hops is None and compare_metadata(at.metadata, metadata_of(target)) > 0:
        return (
            f"there is no way back: the metadata level is {at.metadata}, and its records changed since "
            f"{metadata_of(target)}"
        )
    if hops is None:
        return "no way is known to that version; prompt-kafka upgrade kafka shows those there are"
    return "the way there, one at a time: " + "; ".join(hop.command for hop in hops)


def compared(world: World, argo: Application) -> bool:
    """Return whether Argo CD has compared the application with the branch's head."""
    return Compared(argo.name).judge(world).holds
