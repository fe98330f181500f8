"""Looks at a service: only the parts that were asked for, in parallel, each with its own time and outcome.

A part that fails is `Unknown` with the reason; it never spoils another part, and it is never empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from prompt_kafka.adapters import canary, hours, installation, login, offsets, upkeep
from prompt_kafka.adapters.access import Access, Entry, reason
from prompt_kafka.adapters.argocd_way import ArgoCd, argocd_of
from prompt_kafka.adapters.around import Around
from prompt_kafka.adapters.brokers import Brokers
from prompt_kafka.adapters.node_log import Earlier
from prompt_kafka.adapters.quorum import until_led
from prompt_kafka.adapters.resources import Resources
from prompt_kafka.adapters.threads import Threads
from prompt_kafka.adapters.tree import Tree
from prompt_kafka.clients.documents import library
from prompt_kafka.clients.kafka import KafkaConnection, preload
from prompt_kafka.clients.kafka.silence import with_silent
from prompt_kafka.clients.kafka.volumes import volumes
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.objects import Canary
from prompt_kafka.core.quorum import ControllerAnswer
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import (
    BranchOf,
    KeysOf,
    Login,
    LoginAs,
    Look,
    ObjectsOf,
    Part,
    RenderOf,
    RequestsOf,
    Seen,
    Unknown,
    World,
)

if TYPE_CHECKING:
    from prompt_kafka.adapters.forge import Forge
    from prompt_kafka.adapters.git import GitRepository

T = TypeVar("T")

ASIDE = frozenset({"certificates", "tip", "volumes"})
"""What is worth a look and not worth a wait, where somebody waits."""
ASIDE_S, GRACE_S = 1.0, 0.1
"""Seconds that a look aside has in all, and after everything else is there."""


class Observer:
    """Observes one environment. Keeps its connections between looks; safe to use from one thread.

    Parameters
    ----------
    kubernetes
        A connection that may be read-only.
    environment
        Which service.
    reads_only
        Whether the Kafka connections refuse every write; a canary then stays unknown.
    patience
        Seconds that one Kafka node may be silent.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        environment: Environment,
        *,
        reads_only: bool,
        patience: float = 2.7,
        clock: Clock = SYSTEM,
    ) -> None:
        self._kubernetes = kubernetes
        self._environment = environment
        self._reads_only = reads_only
        self._patience = patience
        self._clock = clock
        self._access = Access(kubernetes, environment, read_only=reads_only)
        self._brokers = Brokers(self._access, environment.kafka.user, patience)
        self._quorum_route = ""
        self._lock = threading.Lock()
        self._tree = Tree(environment)
        self._argocd: ArgoCd | None = None
        self._pool = Threads("observe")
        self._resources = Resources(kubernetes, environment, self._pool)
        self._earlier: Earlier = {}

    def close(self) -> None:
        """Close the connections."""
        self._brokers.close()
        self._access.close()
        self._tree.close()
        if self._argocd is not None:
            self._argocd.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kafka(self) -> KafkaConnection:
        """Return a connection for reading: as the reader, or as the user that looks where there is none."""
        return self._brokers.reading(self._resources.kafka(), self._environment.kafka)

    @property
    def reads_as(self) -> str:
        """The user of the connection for reading; empty before there was one."""
        return self._brokers.reads_as

    def git(self) -> GitRepository:
        """Return the repository that the environment follows.

        Raises
        ------
        UsageError
            None is configured.
        """
        return self._tree.git()

    def forge(self) -> Forge:
        """Return the repository at the forge; a UsageError where it cannot be told."""
        return self._tree.forge()

    def entry(self, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect."""
        return self._access.entry(self._resources.kafka(), users)

    def observe(self, parts: Iterable[Look], *, within: float | None = None) -> World:
        """Return a World with the parts asked for.

        Parameters
        ----------
        within
            Seconds after which a part that is not there yet is unknown; as long as it takes when not given.
            Parts that are only good to know (`ASIDE`) get less.

        Raises
        ------
        UsageError
            There is no such Kafka cluster; without one nothing can be said.
        UnreachableError
            The Kubernetes API does not answer.
        """
        asked = frozenset(parts)
        self._brokers.forget()
        self._quorum_route = ""
        at, end = self._clock.now(), None if within is None else self._clock.monotonic() + within
        loaded = self._pool.submit(preload)
        if {Part.GIT, Part.RESOURCES} <= asked:
            self._pool.submit(library)  # the charts will be rendered
        kafka = self._in_time(self._pool.submit(self._resources.kafka), end)
        loaded.result()
        began = self._clock.monotonic()
        looks = self._begin(kafka, asked, end)
        aside = {name: looks.pop(name) for name in ASIDE & looks.keys()}
        seen = {name: self._seen_in_time(look, end) for name, look in looks.items()}
        if end is not None:
            end = min(end, max(began + ASIDE_S, self._clock.monotonic() + GRACE_S))
        seen |= {name: self._seen_in_time(look, end) for name, look in aside.items()}
        world = World(
            target=self._resources.target(kafka),
            at=at,
            lag_objectives=self._environment.groups,
            simulated=self._environment.simulated,
            route=self._brokers.route,
            quorum_route=self._quorum_route,
            secrets={name.secret: part for name, part in seen.items() if isinstance(name, KeysOf)},
            logins={name: part for name, part in seen.items() if isinstance(name, LoginAs)},
            branches={name.name: part for name, part in seen.items() if isinstance(name, BranchOf)},
            requests={name: part for name, part in seen.items() if isinstance(name, RequestsOf)},
            renders={name: part for name, part in seen.items() if isinstance(name, RenderOf)},
            environment=self._environment,
        )
        fields: dict[str, Any] = {name: part for name, part in seen.items() if type(name) is str}
        return replace(world, **fields)

    def unreachable(self, error: UnreachableError) -> World:
        """Return the World of an API that does not answer."""
        environment = self._environment
        context, pinned = self._kubernetes.context, environment.cluster_id
        return World(
            Target(environment.name, environment.production, context, environment.cluster, pinned, pinned),
            self._clock.now(),
            simulated=environment.simulated,
            environment=environment,
            unreachable=error.what,
        )

    def _in_time(self, look: Future[T], end: float | None) -> T:
        if end is None:
            return look.result()
        try:
            return look.result(timeout=max(0.05, end - self._clock.monotonic()))
        except TimeoutError:
            raise UnreachableError("it did not answer in time") from None

    def _seen_in_time(self, look: Future[Seen[Any]], end: float | None) -> Seen[Any]:
        try:
            return self._in_time(look, end)
        except UnreachableError as error:
            return Seen(Unknown(error.what), self._clock.now())

    def _begin(
        self, kafka: Object, asked: frozenset[Look], end: float | None
    ) -> dict[Look | str, Future[Seen[Any]]]:
        """Begin every look at once; return each by the field of the World, or by what was asked for."""
        resources, pool, space = self._resources, self._pool, self._environment.operator_namespace
        groups, ask = sorted(self._environment.groups) or None, self._brokers.ask
        pods = pool.once(lambda: self._access.pods(kafka))
        topics = pool.once(lambda: ask(kafka, lambda brokers: brokers.topics()))
        ways: dict[Part, tuple[str, Callable[[], Any]]] = {
            Part.NODES: ("nodes", lambda: resources.nodes(kafka, pods())),
            Part.CLUSTER: ("cluster", lambda: ask(kafka, with_silent)),
            Part.TOPICS: ("topics", topics),
            Part.GROUPS: ("groups", lambda: ask(kafka, lambda brokers: brokers.groups(groups))),
            Part.SETTINGS: ("settings", lambda: ask(kafka, lambda brokers: brokers.broker_settings())),
            Part.ACCESS: ("access", lambda: ask(kafka, lambda brokers: brokers.access())),
            Part.QUORUM: ("quorum", lambda: self._quorum(kafka, pods(), end)),
            Part.RESOURCES: ("resources", resources.topics_and_users),
            Part.WORKLOADS: ("workloads", resources.workloads),
            Part.HOSTS: ("hosts", resources.hosts),
            Part.APPLICATIONS: ("applications", lambda: self.argocd().applications()),
            Part.GIT: ("git", lambda: self._tree.look(asked)),
            Part.FEATURES: ("features", lambda: ask(kafka, lambda brokers: brokers.features())),
            Part.INSTALLATION: ("installation", lambda: installation.see(self._kubernetes, space)),
            Part.TIP: ("tip", self._tree.tip),
            Part.CERTIFICATES: (
                "certificates",
                lambda: upkeep.certificates(self._kubernetes, kafka, pods(), pool),
            ),
            Part.VOLUMES: ("volumes", lambda: ask(kafka, lambda brokers: volumes(brokers, topics()))),
            Part.CANARY: ("canary", lambda: self._canary(kafka)),
            **Around(self._kubernetes, kafka, self._earlier).ways(),
            **offsets.ways(self._environment, self._clock, lambda question: ask(kafka, question), topics),
            Part.HOURS: ("hours", lambda: hours.look(self._environment, self._clock.now())),
        }
        looks: dict[Look | str, Future[Seen[Any]]] = {
            name: self._pool.submit(self._see, look) for part, (name, look) in ways.items() if part in asked
        }
        for each in asked:
            if isinstance(each, KeysOf):
                looks[each] = self._pool.submit(self._see, lambda each=each: resources.keys(each.secret))
            elif isinstance(each, LoginAs):
                looks[each] = self._pool.submit(self._see, lambda each=each: self._login(kafka, each))
            elif isinstance(each, BranchOf):
                looks[each] = self._pool.submit(
                    self._see, lambda each=each: self._tree.branch(each.name, asked)
                )
            elif isinstance(each, RenderOf):
                looks[each] = pool.submit(self._see, lambda each=each: self._tree.renders(each))
            elif isinstance(each, RequestsOf):
                looks[each] = pool.submit(self._see, lambda each=each: self._tree.requests(each))
            elif isinstance(each, ObjectsOf):
                looks["objects"] = self._pool.submit(self._see, lambda each=each: resources.objects(each))
        return looks

    def _see(self, look: Callable[[], T]) -> Seen[T]:
        try:
            return Seen(look(), self._clock.now())
        except (PromptKafkaError, OSError) as error:
            return Seen(Unknown(reason(error)), self._clock.now())

    def _quorum(self, kafka: Object, pods: list[Object], end: float | None) -> tuple[ControllerAnswer, ...]:
        asked = until_led(
            lambda: self._access.ask_controllers(kafka, pods, timeout=self._patience), end, self._clock
        )
        self._quorum_route = asked.route
        return asked.answers

    def argocd(self) -> ArgoCd:
        """Return the way to Argo CD."""
        with self._lock:
            if self._argocd is None:
                self._argocd = argocd_of(self._kubernetes, self._environment)
            return self._argocd

    def _login(self, kafka: Object, look: LoginAs) -> Login:
        return login.ask(self._access, kafka, look, look_up=not self._reads_only)

    def _canary(self, kafka: Object) -> Canary:
        access = self._environment.kafka
        connection = self._brokers.connection(kafka, access.canary_user)
        return canary.sing(connection, access.canary_topic, self._clock)
