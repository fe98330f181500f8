"""All that was observed of a service, frozen, with the time it was seen.

A part that could not be seen is in the World as `Unknown` with the reason, never as something empty: an
empty list of under-replicated partitions is good news, a question nobody answered is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from prompt_kafka.core.configured import Access, BrokerSettings
from prompt_kafka.core.delivery import Application, GitState, Tip
from prompt_kafka.core.forge import PullRequest
from prompt_kafka.core.hours import Hours
from prompt_kafka.core.installation import Installation
from prompt_kafka.core.kafka import Cluster, Features, Group, Offsets, TopicState
from prompt_kafka.core.live import LiveObjects
from prompt_kafka.core.objects import Canary, Host, Nodes, ResourceState, Workload
from prompt_kafka.core.quorum import ControllerAnswer
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.surroundings import Claim, NodeLog, ShutdownRecord
from prompt_kafka.core.upkeep import Certificate, Volume

T = TypeVar("T")


class Part(StrEnum):
    """A part of the World that is observed by itself; a procedure declares which it must see."""

    NODES = "nodes"
    QUORUM = "quorum"
    CLUSTER = "brokers"
    TOPICS = "partitions"
    GROUPS = "groups"
    RESOURCES = "topics and users"
    APPLICATIONS = "applications"
    CANARY = "canary"
    GIT = "git"
    SETTINGS = "broker settings"
    ACCESS = "access rules"
    TIP = "tip of the branch"
    HOURS = "production hours"
    HOSTS = "machines"
    WORKLOADS = "deployments"
    CERTIFICATES = "certificates"
    VOLUMES = "volumes"
    FEATURES = "metadata level"
    INSTALLATION = "the operator's clusters"
    CLAIMS = "volume claims"
    LOGS = "logs of the nodes"
    OFFSETS = "end offsets"
    WRITES = "writes"
    SHUTDOWN = "shutdown record"


@dataclass(frozen=True, slots=True)
class KeysOf:
    """Look which keys a Secret has; never at what they hold."""

    secret: str


@dataclass(frozen=True, slots=True)
class LoginAs:
    """Log in as a Kafka user and ask the brokers what it may do to these topics and groups."""

    user: str
    topics: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BranchOf:
    """Look at another branch than the one that is followed."""

    name: str


@dataclass(frozen=True, slots=True)
class RequestsOf:
    """Look at the pull requests of a branch into another, at the forge."""

    branch: str
    base: str


@dataclass(frozen=True, slots=True)
class FilesIn:
    """Look at the files of another folder of the repository, such as another application's."""

    folder: str


OPERATOR_FILES = FilesIn("the operator's")
"""The folder of the operator's application, whatever it is called in the environment."""


@dataclass(frozen=True, slots=True)
class ObjectsOf:
    """Look at the objects of these kinds, each by its API version and name, in the service's namespace."""

    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RenderOf:
    """Render an environment at the head of a branch: its parent, and these applications."""

    branch: str
    environment: str
    applications: tuple[str, ...]


Look = Part | KeysOf | LoginAs | BranchOf | RequestsOf | FilesIn | ObjectsOf | RenderOf
"""What can be looked at: a part, or something that has a name."""


INSTANT: frozenset[Look] = frozenset({Part.NODES, Part.QUORUM, Part.CLUSTER, Part.TOPICS, Part.GROUPS})
"""What "really finished" reads at one instant; the canary comes on top where something is proved."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part that was not seen, and why."""

    because: str


@dataclass(frozen=True, slots=True)
class Login:
    """What the brokers said to a user.

    Attributes
    ----------
    topics, groups
        What it may do to each (KIP-430); nothing where it may not even know of it.
    """

    topics: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)


NOT_ASKED = Unknown("it was not looked at")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A part of the World and when it was seen."""

    value: T | Unknown
    at: datetime | None = None

    @property
    def known(self) -> T | None:
        """The value, None when unknown."""
        return None if isinstance(self.value, Unknown) else self.value

    @property
    def because(self) -> str:
        """Why it is unknown; empty when it is known."""
        return self.value.because if isinstance(self.value, Unknown) else ""


def unseen() -> Seen[T]:
    """Return a part that was not looked at."""
    return Seen(NOT_ASKED)


@dataclass(frozen=True, slots=True)
class World:
    """What was seen of one service.

    Attributes
    ----------
    target
        Which service this is.
    at
        When the observation began, UTC.
    lag_objectives
        Seconds that each of the service's groups may be behind.
    route
        The way to the brokers that was used, for people.
    quorum_route
        The way to the controllers that was used.
    writes
        Topics that were written in the last half minute; without the service's own canary.
    shutdown
        What the last graceful shutdown wrote down; None when there was none.
    secrets, logins, branches, requests, renders
        What was looked at by name: the keys of a Secret, what the brokers said to a user, other branches,
        their pull requests, and how many objects each application of an environment renders.
    environment
        How the service is configured: what it should have, and where.
    unreachable
        Why the Kubernetes API does not answer; everything else is unknown then. Empty when it does.
    """

    target: Target
    at: datetime
    nodes: Seen[Nodes] = field(default_factory=unseen)
    quorum: Seen[tuple[ControllerAnswer, ...]] = field(default_factory=unseen)
    cluster: Seen[Cluster] = field(default_factory=unseen)
    topics: Seen[tuple[TopicState, ...]] = field(default_factory=unseen)
    groups: Seen[tuple[Group, ...]] = field(default_factory=unseen)
    resources: Seen[tuple[ResourceState, ...]] = field(default_factory=unseen)
    applications: Seen[tuple[Application, ...]] = field(default_factory=unseen)
    canary: Seen[Canary] = field(default_factory=unseen)
    git: Seen[GitState] = field(default_factory=unseen)
    settings: Seen[BrokerSettings] = field(default_factory=unseen)
    access: Seen[Access] = field(default_factory=unseen)
    objects: Seen[LiveObjects] = field(default_factory=unseen)
    branches: Mapping[str, Seen[GitState]] = field(default_factory=dict, hash=False)
    requests: Mapping[RequestsOf, Seen[tuple[PullRequest, ...]]] = field(default_factory=dict, hash=False)
    tip: Seen[Tip] = field(default_factory=unseen)
    hours: Seen[Hours] = field(default_factory=unseen)
    hosts: Seen[tuple[Host, ...]] = field(default_factory=unseen)
    workloads: Seen[tuple[Workload, ...]] = field(default_factory=unseen)
    certificates: Seen[tuple[Certificate, ...]] = field(default_factory=unseen)
    volumes: Seen[tuple[Volume, ...]] = field(default_factory=unseen)
    features: Seen[Features] = field(default_factory=unseen)
    installation: Seen[Installation] = field(default_factory=unseen)
    claims: Seen[tuple[Claim, ...]] = field(default_factory=unseen)
    logs: Seen[tuple[NodeLog, ...]] = field(default_factory=unseen)
    offsets: Seen[tuple[Offsets, ...]] = field(default_factory=unseen)
    writes: Seen[tuple[str, ...]] = field(default_factory=unseen)
    shutdown: Seen[ShutdownRecord | None] = field(default_factory=unseen)
    secrets: Mapping[str, Seen[frozenset[str]]] = field(default_factory=dict, hash=False)
    logins: Mapping[LoginAs, Seen[Login]] = field(default_factory=dict, hash=False)
    renders: Mapping[RenderOf, Seen[Mapping[str, int]]] = field(default_factory=dict, hash=False)
    lag_objectives: Mapping[str, float] = field(default_factory=dict, hash=False)
    simulated: tuple[str, ...] = ()
    route: str = ""
    quorum_route: str = ""
    environment: Environment = field(default_factory=lambda: Environment(""))
    unreachable: str = ""
