"""What proves a user's rights: it logs in, and the brokers say what it may do (KIP-430); another may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_kafka.core.agreed import UserAuthorized
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.rights import Rule, allowed, rules_of
from prompt_kafka.core.world import LoginAs, World
from prompt_kafka.procedures.rendered import Manifest, of_kind

CANARY = "canary"
"""The runbook's own user, where the charts have it: no need to log in as a service's."""

MOST = 3
"""So many topics that begin alike are asked about."""


def questions(rules: Iterable[Rule], world: World | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the topics and groups to ask about, to see whether these ACLs hold.

    A right to all that begin alike is asked of topics that are there, of which a World knows.
    """
    listed = tuple(rules)
    there = [each.name for each in (world.topics.known or () if world else ()) if not each.internal]
    topics: dict[str, None] = {}
    groups: dict[str, None] = {}
    for rule in listed:
        if rule.resource == "topic" and (rule.prefix or rule.name == "*"):
            topics |= dict.fromkeys([name for name in there if rule.covers("topic", name)][:MOST])
        elif rule.resource == "topic":
            topics[rule.name] = None
        elif rule.resource == "group" and rule.name != "*":
            groups[rule.name] = None
    return tuple(topics), tuple(groups)


def login(user: str, rules: Iterable[Rule]) -> LoginAs:
    """Return the look at what the brokers let a user do, as far as these ACLs name it."""
    return LoginAs(user, *questions(rules))


def authorized(user: str, may: Iterable[Rule], asked: Iterable[Rule], world: World) -> UserAuthorized:
    """Return that a user may do exactly what its ACLs say, to what other ACLs are about.

    Parameters
    ----------
    may
        All ACLs of the user.
    asked
        Those that are granted, or taken away.
    """
    rules = tuple(may)
    topics, groups = questions(asked, world)
    return UserAuthorized(
        user,
        tuple((name, allowed(rules, "topic", name)) for name in topics),
        tuple((name, allowed(rules, "group", name)) for name in groups),
    )


def another_cannot(after: Iterable[Manifest], without: Iterable[str], topic: str) -> tuple[Condition, ...]:
    """Return the proof that another user gets nowhere near a topic, where there is such a user.

    Parameters
    ----------
    without
        Users who are new, or who are meant to get there.
    """
    left_out = set(without)
    users = of_kind(after, "KafkaUser").items()
    for name, user in sorted(users, key=lambda each: (each[0] != CANARY, each[0])):
        spec = user.get("spec") or {}
        scram = (spec.get("authentication") or {}).get("type") == "scram-sha-512"
        simple = (spec.get("authorization") or {}).get("type") == "simple"
        if name in left_out or not (scram and simple):
            continue
        if not allowed(rules_of(user), "topic", topic):
            return (UserAuthorized(name, ((topic, ()),)),)
    return ()


def unproved(asked: Iterable[Rule], world: World) -> Iterator[str]:
    """Yield the rights that nobody can be asked about: no topic begins so yet."""
    there = [each.name for each in world.topics.known or ()]
    for rule in asked:
        if rule.resource == "topic" and rule.prefix and not any(rule.covers("topic", name) for name in there):
            yield f"not proved: the right to {rule.name}*, because no topic begins so yet"
