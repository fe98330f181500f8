"""Looks at a service: only the parts that were asked for, in parallel, each with its own time and outcome.

A part that fails is `Unknown` with the reason; it never spoils another part, and it is never empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Self, TypeVar

from prompt_kafka.adapters import canary, hours, installation, login
from prompt_kafka.adapters.access import Access, Entry, Route, reason
from prompt_kafka.adapters.argocd_way import ArgoCd, argocd_of
from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.adapters.resources import Resources
from prompt_kafka.clients.kafka import KafkaConnection, preload
from prompt_kafka.clients.kafka.silence import with_silent
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError, UsageError
from prompt_kafka.core.objects import Canary
from prompt_kafka.core.quorum import ControllerAnswer
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import (
    BranchOf,
    FilesIn,
    KeysOf,
    Login,
    LoginAs,
    Look,
    ObjectsOf,
    Part,
    Seen,
    Unknown,
    World,
)

T = TypeVar("T")


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
    """

    def __init__(
        self, kubernetes: Kubernetes, environment: Environment, *, reads_only: bool, clock: Clock = SYSTEM
    ) -> None:
        self._kubernetes = kubernetes
        self._environment = environment
        self._reads_only = reads_only
        self._clock = clock
        self._access = Access(kubernetes, environment, read_only=reads_only)
        self._connections: dict[str, tuple[KafkaConnection, Route]] = {}
        self._lost: list[tuple[KafkaConnection, Route]] = []
        self._failed: dict[str, PromptKafkaError] = {}
        self._quorum_route = ""
        self._lock = threading.Lock()
        self._git_lock = threading.Lock()
        self._git: GitRepository | None = None
        self._argocd: ArgoCd | None = None
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="observe")
        self._resources = Resources(kubernetes, environment, self._pool)

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for connection, _ in (*self._connections.values(), *self._lost):
            connection.close()
        self._access.close()
        if self._argocd is not None:
            self._argocd.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def kafka(self) -> KafkaConnection:
        """Return the connection to the brokers over which it looks."""
        return self._connection(self._resources.kafka(), self._environment.kafka.user)

    def git(self) -> GitRepository:
        """Return the repository that the environment follows.

        Raises
        ------
        UsageError
            None is configured.
        """
        environment = self._environment
        with self._git_lock:
            if self._git is None:
                if not environment.repository:
                    raise UsageError(
                        f"no Git repository is known for {environment.name}",
                        next="add `repository` to the environment in service.yaml",
                    )
                self._git = GitRepository(environment.repository, environment.branch, environment.folder)
            return self._git

    def entry(self, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect."""
        return self._access.entry(self._resources.kafka(), users)

    def observe(self, parts: Iterable[Look], *, within: float | None = None) -> World:
        """Return a World with the parts asked for.

        Parameters
        ----------
        within
            Seconds after which a part that is not there yet is unknown; as long as it takes when not given.

        Raises
        ------
        UsageError
            There is no such Kafka cluster; without one nothing can be said.
        UnreachableError
            The Kubernetes API does not answer.
        """
        asked = frozenset(parts)
        self._forget()
        at, end = self._clock.now(), None if within is None else self._clock.monotonic() + within
        loaded = self._pool.submit(preload)
        kafka = self._in_time(self._pool.submit(self._resources.kafka), end)
        loaded.result()
        looks = self._begin(kafka, asked)
        seen: dict[Look | str, Seen[Any]] = {}
        for name, look in looks.items():
            try:
                seen[name] = self._in_time(look, end)
            except UnreachableError as error:
                seen[name] = Seen(Unknown(error.what), self._clock.now())
        ways = [*self._lost, self._connections.get(self._environment.kafka.user)]
        user = next((way for way in reversed(ways) if way is not None), None)
        world = World(
            target=self._target(kafka),
            at=at,
            lag_objectives=self._environment.groups,
            simulated=self._environment.simulated,
            route=str(user[1]) if user else "",
            quorum_route=self._quorum_route,
            secrets={name.secret: part for name, part in seen.items() if isinstance(name, KeysOf)},
            logins={name: part for name, part in seen.items() if isinstance(name, LoginAs)},
            branches={name.name: part for name, part in seen.items() if isinstance(name, BranchOf)},
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

    def _begin(self, kafka: Object, asked: frozenset[Look]) -> dict[Look | str, Future[Seen[Any]]]:
        """Begin every look at once; return each by the field of the World, or by what was asked for."""
        pods = self._pool.submit(self._access.pods, kafka)
        resources = self._resources
        groups, space = sorted(self._environment.groups) or None, self._environment.operator_namespace
        ways: dict[Part, tuple[str, Callable[[], Any]]] = {
            Part.NODES: ("nodes", lambda: resources.nodes(kafka, pods.result())),
            Part.CLUSTER: ("cluster", lambda: self._ask(kafka, with_silent)),
            Part.TOPICS: ("topics", lambda: self._ask(kafka, lambda brokers: brokers.topics())),
            Part.GROUPS: ("groups", lambda: self._ask(kafka, lambda brokers: brokers.groups(groups))),
            Part.SETTINGS: ("settings", lambda: self._ask(kafka, lambda brokers: brokers.broker_settings())),
            Part.ACCESS: ("access", lambda: self._ask(kafka, lambda brokers: brokers.access())),
            Part.QUORUM: ("quorum", lambda: self._quorum(kafka, pods.result())),
            Part.RESOURCES: ("resources", resources.topics_and_users),
            Part.WORKLOADS: ("workloads", resources.workloads),
            Part.HOSTS: ("hosts", resources.hosts),
            Part.APPLICATIONS: ("applications", lambda: self.argocd().applications()),
            Part.GIT: ("git", lambda: self._look_at_git(asked)),
            Part.FEATURES: ("features", lambda: self._ask(kafka, lambda brokers: brokers.features())),
            Part.INSTALLATION: ("installation", lambda: installation.see(self._kubernetes, space)),
            Part.CANARY: ("canary", lambda: self._canary(kafka)),
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
                looks[each] = self._pool.submit(self._see, lambda each=each: self._branch(each.name))
            elif isinstance(each, ObjectsOf):
                looks["objects"] = self._pool.submit(self._see, lambda each=each: resources.objects(each))
        return looks

    def _target(self, kafka: Object) -> Target:
        return Target(
            environment=self._environment.name,
            production=self._environment.production,
            context=self._kubernetes.context,
            cluster=kafka["metadata"]["name"],
            cluster_id=(kafka.get("status") or {}).get("clusterId", ""),
            pinned_id=self._environment.cluster_id,
        )

    def _see(self, look: Callable[[], T]) -> Seen[T]:
        try:
            return Seen(look(), self._clock.now())
        except (PromptKafkaError, OSError) as error:
            return Seen(Unknown(reason(error)), self._clock.now())

    def _quorum(self, kafka: Object, pods: list[Object]) -> tuple[ControllerAnswer, ...]:
        asked = self._access.ask_controllers(kafka, pods)
        self._quorum_route = asked.route
        return asked.answers

    def argocd(self) -> ArgoCd:
        """Return the way to Argo CD."""
        with self._lock:
            if self._argocd is None:
                self._argocd = argocd_of(self._kubernetes, self._environment)
            return self._argocd

    def _look_at_git(self, asked: frozenset[Look]) -> GitState:
        return self.git().look({each.folder for each in asked if isinstance(each, FilesIn)})

    def _branch(self, name: str) -> GitState:
        environment = self._environment
        return GitRepository(environment.repository, name, environment.folder).look()

    def _login(self, kafka: Object, look: LoginAs) -> Login:
        return login.ask(self._access, kafka, look, look_up=not self._reads_only)

    def _connection(self, kafka: Object, user: str) -> KafkaConnection:
        """Return the connection of a user; that there is no way is found out once in a look."""
        with self._lock:
            if user in self._failed:
                raise self._failed[user]
            if user not in self._connections:
                try:
                    self._connections[user] = self._access.connect(kafka, user)
                except PromptKafkaError as error:
                    self._failed[user] = error
                    raise
            return self._connections[user][0]

    def _ask(self, kafka: Object, question: Callable[[KafkaConnection], T]) -> T:
        """Ask the brokers; when they do not answer, the next look chooses its way anew."""
        user = self._environment.kafka.user
        connection = self._connection(kafka, user)
        try:
            return question(connection)
        except UnreachableError:
            with self._lock:
                if user in self._connections and self._connections[user][0] is connection:
                    self._lost.append(self._connections.pop(user))
            raise

    def _forget(self) -> None:
        """Begin a look: what failed in the last one is tried again."""
        with self._lock:
            lost, self._lost = self._lost, []
            self._failed.clear()
        self._quorum_route = ""
        for connection, _ in lost:
            connection.close()

    def _canary(self, kafka: Object) -> Canary:
        access = self._environment.kafka
        connection = self._connection(kafka, access.canary_user)
        return canary.sing(connection, access.canary_topic, self._clock)
