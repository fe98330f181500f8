"""Refusals of everything about users, each by the name of its rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.request_rights import UserRight
from prompt_kafka.core.rights import Rule, allowed, rules_of, words
from prompt_kafka.procedures import topic_rules
from prompt_kafka.procedures.chart_change import Change, Ground
from prompt_kafka.procedures.guards import near
from prompt_kafka.procedures.rendered import Manifest, by_key, key, of_kind, topic_name

IN_USE = "in-use"
"""The rule whose refusal may be accepted."""


def known_user(ground: Ground, name: str) -> Manifest:
    """Return a user of the charts; refuse one that they do not have (``unknown-user``)."""
    found = of_kind(ground.means.render(ground.here, {}), "KafkaUser")
    if name in found:
        return found[name]
    live = any((e.kind, e.name) == ("KafkaUser", name) for e in ground.world.resources.known or ())
    raise RefusedError(
        "unknown-user",
        f"nothing in Git makes the user {name}" + (", though the cluster has it" if live else ""),
        where=f"{ground.git.folder} at {ground.git.head[:12]}, {ground.here}",
        next=near(name, found) or "prompt-kafka user list",
    )


def free(ground: Ground, name: str) -> None:
    """Refuse a name that the cluster has and Git has not (``name-clash``)."""
    for each in ground.world.resources.known or ():
        if (each.kind, each.name) == ("KafkaUser", name):
            raise RefusedError(
                "name-clash",
                f"there is a user {name} already: a KafkaUser in the cluster that Git does not have",
                next="choose another name, or mend that by hand",
            )


def by_acls(manifest: Manifest) -> None:
    """Refuse a user whose rights are no list of ACLs (``not-by-acls``): a super user, another authorizer."""
    name = key(manifest)[1]
    kind = ((manifest.get("spec") or {}).get("authorization") or {}).get("type")
    if kind != "simple":
        raise RefusedError(
            "not-by-acls",
            f"{name} has no ACLs: it has {f'authorization {kind}' if kind else 'no authorization'}",
            where=f"KafkaUser {name}",
            next="who may do anything is named in spec.kafka.authorization.superUsers of the Kafka resource",
        )


def rights(rights: Iterable[UserRight]) -> None:
    """Refuse names that can be no topic and no group.

    Raises
    ------
    RefusedError
        ``illegal-name``.
    UsageError
        A group is named, and nothing is read.
    """
    for right in rights:
        if right.topic != "*":
            topic_rules.legal_topic(right.topic.removesuffix("*"))
        if right.group and "read" not in right.may:
            raise UsageError(f"{right}: only who reads has a group", next="leave the group away")


def known_topics(ground: Ground, rights: Iterable[UserRight]) -> None:
    """Refuse a right to a topic that is neither on the brokers nor in Git (``unknown-topic``)."""
    made = of_kind(ground.means.render(ground.here, {}), "KafkaTopic").values()
    names = {topic_name(each) for each in made} | {each.name for each in ground.world.topics.known or ()}
    for right in rights:
        if right.topic.endswith("*") or right.topic in names:
            continue
        raise RefusedError(
            "unknown-topic",
            f"{right}: there is no topic {right.topic}",
            where=f"{ground.git.folder} at {ground.git.head[:12]}, {ground.here}",
            next=near(right.topic, names) or "create the topic first",
        )


def made_as_asked(change: Change, name: str, wanted: tuple[Rule, ...]) -> Manifest | None:
    """Return the user that the edited charts make; refuse another one than was asked for.

    Returns
    -------
    Manifest or None
        None where its subchart is off in this environment.

    Raises
    ------
    RefusedError
        ``unexpected-objects``.
    """
    user = by_key(change.after).get(("KafkaUser", name))
    if user is None:
        return None
    labels = (user.get("metadata") or {}).get("labels") or {}
    wrong = []
    if labels.get("strimzi.io/cluster") != change.ground.cluster:
        wrong.append(f"it belongs to the cluster {labels.get('strimzi.io/cluster')!r}")
    if sum(key(each) == ("KafkaUser", name) for each in change.after) > 1:
        wrong.append("a template makes it too, in which its name does not stand")
    if not set(wanted) <= set(rules_of(user)):
        wrong.append("its ACLs are not those that were asked for")
    if wrong:
        raise RefusedError(
            "unexpected-objects",
            f"the edited charts do not make {name} as asked for: {'; '.join(wrong)}",
            where=", ".join(each.path for each in change.files),
            next="edit that subchart by hand, or put the user into another one",
        )
    return user


def really_less(user: Manifest, revoke: Iterable[Rule]) -> None:
    """Refuse to call a right taken away that another ACL still gives (``wider-right``)."""
    name, rules = key(user)[1], rules_of(user)
    for rule in revoke:
        if rule.resource not in ("topic", "group"):
            continue
        left = set(allowed(rules, rule.resource, rule.name)) & set(rule.operations)
        wider = [each for each in rules if each.covers(rule.resource, rule.name) and not each.deny]
        if left and wider:
            raise RefusedError(
                "wider-right",
                f"{name} would still {' and '.join(sorted(left))} {rule.resource} {rule.name}, by a wider "
                f"right: {words(name, wider).partition(';')[0]}",
                where=f"KafkaUser {name}",
                next="revoke that one, and grant what is to stay",
            )


def nobody_needs(ground: Ground, name: str, manifest: Manifest | None) -> tuple[str, ...]:
    """Return who still uses a user, as far as that is accepted; refuse it otherwise.

    Raises
    ------
    RefusedError
        It is the runbook's own or a super user (``runbook-user``, ``super-user``); a group of it reads, or a
        workload takes its Secret (``in-use``).
    """
    access = ground.means.environment.kafka
    if name in (access.user, access.reader, access.canary_user):
        raise RefusedError(
            "runbook-user",
            f"the runbook itself logs in as {name}",
            where="service.yaml: kafka",
            next="name another user there first",
        )
    manifests = ground.means.render(ground.here, {})
    for kafka in of_kind(manifests, "Kafka").values():
        spec = (kafka.get("spec") or {}).get("kafka") or {}
        if name in ((spec.get("authorization") or {}).get("superUsers") or ()):
            raise RefusedError(
                "super-user",
                f"{name} is a super user of Kafka {key(kafka)[1]}",
                where=f"Kafka {key(kafka)[1]}: spec.kafka.authorization.superUsers",
                next="take it out there first; that restarts the brokers",
            )
    uses = tuple(_uses(ground, name, rules_of(manifest or {}), manifests))
    if uses and IN_USE not in ground.means.terms.accepted:
        raise RefusedError(
            IN_USE,
            f"user {name} is in use: {'; '.join(uses[:3])}",
            where=f"KafkaUser {name}",
            next=f"stop that first; or give --accept {IN_USE}",
        )
    return uses


def _uses(ground: Ground, name: str, has: Iterable[Rule], manifests: Iterable[Manifest]) -> Iterator[str]:
    rules = [rule for rule in has if rule.resource == "group" and rule.name != "*"]
    for group in ground.world.groups.known or ():
        if group.members and any(rule.covers("group", group.id) for rule in rules):
            yield f"group {group.id} reads, with {len(group.members)} members"
    for each in manifests:
        if each["kind"] != "KafkaUser" and name in set(_secrets(each)):
            yield f"{each['kind']} {key(each)[1]} takes its Secret"


def _secrets(value: Any) -> Iterator[str]:
    """Yield the Secrets that a manifest refers to."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in ("secretKeyRef", "secretRef") and isinstance(each, Mapping):
                yield str(each.get("name"))
            elif name == "secretName":
                yield str(each)
            else:
                yield from _secrets(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _secrets(each)
