"""Who may do what: each user as its resource says it, as the brokers have it, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.core.codec import Json
from prompt_kafka.core.configured import AccessRule
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.rights import Rule, allowed, rules_of, words
from prompt_kafka.core.world import Look, ObjectsOf, Part, World

_API = "kafka.strimzi.io/v1"
LOOKS: frozenset[Look] = frozenset(
    {Part.RESOURCES, Part.ACCESS, Part.GROUPS, ObjectsOf(((_API, "KafkaUser"), (_API, "Kafka")))}
)
"""What must be in the World."""


@dataclass(frozen=True, slots=True)
class UserView:
    """A user.

    Attributes
    ----------
    resource
        Its ``KafkaUser`` as the operator reports it; None where there is none.
    rules
        Its ACLs: of the resource, or of the brokers where there is none.
    super_user
        It may do anything.
    differs
        What the brokers have otherwise than the resource, in sentences.
    unknown
        Why it is unknown what the brokers have.
    reads_in
        Groups with members in which it may read.
    login
        How it logs in, as its resource says: ``scram-sha-512``, ``tls`` …; empty where there is none.
    password
        Whether the brokers keep a password of it (SCRAM); None where that is not known.
    quotas
        Name and value of each of its quotas, as the brokers have them.
    """

    name: str
    resource: ResourceState | None
    rules: tuple[Rule, ...] = ()
    super_user: bool = False
    differs: tuple[str, ...] = ()
    unknown: str = ""
    reads_in: tuple[str, ...] = ()
    login: str = ""
    password: bool | None = None
    quotas: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def words(self) -> str:
        """What it may do, in one sentence."""
        return (
            f"{self.name} may do anything: it is a super user"
            if self.super_user
            else words(self.name, self.rules)
        )

    @property
    def state(self) -> str:
        """What is wrong with it, or that nothing is."""
        if self.resource is None:
            return "the brokers have it without a KafkaUser: its operator deletes it"
        if not self.resource.settled:
            return self.resource.message or self.resource.reason or "not Ready yet"
        if self.differs:
            return "; ".join(self.differs)
        if self.login.startswith("scram") and self.password is False:
            return "the brokers have no password of it: it cannot log in"
        return (
            f"Ready; the brokers: unknown, because {self.unknown}" if self.unknown else "Ready, brokers agree"
        )

    def on(self, topic: str) -> tuple[str, ...]:
        """Return what it may do to a topic."""
        return ("do anything",) if self.super_user else allowed(self.rules, "topic", topic)

    def to_json(self) -> Json:
        """Return it as what JSON can hold."""
        return {
            "name": self.name,
            "ready": bool(self.resource and self.resource.settled),
            "super_user": self.super_user,
            "words": self.words,
            "state": self.state,
            "groups": list(self.reads_in),
            "login": self.login or None,
            "password": self.password,
            "quotas": dict(self.quotas),
            "unknown": self.unknown or None,
            "rights": [
                {
                    "resource": rule.resource,
                    "name": rule.name,
                    "prefix": rule.prefix,
                    "operations": list(rule.operations),
                    "deny": rule.deny,
                }
                for rule in self.rules
            ],
        }


def access_rules(user: Mapping[str, Any]) -> Iterator[AccessRule]:
    """Yield the ACLs of a ``KafkaUser`` as the brokers keep them."""
    for acl in ((user.get("spec") or {}).get("authorization") or {}).get("acls") or ():
        resource = acl.get("resource") or {}
        kind = str(resource.get("type"))
        name = "kafka-cluster" if kind == "cluster" else str(resource.get("name") or "")
        for operation in acl.get("operations") or [acl.get("operation") or "All"]:
            yield AccessRule(
                str(user["metadata"]["name"]),
                kind,
                name,
                str(resource.get("patternType") or "literal"),
                str(operation),
                str(acl.get("type") or "allow"),
                str(acl.get("host") or "*"),
            )


def users(world: World) -> tuple[UserView, ...]:
    """Return every user that the cluster or the brokers have, by name."""
    objects = world.objects.known.found if world.objects.known else {}
    manifests = {name: each for (kind, name), each in objects.items() if kind == "KafkaUser"}
    states = {each.name: each for each in world.resources.known or () if each.kind == "KafkaUser"}
    access = world.access.known
    has: dict[str, set[AccessRule]] = {}
    for rule in access.rules if access else ():
        has.setdefault(rule.user.removeprefix("CN="), set()).add(rule)
    names = states.keys() | manifests.keys() | has.keys() | (access.passwords if access else frozenset())
    supers = set(_super_users(objects))
    return tuple(
        _view(world, name, manifests.get(name), states.get(name), has, supers) for name in sorted(names)
    )


def _super_users(objects: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[str]:
    for (kind, _), manifest in objects.items():
        if kind == "Kafka":
            spec = (manifest.get("spec") or {}).get("kafka") or {}
            for each in (spec.get("authorization") or {}).get("superUsers") or ():
                yield str(each).removeprefix("User:").removeprefix("CN=")


def _view(
    world: World,
    name: str,
    manifest: Mapping[str, Any] | None,
    state: ResourceState | None,
    brokers: Mapping[str, set[AccessRule]],
    supers: set[str],
) -> UserView:
    has = {_rest(each) for each in brokers.get(name, ())}
    wanted = {_rest(each) for each in access_rules(manifest)} if manifest else has
    differs = [f"the brokers do not {_told(each)}" for each in sorted(wanted - has)]
    differs += [f"the brokers {_told(each)} too" for each in sorted(has - wanted)]
    access = world.access.known
    known = access is not None
    rules = rules_of(manifest) if manifest else tuple(_rule(each) for each in sorted(has))
    groups = (group.id for group in world.groups.known or () if group.members)
    return UserView(
        name=name,
        resource=state,
        rules=rules,
        super_user=name in supers,
        differs=tuple(differs) if known and manifest else (),
        unknown="" if known else world.access.because,
        reads_in=tuple(each for each in groups if "read" in allowed(rules, "group", each)),
        login=_login(manifest),
        password=name in access.passwords if access else None,
        quotas=access.quotas.get(name, {}) if access else {},
    )


def _login(manifest: Mapping[str, Any] | None) -> str:
    return str((((manifest or {}).get("spec") or {}).get("authentication") or {}).get("type") or "")


_Rest = tuple[str, str, str, str, str, str]


def _rest(rule: AccessRule) -> _Rest:
    return rule.resource, rule.name, rule.pattern, rule.operation, rule.permission, rule.host


def _told(rest: _Rest) -> str:
    return str(AccessRule("", *rest))


def _rule(rest: _Rest) -> Rule:
    resource, name, pattern, operation, permission, _ = rest
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    return Rule(resource, name, (snake,), pattern == "prefix", permission == "deny")
