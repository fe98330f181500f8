"""What the operators see of Kubernetes: caches kept by watches, and who is in force."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients.kinds import CRD, DEPLOYMENT, KAFKA, NODE_POOL, POD, POD_SET, SERVICE, TOPIC, USER
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.informer import Informer
from prompt_kafka.lab.strimzi.activity import Operator, cluster_operators, ready_pod
from prompt_kafka.lab.strimzi.changes import News, Waiting
from prompt_kafka.lab.strimzi.model import names
from prompt_kafka.lab.strimzi.objects import Objects
from prompt_kafka.lab.strimzi.roller.decisions import is_ready

Object = dict[str, Any]

OWN = (KAFKA, NODE_POOL, POD_SET, TOPIC, USER)
"""Kinds that come with the operator."""

OF_ENTITIES = ("KafkaTopic", "KafkaUser")
"""Kinds that the cluster operator does not need to know."""


@dataclass
class World:
    """Caches of the kinds that the operators live by.

    Parameters
    ----------
    kubernetes
        The API.
    factor
        What the operators' times are divided by in this lab.
    """

    kubernetes: Kubernetes
    factor: float = 1.0
    clock: Clock = SYSTEM
    news: News = field(default_factory=News)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.objects = Objects(self.kubernetes)
        kinds = (*OWN, POD, SERVICE, DEPLOYMENT)
        self.caches = {kind.kind: Informer(self.kubernetes, kind) for kind in kinds}
        for cache in self.caches.values():
            cache.on_change(self.news.notify)
        self._definitions = Informer(self.kubernetes, CRD)
        self._definitions.on_change(self._definition_changed)
        self._defined: set[str] = set()
        self._seen = -1
        self._operators: tuple[Operator, ...] = ()
        self._lock = threading.Lock()
        self._complete = threading.Event()
        self._when_complete: list[Callable[[], None]] = []
        self._first_look = threading.Thread(target=self._look, name="strimzi-first-look", daemon=True)

    def start(self) -> None:
        """Begin to watch; the operators' own kinds as soon as they are defined."""
        for kind in (POD, SERVICE, DEPLOYMENT):
            self.caches[kind.kind].start()
        self._definitions.start()
        self._first_look.start()

    def _definition_changed(self, event: str, definition: Object) -> None:
        names_ = definition["spec"]["names"]
        conditions = (definition.get("status") or {}).get("conditions") or ()
        established = any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
        kind = names_["kind"]
        mine = kind in {one.kind for one in OWN if one.group == definition["spec"]["group"]}
        if mine and established and event != "DELETED" and kind not in self._defined:
            self._defined.add(kind)
            self.caches[kind].start()

    def when_complete(self, callback: Callable[[], None]) -> None:
        """Call `callback` once everything that is there has been seen: before that nobody may decide."""
        self._when_complete.append(callback)

    def _look(self) -> None:
        # Kafka's messages take a moment to import; now nobody waits for it.
        import kafka.protocol.admin
        import kafka.protocol.metadata  # noqa: F401

        for kind, cache in self.caches.items():
            while kind not in OF_ENTITIES and not cache.wait_synced(0.5):
                if self.stopping.is_set():
                    return
        self._complete.set()
        self.news.notify()
        for callback in self._when_complete:
            callback()

    def stop(self) -> None:
        """End all watches and waits."""
        self.stopping.set()
        for cache in (*self.caches.values(), self._definitions):
            cache.stop()
        self.news.notify()

    def operators(self) -> tuple[Operator, ...]:
        """Return the cluster operators in force; none before everything has been seen."""
        if not self._complete.is_set():
            return ()
        with self._lock:
            count = self.news.count
            if count != self._seen:
                deployments, pods = self.caches["Deployment"].items(), self.caches["Pod"].items()
                self._operators, self._seen = cluster_operators(deployments, pods), count
            return self._operators

    def operator(self, namespace: str) -> Operator | None:
        """Return the cluster operator that looks after a namespace."""
        return next((one for one in self.operators() if one.watches(namespace)), None)

    def waiting(self, operator: Operator) -> Waiting:
        """Return waits that end when `operator` is no longer in force."""

        def alive() -> bool:
            return not self.stopping.is_set() and any(one.uid == operator.uid for one in self.operators())

        return Waiting(self.news, alive, self.clock)

    def entity_operator(self, cluster: str, namespace: str) -> Object | None:
        """Return the Ready pod of a cluster's entity operator."""
        deployment = self.caches["Deployment"].get(namespace, names.entity_operator(cluster))
        return ready_pod(deployment, self.caches["Pod"].items(namespace)) if deployment else None

    def pod_ip(self, namespace: str) -> Callable[[str], str | None]:
        """Return what leads from a pod's name to its address."""

        def address(name: str) -> str | None:
            pod = self.caches["Pod"].get(namespace, name)
            return ((pod or {}).get("status") or {}).get("podIP")

        return address


class PodAccess:
    """The pods of a namespace, as the roller deals with them."""

    def __init__(self, world: World, waiting: Waiting, namespace: str) -> None:
        self._world, self._waiting, self._namespace = world, waiting, namespace
        self._cache = world.caches["Pod"]

    def find(self, name: str) -> Object | None:
        """Return a pod as last seen."""
        return self._cache.get(self._namespace, name)

    def wait_ready(self, name: str, timeout: float) -> bool:
        """Wait until a pod is Ready."""
        return self._waiting.until(lambda: is_ready(self.find(name)), timeout)

    def restart(self, pod: Object, timeout: float) -> bool:
        """Delete a pod and wait until another one has its name."""
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        self.delete(name, uid)

        def replaced() -> bool:
            now = self.find(name)
            return now is not None and now["metadata"]["uid"] != uid

        return self._waiting.until(replaced, timeout)

    def delete(self, name: str, uid: str | None = None) -> None:
        """Ask for a pod's end; its grace period is its own."""
        try:
            self._world.kubernetes.delete(POD, name, self._namespace, propagation="Foreground", uid=uid)
        except NotFound:
            pass

    def wait_gone(self, name: str, uid: str, timeout: float) -> bool:
        """Wait until a pod of that uid is no more."""

        def gone() -> bool:
            now = self.find(name)
            return now is None or now["metadata"]["uid"] != uid

        return self._waiting.until(gone, timeout)

    def sleep(self, seconds: float) -> None:
        """Wait, heeding the end of the operator."""
        self._waiting.check()
        if seconds > 0:
            self._waiting.sleep(seconds)
