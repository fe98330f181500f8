"""When a topic may not be deleted, each by name; what is in the way of it may be accepted."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.kafka import Group
from prompt_kafka.core.rights import allowed, rules_of
from prompt_kafka.procedures import guards
from prompt_kafka.procedures.chart_change import Change, Ground
from prompt_kafka.procedures.rendered import Manifest, by_key, of_kind

IN_USE, STILL_ALLOWED = "in-use", "still-allowed"
"""The rules whose refusal may be accepted."""


def refuse(name: str, ground: Ground) -> None:
    """Refuse the runbook's own topic, and brokers that delete none.

    Raises
    ------
    RefusedError
        ``runbook-topic``, ``never-deleted``.
    """
    world, access = ground.world, ground.means.environment.kafka
    if name == access.canary_topic and ground.means.canary:
        raise RefusedError(
            "runbook-topic",
            f"the runbook proves every procedure by a message through {name}",
            where="service.yaml: kafka.canary_topic",
            next="name another canary topic there first",
        )
    guards.seen(world, ("the groups", world.groups))
    brokers = world.settings.known.brokers if world.settings.known else {}
    for id, found in sorted(brokers.items()):
        if "delete.topic.enable" in found and found["delete.topic.enable"].value == "false":
            raise RefusedError(
                "never-deleted",
                f"broker {id} deletes no topics: delete.topic.enable is false",
                where="Kafka's settings",
                next="set it to true, deploy that, and run the command again",
            )


def in_use(name: str, ground: Ground) -> tuple[str, ...]:
    """Return who still uses a topic, as far as that is accepted; refuse it otherwise.

    Raises
    ------
    RefusedError
        A group reads it, or somebody writes it (``in-use``); a user has a right to it (``still-allowed``).
    """
    accepted = ground.means.terms.accepted
    uses = tuple(_uses(name, ground))
    if uses and IN_USE not in accepted:
        raise RefusedError(
            IN_USE,
            f"topic {name} is in use: {'; '.join(uses[:3])}",
            where=f"topic {name}",
            next=f"stop them and wait half a minute; or give --accept {IN_USE}",
        )
    manifests = ground.means.render(ground.here, {})
    users = allowed_users(manifests, name)
    rights = tuple(f"{user} still has a right to it" for user in users)
    if rights and STILL_ALLOWED not in accepted:
        raise RefusedError(
            STILL_ALLOWED,
            f"users still have rights to topic {name}: {', '.join(users)}",
            where=f"KafkaUser {users[0]}",
            next=f"prompt-kafka user alter {users[0]} --revoke {_rights(manifests, users[0], name)}; "
            f"or --accept {STILL_ALLOWED}",
        )
    return uses + rights


def _rights(manifests: Iterable[Manifest], user: str, topic: str) -> str:
    may = allowed(rules_of(of_kind(manifests, "KafkaUser")[user]), "topic", topic)
    return f"{'+'.join(each for each in ('read', 'write') if each in may) or 'read+write'}:{topic}"


def _uses(name: str, ground: Ground) -> Iterable[str]:
    world = ground.world
    ours = set(ground.means.environment.groups) | set(world.lag_objectives)
    for group in world.groups.known or ():
        if not _reads(group, name):
            continue
        if group.members:
            yield f"group {group.id} reads it, with {len(group.members)} members"
        elif group.id in ours:
            yield f"group {group.id} of the service has read it, though nobody reads now"
    if name in (world.writes.known or ()):
        yield "somebody wrote it within the last half minute"


def _reads(group: Group, topic: str) -> bool:
    assigned = {each.rpartition("-")[0] for member in group.members for each in member.partitions}
    return topic in assigned or any(each.topic == topic for each in group.lags)


def allowed_users(manifests: Iterable[Manifest], topic: str) -> list[str]:
    """Return the users whose ACLs name the topic; not those who may use any, or all that begin alike."""
    return sorted(
        name
        for name, user in of_kind(manifests, "KafkaUser").items()
        if any(
            (rule.resource, rule.name, rule.prefix, rule.deny) == ("topic", topic, False, False)
            for rule in rules_of(user)
        )
    )


def gone_from_git(change: Change, resource: str) -> None:
    """Refuse an edit after which the charts still make the topic, somewhere (``unexpected-objects``)."""
    ground = change.ground
    edits = {each.path: each.after for each in change.files}
    for environment in (ground.here, *(ground.others if edits else ())):
        made = by_key(change.after if environment == ground.here else ground.means.render(environment, edits))
        if ("KafkaTopic", resource) in made:
            raise RefusedError(
                "unexpected-objects",
                f"the edited charts would still make KafkaTopic {resource} in {environment}",
                where=ground.git.folder,
                next="take it out by hand, commit that, and run the command again",
            )
