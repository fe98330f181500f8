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
    """Return what a user may do in one sentence."""
    phrases = [_phrase(rule) for rule in rules]
    return f"{user} may {', '.join(phrases)}; nothing else" if phrases else f"{user} may do nothing"


def _phrase(rule: Rule) -> str:
    verbs = " and ".join(each.replace("_", " ") for each in rule.operations)
    if "all" in rule.operations:
        verbs = "do anything to"
    if rule.deny:
        verbs = f"NOT {verbs}"
    if rule.resource == "group":
        verbs = verbs.replace("read", "read in")
    if rule.resource == "cluster":
        return f"{verbs} the cluster"
    thing = "transactional id" if rule.resource == "transactionalId" else rule.resource
    if rule.name == "*" and not rule.prefix:
        return f"{verbs} any {thing}"
    return f"{verbs} {thing} {rule.name}{'…' if rule.prefix else ''}"
