"""The steps of *Create New Kafka Topics*, and what proves them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.agreed import ResourceAgrees, ResourceReady, UserAuthorized
from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.delivered import Compared
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.plan import Step
from prompt_kafka.core.request import TopicRequest
from prompt_kafka.core.rights import allowed, rules_of
from prompt_kafka.core.world import World
from prompt_kafka.procedures import delivery
from prompt_kafka.procedures.authoring.topic import Wanted
from prompt_kafka.procedures.passwords import passwords
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.rendered import Difference, Manifest, of_kind
from prompt_kafka.procedures.sync_order import syncs
from prompt_kafka.procedures.user_proofs import another_cannot

PROOF_S = 300.0


@dataclass(frozen=True, slots=True)
class Change:
    """What was worked out on the way to the steps.

    Attributes
    ----------
    after
        The objects that the charts make with the change.
    brought
        What the change makes different.
    pending
        What is different from the commit that is deployed.
    """

    request: TopicRequest
    world: World
    git: GitState
    wanted: Wanted
    files: tuple[FileChange, ...]
    after: tuple[Manifest, ...]
    brought: Difference
    pending: Difference


def steps(change: Change, argo: Application, proofs: tuple[Condition, ...], canary: bool) -> Iterator[Step]:
    """Yield what is still to be done: commit, compare, passwords, users, topic, everything, proof."""
    world = change.world
    if change.files:
        yield commit(change)
    compared = Compared(argo.name)
    if change.files or not compared.judge(world).holds:
        yield delivery.compare(argo, _needs(change))
    yield from passwords(change.after, world, (grant.user for grant in change.request.grants))
    yield from _syncs(change, argo)
    yield Step(
        title="prove the topic and its users on the brokers",
        why="resources that are Ready prove nothing about what a client can do",
        action=Observe(),
        proof=(*proofs, *bystander(change), finished(world, canary=canary, stable_s=change.request.stable_s)),
        timeout_s=PROOF_S,
    )


def _needs(change: Change) -> tuple[Condition, ...]:
    return (TargetIs(change.world.target.cluster_id),)


def commit(change: Change) -> Step:
    """Return the step that commits the files."""
    git, topic = change.git, change.wanted.topic
    message = (
        f"Create Kafka topic {topic.name} in subchart {change.request.subchart}\n\n"
        f"{topic.partitions} partitions, {topic.replicas} replicas of which {topic.min_in_sync} must be in "
        f"sync, messages kept {topic.retention}."
    )
    return delivery.commit(git, message, change.files, _needs(change))


def _syncs(change: Change, argo: Application) -> Iterator[Step]:
    own = ("KafkaTopic", change.wanted.topic.resource)
    return syncs(
        change.world,
        change.git,
        argo,
        after=change.after,
        pending=change.pending,
        ours=frozenset({own, *(("KafkaUser", grant.user) for grant in change.request.grants)}),
        agrees=lambda key: _agrees(change) if key == own else None,
        changed=bool(change.files),
    )


def _agrees(change: Change) -> ResourceAgrees:
    topic = change.wanted.topic
    spec = of_kind(change.after, "KafkaTopic")[topic.resource].get("spec") or {}
    settings = tuple(sorted((str(name), str(value)) for name, value in (spec.get("config") or {}).items()))
    return ResourceAgrees(topic.name, topic.resource, topic.partitions, topic.replicas, settings)


def proofs(change: Change) -> tuple[Condition, ...]:
    """Return what must hold of the topic and its users in the end."""
    users = of_kind(change.after, "KafkaUser")
    found: list[Condition] = [_agrees(change)]
    for grant in change.request.grants:
        found += [
            ResourceReady("KafkaUser", grant.user),
            _authorized(change, users[grant.user], grant.groups),
        ]
    return tuple(found)


def _authorized(change: Change, user: Manifest, groups: tuple[str, ...]) -> UserAuthorized:
    rules, topic = rules_of(user), change.request.name
    return UserAuthorized(
        str(user["metadata"]["name"]),
        ((topic, allowed(rules, "topic", topic)),),
        tuple((group, allowed(rules, "group", group)) for group in groups),
    )


def bystander(change: Change) -> tuple[Condition, ...]:
    """Return the proof that another user gets nowhere near the topic, where there is such a user."""
    granted = {grant.user for grant in change.request.grants}
    new = {name for kind, name in change.brought.added if kind == "KafkaUser"}
    return another_cannot(change.after, granted | new, change.request.name)
