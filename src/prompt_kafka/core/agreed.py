"""Conditions on topics, users and their passwords: resource and broker agree. Part of the closed union."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({Part.RESOURCES})

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

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({Part.RESOURCES, Part.TOPICS})

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
class BrokersHave:
    """Every broker runs with these settings.

    Attributes
    ----------
    settings
        Name and value of each.
    """

    settings: tuple[tuple[str, str], ...]

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({Part.SETTINGS})

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
        said = ", ".join(f"{name}={value}" for name, value in self.settings)
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
