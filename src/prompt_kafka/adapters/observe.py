"""Looks at a service: only the parts that were asked for, in parallel, each with its own time and outcome.

A part that fails is `Unknown` with the reason; it never spoils another part, and it is never empty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Self, TypeVar

from prompt_kafka.adapters import canary, hours, login, objects
from prompt_kafka.adapters.access import Access, Entry, Route, reason
from prompt_kafka.adapters.argocd_way import ArgoCd, argocd_of
from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.clients.kafka import KafkaConnection, preload
from prompt_kafka.clients.kinds import DEPLOYMENT, KAFKA, NODE_POOL, POD_SET, SECRET, TOPIC, USER
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError, UsageError
from prompt_kafka.core.objects import Canary, Nodes, ResourceState
from prompt_kafka.core.quorum import ControllerAnswer
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import KeysOf, Login, LoginAs, Look, Part, Seen, Unknown, World

T = TypeVar("T")

OPERATOR = "strimzi-cluster-operator"
_KAFKA_PARTS = frozenset({Part.CLUSTER, Part.TOPICS, Part.GROUPS})


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
        self._pool = ThreadPoolExecutor(12, thread_name_prefix="observe")

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
        return self._connection(self._kafka(), self._environment.kafka.user)

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
        return self._access.entry(self._kafka(), users)

    def observe(self, parts: Iterable[Look]) -> World:
        """Return a World with the parts asked for.

        Raises
        ------
        UsageError
            There is no such Kafka cluster; without one nothing can be said.
        UnreachableError
            The Kubernetes API does not answer.
        """
        asked = frozenset(parts)
        self._forget()
        at = self._clock.now()
        loaded = self._pool.submit(preload)
        kafka = self._kafka()
        loaded.result()
        looks: dict[str, Future[Seen[Any]]] = {}
        pods = self._pool.submit(self._access.pods, kafka)
        if Part.NODES in asked:
            looks["nodes"] = self._pool.submit(self._see, lambda: self._nodes(kafka, pods.result()))
        if Part.QUORUM in asked:
            looks["quorum"] = self._pool.submit(self._see, lambda: self._quorum(kafka, pods.result()))
        if Part.RESOURCES in asked:
            looks["resources"] = self._pool.submit(self._see, self._resources)
        if Part.APPLICATIONS in asked:
            looks["applications"] = self._pool.submit(self._see, lambda: self.argocd().applications())
        if Part.HOURS in asked:
            looks["hours"] = self._pool.submit(self._see, lambda: hours.look(self._environment, at))
        if Part.GIT in asked:
            looks["git"] = self._pool.submit(self._see, self._look_at_git)
        secrets = {
            each.secret: self._pool.submit(self._see, lambda each=each: self._keys(each.secret))
            for each in asked
            if isinstance(each, KeysOf)
        }
        logins = {
            each: self._pool.submit(self._see, lambda each=each: self._login(kafka, each))
            for each in asked
            if isinstance(each, LoginAs)
        }
        if asked & _KAFKA_PARTS:
            self._look_at_kafka(kafka, asked, looks)
        if Part.CANARY in asked:
            looks["canary"] = self._pool.submit(self._see, lambda: self._canary(kafka))
        seen: dict[str, Any] = {name: look.result() for name, look in looks.items()}
        ways = [*self._lost, self._connections.get(self._environment.kafka.user)]
        user = next((way for way in reversed(ways) if way is not None), None)
        world = World(
            target=self._target(kafka),
            at=at,
            lag_objectives=self._environment.groups,
            simulated=self._environment.simulated,
            route=str(user[1]) if user else "",
            quorum_route=self._quorum_route,
            secrets={name: look.result() for name, look in secrets.items()},
            logins={each: look.result() for each, look in logins.items()},
        )
        return replace(world, **seen)

    def _kafka(self) -> Object:
        environment = self._environment
        found = self._kubernetes.list(KAFKA, environment.namespace)
        named = [k for k in found if environment.cluster in ("", k["metadata"]["name"])]
        if len(named) == 1:
            return named[0]
        names = ", ".join(k["metadata"]["name"] for k in found) or "none"
        raise UsageError(
            f"no Kafka cluster {environment.cluster or 'can be chosen'}",
            where=f"namespace {environment.namespace}, context {self._kubernetes.context}",
            next=f"clusters there: {names}",
        )

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

    def _nodes(self, kafka: Object, pods: list[Object]) -> Nodes:
        namespace, name = kafka["metadata"]["namespace"], kafka["metadata"]["name"]
        labels = f"strimzi.io/cluster={name}"
        pools = self._pool.submit(self._kubernetes.list, NODE_POOL, namespace, labels=labels)
        pod_sets = self._pool.submit(self._kubernetes.list, POD_SET, namespace, labels=labels)
        deployment = self._kubernetes.find(DEPLOYMENT, OPERATOR, self._environment.operator_namespace)
        found = sorted((objects.pod(pod) for pod in pods), key=lambda pod: pod.node_id)
        return Nodes(
            kafka=objects.kafka_resource(kafka),
            pools=tuple(objects.node_pool(pool) for pool in pools.result()),
            pod_sets=tuple(objects.pod_set(pod_set) for pod_set in pod_sets.result()),
            pods=tuple(found),
            operator=objects.operator(deployment) if deployment else None,
        )

    def _quorum(self, kafka: Object, pods: list[Object]) -> tuple[ControllerAnswer, ...]:
        asked = self._access.ask_controllers(kafka, pods)
        self._quorum_route = asked.route
        return asked.answers

    def _resources(self) -> tuple[ResourceState, ...]:
        namespace = self._environment.namespace
        found = [*self._kubernetes.list(TOPIC, namespace), *self._kubernetes.list(USER, namespace)]
        return tuple(objects.resource_state(obj) for obj in found)

    def argocd(self) -> ArgoCd:
        """Return the way to Argo CD."""
        with self._lock:
            if self._argocd is None:
                self._argocd = argocd_of(self._kubernetes, self._environment)
            return self._argocd

    def _look_at_git(self) -> GitState:
        return self.git().look()

    def _login(self, kafka: Object, look: LoginAs) -> Login:
        return login.ask(self._access, kafka, look, look_up=not self._reads_only)

    def _keys(self, secret: str) -> frozenset[str]:
        found = self._kubernetes.find(SECRET, secret, self._environment.namespace)
        return frozenset((found or {}).get("data") or {})

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

    def _look_at_kafka(
        self, kafka: Object, asked: frozenset[Look], looks: dict[str, Future[Seen[Any]]]
    ) -> None:
        names = sorted(self._environment.groups) or None
        questions: dict[Part, tuple[str, Callable[[KafkaConnection], Any]]] = {
            Part.CLUSTER: ("cluster", lambda connection: connection.describe_cluster()),
            Part.TOPICS: ("topics", lambda connection: connection.topics()),
            Part.GROUPS: ("groups", lambda connection: connection.groups(names)),
        }
        for part, (name, question) in questions.items():
            if part in asked:
                looks[name] = self._pool.submit(self._see, lambda q=question: self._ask(kafka, q))

    def _canary(self, kafka: Object) -> Canary:
        access = self._environment.kafka
        connection = self._connection(kafka, access.canary_user)
        return canary.sing(connection, access.canary_topic, self._clock)
