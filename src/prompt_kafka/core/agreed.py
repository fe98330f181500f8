"""Conditions on topics, users and their passwords: resource and broker agree. Part of the closed union."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core.configured import same
from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import KeysOf, Login, LoginAs, Look, Part, Seen, World, unseen


@dataclass(frozen=True, slots=True)
class SecretPresent:
    """A Secret has a key. What the key holds is never looked at."""

    secret: str
    key: str

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({KeysOf(self.secret)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen: Seen[frozenset[str]] = world.secrets.get(self.secret) or unseen()
        if seen.known is None:
            return unknown(seen)
        if self.key not in seen.known:
            return no(f"Secret {self.secret} has no key {self.key} yet")
        return yes(f"Secret {self.secret} has the key {self.key}")


@dataclass(frozen=True, slots=True)
class ResourceReady:
    """Its operator says of a topic or user that it is Ready, at its present generation.

    Attributes
    ----------
    resource
        ``KafkaTopic`` or ``KafkaUser``.
    """

    resource: str
    name: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.RESOURCES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.resources.known is None:
            return unknown(world.resources)
        for each in world.resources.known:
            if (each.kind, each.name) == (self.resource, self.name):
                if each.settled:
                    return yes(f"{each.kind} {each.name} Ready at generation {each.generation}")
                return no(f"{each.kind} {each.name}: {each.message or each.reason or 'not Ready yet'}")
        return no(f"{self.resource} {self.name} is not there yet")


@dataclass(frozen=True, slots=True)
class ResourcesReady:
    """Every topic and user resource of the service is Ready at its present generation."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.RESOURCES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        resources = world.resources.known
        if resources is None:
            return unknown(world.resources)
        wrong = [
            f"{r.kind} {r.name}: {r.message or r.reason or 'not Ready'}" for r in resources if not r.settled
        ]
        return judge(wrong, f"{len(resources)} topics and users Ready", most=1)


@dataclass(frozen=True, slots=True)
class ResourceAgrees:
    """The brokers' topic is as its ``KafkaTopic`` says, which is Ready at its present generation.

    Attributes
    ----------
    resource
        Name of the ``KafkaTopic``.
    settings
        Names and values that are set on the topic.
    """

    topic: str
    resource: str
    partitions: int
    replicas: int
    settings: tuple[tuple[str, str], ...] = ()

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.RESOURCES, Part.TOPICS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        ready = ResourceReady("KafkaTopic", self.resource).judge(world)
        if not ready.holds:
            return ready
        if world.topics.known is None:
            return unknown(world.topics)
        found = next((each for each in world.topics.known if each.name == self.topic), None)
        if found is None:
            return no(f"the brokers have no topic {self.topic} yet")
        wrong = []
        if len(found.partitions) != self.partitions:
            wrong.append(f"{self.topic} has {len(found.partitions)} partitions, not {self.partitions}")
        if any(len(each.replicas) != self.replicas for each in found.partitions):
            wrong.append(f"{self.topic} has not {self.replicas} replicas everywhere")
        wrong += [f"partition {each} has no leader" for each in found.without_leader]
        for name, value in self.settings:
            if found.settings.get(name) != value:
                wrong.append(f"{self.topic}: {name} is {found.settings.get(name, 'not set')}, not {value}")
        count = "1 partition" if self.partitions == 1 else f"{self.partitions} partitions"
        said = f"{self.topic}: {count}, {self.replicas} replicas on the brokers"
        return judge(wrong, said)


@dataclass(frozen=True, slots=True)
class TopicGone:
    """A topic is not there any more, neither as a ``KafkaTopic`` nor on the brokers.

    Attributes
    ----------
    resource
        Name of the ``KafkaTopic``.
    """

    topic: str
    resource: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.RESOURCES, Part.TOPICS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.resources.known is None:
            return unknown(world.resources)
        left = [each for each in world.resources.known if (each.kind, each.name) == _topic(self.resource)]
        if left:
            return no(f"KafkaTopic {self.resource} is still there{_told(left[0].message)}")
        if world.topics.known is None:
            return unknown(world.topics)
        if any(each.name == self.topic for each in world.topics.known):
            return no(f"the brokers still have the topic {self.topic}")
        return yes(f"no KafkaTopic {self.resource}, and no topic {self.topic} on the brokers")


def _topic(resource: str) -> tuple[str, str]:
    return "KafkaTopic", resource


def _told(message: str) -> str:
    return f": {message}" if message else ""


@dataclass(frozen=True, slots=True)
class UserGone:
    """A user is not there any more: no ``KafkaUser``, no Secret, no password and no right on the brokers."""

    user: str

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({Part.RESOURCES, Part.ACCESS, KeysOf(self.user)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen: Seen[frozenset[str]] = world.secrets.get(self.user) or unseen()
        for part in (world.resources, world.access, seen):
            if part.known is None:
                return unknown(part)
        resources, access = world.resources.known or (), world.access.known
        assert access is not None
        rights = [str(each) for each in sorted(access.rules) if each.user == self.user]
        wrong = [f"{each} on the brokers" for each in rights]
        if any((each.kind, each.name) == ("KafkaUser", self.user) for each in resources):
            wrong.append(f"KafkaUser {self.user} is still there")
        if seen.known:
            wrong.append(f"Secret {self.user} is still there")
        if self.user in access.passwords:
            wrong.append(f"the brokers still know a password of {self.user}")
        return judge(wrong, f"no KafkaUser, Secret, password or right of {self.user} is left")


@dataclass(frozen=True, slots=True)
class BrokersHave:
    """Every broker runs with these settings.

    Attributes
    ----------
    settings
        Name and value of each.
    usual
        Names of those that are nobody's: neither set while they run nor in the file they started with.
    """

    settings: tuple[tuple[str, str], ...]
    usual: tuple[str, ...] = ()

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.SETTINGS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.settings.known is None:
            return unknown(world.settings)
        wrong = []
        for id, found in sorted(world.settings.known.brokers.items()):
            for name, value in self.settings:
                has = found[name].value if name in found else None
                if not same(has, value):
                    wrong.append(f"broker {id}: {name} is {has}, not {value}")
            for name in self.usual:
                if name in found and (found[name].dynamic or found[name].started_with):
                    wrong.append(f"broker {id}: {name} is {found[name].value}, not Kafka's own default")
        said = ", ".join(
            [
                *(f"{name}={value}" for name, value in self.settings),
                *(f"{name} at Kafka's default" for name in self.usual),
            ]
        )
        return judge(wrong, f"{len(world.settings.known.brokers)} brokers have {said}")


@dataclass(frozen=True, slots=True)
class UserAuthorized:
    """A user can log in, and the brokers let it do exactly this (KIP-430); nothing when nothing is listed.

    Attributes
    ----------
    topics, groups
        What it may do to each, with what follows from it (:mod:`prompt_kafka.core.rights`).
    """

    user: str
    topics: tuple[tuple[str, tuple[str, ...]], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def _look(self) -> LoginAs:
        return LoginAs(
            self.user, tuple(name for name, _ in self.topics), tuple(name for name, _ in self.groups)
        )

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({self._look})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen: Seen[Login] = world.logins.get(self._look) or unseen()
        if seen.known is None:
            return unknown(seen)
        wrong, right = [], []
        for kind, wanted, found in (
            ("topic", self.topics, seen.known.topics),
            ("group", self.groups, seen.known.groups),
        ):
            for name, operations in wanted:
                has = found.get(name, frozenset())
                said = f"{', '.join(sorted(has)) or 'do nothing'} on {kind} {name}"
                if has != set(operations):
                    wrong.append(f"{self.user} may {said}, not {', '.join(operations) or 'do nothing'}")
                else:
                    right.append(said)
        return judge(wrong, f"{self.user} logs in and may {'; '.join(right)}")
