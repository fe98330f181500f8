"""Refusals of *Deployment*: what a commit would do to topics, users, layouts and versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.version_change import IllegalVersionChange, version_change
from prompt_kafka.core.versions import (
    InvalidMetadataVersion,
    UnknownOperatorVersion,
    UnsupportedKafkaVersion,
    can_lower_metadata,
    check_kafka,
    compare,
    metadata_level,
)
from prompt_kafka.core.world import World
from prompt_kafka.procedures.rendered import Difference, Manifest, of_kind, topic_name

HELD = ("KafkaTopic", "KafkaUser", "Kafka", "KafkaNodePool")
"""Kinds whose deletion deletes data, or locks clients out."""


def known_revision(git: GitState, revision: str) -> str:
    """Return the commit that is meant; refuse one that the branch does not have (``unknown-revision``)."""
    found = git.resolve(revision)
    if not found:
        raise RefusedError(
            "unknown-revision",
            f"{git.branch} has no commit {revision}, or several begin like that",
            where=git.repository,
            next=f"git log {git.branch} -- {git.folder}; or push it first",
        )
    return found


def not_behind(git: GitState, argo: Application, wanted: str) -> None:
    """Refuse a commit before the one that is deployed (``behind-deployed``)."""
    if argo.deployed != wanted and git.contains(argo.deployed, wanted):
        raise RefusedError(
            "behind-deployed",
            f"{wanted[:12]} is older than what is deployed, {argo.deployed[:12]}",
            where=f"Application {argo.namespace}/{argo.name}",
            next=f"prompt-kafka rollback --to {wanted[:12]}",
        )


def not_by_itself(git: GitState, argo: Application, wanted: str) -> None:
    """Refuse another commit than the newest while Argo CD syncs by itself (``auto-sync``)."""
    if argo.automated and wanted != git.head:
        raise RefusedError(
            "auto-sync",
            f"{argo.name} syncs by itself: it would go on to {git.head[:12]} at once",
            where=f"Application {argo.namespace}/{argo.name}",
            next="deploy the newest, or turn auto-sync off first",
        )


def would_delete(argo: Application, brought: Difference) -> None:
    """Refuse what would delete topics, users or the cluster (``would-delete``).

    Our syncs never prune. Argo CD's own do where its policy says so, and an option to replace objects deletes
    and makes them anew.
    """
    going = [f"{kind} {name}" for kind, name in sorted(brought.removed) if kind in HELD]
    if argo.prunes and going:
        raise _would_delete(argo, going, "Argo CD syncs by itself and prunes", "turn `prune` off")
    replaced = [f"{kind} {name}" for kind, name in sorted(brought.changed) if kind in HELD]
    if argo.replaces and replaced:
        raise _would_delete(argo, replaced, "its sync options replace objects", "take Replace and Force away")


def _would_delete(argo: Application, what: list[str], why: str, next: str) -> RefusedError:
    more = f" and {len(what) - 3} more" if len(what) > 3 else ""
    return RefusedError(
        "would-delete",
        f"{', '.join(what[:3])}{more} would be deleted: {why}",
        where=f"Application {argo.namespace}/{argo.name}, spec.syncPolicy",
        next=f"{next} there; a topic's messages cannot be brought back",
    )


def layouts(world: World, coming: Iterable[Manifest]) -> None:
    """Refuse topics that Kafka cannot make (``fewer-partitions``, ``other-replicas``)."""
    there = {topic.name: topic for topic in world.topics.known or ()}
    for manifest in coming:
        topic = there.get(topic_name(manifest))
        spec = manifest.get("spec") or {}
        if topic is None or not topic.partitions:
            continue
        partitions, replicas = spec.get("partitions"), spec.get("replicas")
        if partitions is not None and partitions < len(topic.partitions):
            raise RefusedError(
                "fewer-partitions",
                f"topic {topic.name} has {len(topic.partitions)} partitions, Git wants {partitions}: "
                "Kafka takes none away",
                where=f"KafkaTopic {manifest['metadata']['name']}",
                next=f"keep {len(topic.partitions)} partitions in Git, with a commit of its own",
            )
        if replicas is not None and replicas != topic.replication_factor:
            raise RefusedError(
                "other-replicas",
                f"topic {topic.name} has {topic.replication_factor} replicas, Git wants {replicas}: "
                "the topic operator does not change that",
                where=f"KafkaTopic {manifest['metadata']['name']}",
                next="reassign its partitions first (kafka-reassign-partitions), or keep the number in Git",
            )


@dataclass(frozen=True, slots=True)
class Levels:
    """What becomes of the metadata version.

    Attributes
    ----------
    rises
        It goes up: a point of no return.
    notes
        What the reader should know.
    """

    rises: bool = False
    notes: tuple[str, ...] = ()


def versions(world: World, after: Iterable[Manifest]) -> Levels:
    """Refuse versions that the operator refuses, and a way back that there is not.

    Raises
    ------
    RefusedError
        ``unsupported-kafka``; ``metadata-rise``: the metadata version has risen since, or cannot be lowered;
        ``illegal-version-change``.
    """
    nodes = world.nodes.known
    manifest = next((m for m in of_kind(after, "Kafka").values()), None)
    spec = ((manifest or {}).get("spec") or {}).get("kafka") or {}
    version, desired = str(spec.get("version") or ""), spec.get("metadataVersion")
    if nodes is None or not version:
        return Levels()
    operator = nodes.operator.version if nodes.operator else ""
    where = f"Kafka {nodes.kafka.name}: operator {operator or '?'}"
    try:
        if operator:
            check_kafka(operator, version)
    except UnsupportedKafkaVersion as error:
        way = "prompt-kafka upgrade kafka, or upgrade strimzi, shows the legal way"
        raise RefusedError("unsupported-kafka", error.what, where=where, next=way) from None
    except UnknownOperatorVersion:
        pass
    current = nodes.kafka.metadata_version
    wish = str(desired) if desired else None
    pods = tuple(pod.kafka_version or None for pod in nodes.pods)
    try:
        version_change(pods, version, desired=wish, current=current or None)
        final = version_change((version,), version, desired=wish, current=current or None).metadata
    except IllegalVersionChange as error:
        down = any(pod is not None and compare(version, pod) < 0 for pod in pods)
        way = "there is no way back to that Kafka version" if down else "prompt-kafka upgrade kafka"
        rule = "metadata-rise" if down else "illegal-version-change"
        raise RefusedError(rule, error.what, where=where, next=way) from None
    except InvalidMetadataVersion as error:
        raise RefusedError("illegal-version-change", error.what, where=where, next=error.next) from None
    if not current or metadata_level(final) == metadata_level(current):
        return Levels()
    if metadata_level(final) > metadata_level(current):
        pinned = "" if wish else ": it is not pinned, so the operator raises it by itself"
        return Levels(True, (f"the metadata version rises, {current} → {final}{pinned}",))
    if not can_lower_metadata(current, final):
        raise RefusedError(
            "metadata-rise",
            f"the metadata version has risen to {current} since: Kafka cannot go back to {final}",
            where=where,
            next=f"keep metadataVersion {current}, and take the rest back with a commit of its own",
        )
    return Levels(False, (f"the metadata version is lowered, {current} → {final}, which Kafka can do here",))
