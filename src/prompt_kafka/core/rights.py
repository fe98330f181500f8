"""What a Kafka user may do: as its ACLs say it, as the brokers say it (KIP-430), and in words.

The brokers answer with what follows from an ACL too: who may read may also describe. So both sides are
brought to the same form, and are then equal or are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOPIC_OPERATIONS = frozenset(
    {"read", "write", "create", "describe", "delete", "alter", "describe_configs", "alter_configs"}
)
GROUP_OPERATIONS = frozenset({"read", "describe", "delete", "describe_configs", "alter_configs"})

_IMPLIED = {
    "read": "describe",
    "write": "describe",
    "delete": "describe",
    "alter": "describe",
    "alter_configs": "describe_configs",
}
_SUPPORTED = {"topic": TOPIC_OPERATIONS, "group": GROUP_OPERATIONS}


@dataclass(frozen=True, slots=True)
class Rule:
    """One ACL of a ``KafkaUser``."""

    resource: str
    name: str
    operations: tuple[str, ...]
    prefix: bool = False
    deny: bool = False

    def covers(self, resource: str, name: str) -> bool:
        """Return whether it is about this resource."""
        if self.resource != resource:
            return False
        if self.prefix:
            return name.startswith(self.name)
        return self.name in ("*", name)


def rules_of(user: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return the ACLs of a ``KafkaUser`` manifest."""
    acls = ((user.get("spec") or {}).get("authorization") or {}).get("acls") or ()
    return tuple(_rule(acl) for acl in acls)


def _rule(acl: Mapping[str, Any]) -> Rule:
    resource = acl.get("resource") or {}
    operations = acl.get("operations") or [acl.get("operation") or "All"]
    return Rule(
        resource=str(resource.get("type")),
        name=str(resource.get("name") or "kafka-cluster"),
        operations=tuple(_snake(str(each)) for each in operations),
        prefix=resource.get("patternType") == "prefix",
        deny=acl.get("type") == "deny",
    )


def _snake(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


def allowed(rules: Iterable[Rule], resource: str, name: str) -> tuple[str, ...]:
    """Return what the rules let a user do to a topic or a group, with what follows from it, sorted."""
    supported = _SUPPORTED[resource]
    allowed: set[str] = set()
    denied: set[str] = set()
    for rule in rules:
        if rule.covers(resource, name):
            given = set(supported if "all" in rule.operations else rule.operations)
            if rule.deny:
                denied |= given
            else:
                allowed |= given | {_IMPLIED[each] for each in given & _IMPLIED.keys()}
    return tuple(sorted((allowed & supported) - denied))


def words(user: str, rules: Iterable[Rule]) -> str:
    """Return what a user may do in one sentence, and what of reading and writing it may not."""
    listed = tuple(rules)
    groups = [rule for rule in listed if _joins(rule)]
    phrases = [phrase(rule) for rule in listed if rule not in groups]
    if groups and not any(rule.resource == "topic" and not rule.deny for rule in listed):
        phrases.append(f"join {_named('group', groups)}")
    elif groups:
        last = max(n for n, rule in enumerate(r for r in listed if r not in groups) if _reads(rule, listed))
        phrases[last] += f" in {_named('group', groups)}"
    if not phrases:
        return f"{user} may do nothing"
    lacks = [each for each in ("read", "write") if not _any(listed, each)]
    end = f"may not {' or '.join(lacks)}" if lacks else "nothing else"
    return f"{user} may {', '.join(phrases)}; {end}"


def _joins(rule: Rule) -> bool:
    return (
        rule.resource == "group"
        and not rule.deny
        and set(rule.operations) <= {"read", "describe"}
        and ("read" in rule.operations)
    )


def _reads(rule: Rule, among: tuple[Rule, ...]) -> bool:
    """Return whether a group is told behind this right: the last that reads, else the last on a topic."""
    reading = any(r.resource == "topic" and not r.deny and {"read", "all"} & {*r.operations} for r in among)
    mine = bool({"read", "all"} & {*rule.operations})
    return rule.resource == "topic" and not rule.deny and (mine or not reading)


def _any(rules: Iterable[Rule], operation: str) -> bool:
    return any(r.resource == "topic" and not r.deny and {operation, "all"} & {*r.operations} for r in rules)


def _named(thing: str, rules: Iterable[Rule]) -> str:
    names = [
        (rule.name == "*" and not rule.prefix, f"`{rule.name}{'*' if rule.prefix else ''}`") for rule in rules
    ]
    if any(every for every, _ in names):
        return f"any {thing}"
    several = len(names) > 1 or any(rule.prefix for rule in rules)
    return f"{thing}{'s' if several else ''} {' and '.join(name for _, name in names)}"


def phrase(rule: Rule) -> str:
    """Return one right in words: ``read `butler-writer` ``."""
    verbs = " and ".join(each.replace("_", " ") for each in rule.operations)
    if "all" in rule.operations:
        verbs = "do anything to"
    if rule.deny:
        verbs = f"NOT {verbs}"
    if rule.resource == "cluster":
        return f"{verbs} the cluster"
    if rule.resource == "topic":
        return f"{verbs} any topic" if rule.name == "*" and not rule.prefix else f"{verbs} {_quoted(rule)}"
    if rule.resource == "group":
        verbs = verbs.replace("read", "read in")
    thing = "transactional id" if rule.resource == "transactionalId" else rule.resource
    return f"{verbs} {_named(thing, [rule])}"


def _quoted(rule: Rule) -> str:
    return f"`{rule.name}{'*' if rule.prefix else ''}`"
