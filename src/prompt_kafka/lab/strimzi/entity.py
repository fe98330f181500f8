"""What the topic and the user operator have in common: when they run, for which cluster, on what."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar

from prompt_kafka.clients.kinds import Kind
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Key
from prompt_kafka.lab.strimzi.activity import environment
from prompt_kafka.lab.strimzi.kafka import broker
from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError
from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.world import World

Object = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One look at the resources of one cluster.

    Parameters
    ----------
    cluster, namespace
        Which cluster.
    watched
        Namespace of the resources.
    resources
        The resources, those that are being deleted included.
    changed
        Names of the resources that changed since the last look; None when all are looked at on the timer.
    environment
        Environment of the operator's container.
    """

    cluster: str
    namespace: str
    watched: str
    resources: list[Object]
    changed: frozenset[str] | None
    environment: dict[str, str] = field(default_factory=dict)


class EntityOperator:
    """A loop over clusters; active for a cluster while its entity operator's pod is Ready."""

    container: ClassVar[str]
    kind: ClassVar[Kind]

    def __init__(self, world: World) -> None:
        self.world = world
        self._controller = Controller(f"strimzi-{self.container}", self._reconcile, workers=2)
        self._lock = threading.Lock()
        self._changed: dict[Key, set[str]] = {}
        self._seen: dict[Key, str] = {}
        self._started: dict[Key, str] = {}
        self._timer: dict[Key, float] = {}
        world.caches[self.kind.kind].on_change(self._resource_changed)
        world.caches["Pod"].on_change(self._pod_changed)
        world.caches["Deployment"].on_change(self._pod_changed)

    def start(self) -> None:
        """Begin to work."""
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        self._controller.stop()

    def reconcile(self, turn: Turn) -> None:
        """Bring Kafka to what the resources say."""
        raise NotImplementedError

    def connect(self, turn: Turn) -> Channel:
        """Return a connection to a broker of the cluster."""
        return broker.connect(self.world, turn.cluster, turn.namespace, self.container)

    def _resource_changed(self, event: str, resource: Object) -> None:
        metadata = resource["metadata"]
        cluster = (metadata.get("labels") or {}).get(labels.CLUSTER)
        if not cluster:
            return
        key = metadata["namespace"], metadata["name"]
        parts = ("uid", "generation", "labels", "annotations", "deletionTimestamp")
        seen = json.dumps([metadata.get(part) for part in parts], sort_keys=True)
        if event == "DELETED":
            self._seen.pop(key, None)
        elif self._seen.get(key) == seen:
            return
        else:
            self._seen[key] = seen
        with self._lock:
            self._changed.setdefault((key[0], cluster), set()).add(key[1])
        self._controller.add((key[0], cluster))
        for kafka in self.world.caches["Kafka"].items():
            if kafka["metadata"]["name"] == cluster:
                self._controller.add((kafka["metadata"]["namespace"], cluster))

    def _pod_changed(self, _event: str, obj: Object) -> None:
        own = obj["metadata"].get("labels") or {}
        cluster = own.get(labels.CLUSTER)
        if cluster and own.get("strimzi.io/component-type") == "entity-operator":
            namespace = obj["metadata"]["namespace"]
            pod = self.world.entity_operator(cluster, namespace)
            uid = pod["metadata"]["uid"] if pod else ""
            if self._started.get((namespace, cluster), "") != uid:
                self._controller.add((namespace, cluster))

    def _reconcile(self, key: Key) -> float | None:
        namespace, cluster = key
        if not self.world.caches[self.kind.kind].wait_synced(0):
            # Resources that were not seen yet are not resources that are not there.
            return 0.2
        pod = self.world.entity_operator(cluster, namespace)
        container = next(
            (
                one
                for one in (pod or {}).get("spec", {}).get("containers", ())
                if one["name"] == self.container
            ),
            None,
        )
        if pod is None or container is None:
            self._started.pop(key, None)
            return None
        env = environment(container)
        watched = env.get("STRIMZI_NAMESPACE") or namespace
        now = self.world.clock.monotonic()
        interval = (
            float(env.get("STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", 120000)) / 1000 / self.world.factor
        )
        with self._lock:
            changed = self._changed.pop((watched, cluster), set())
        resources = [
            one
            for one in self.world.caches[self.kind.kind].items(watched)
            if labels.matches({labels.CLUSTER: cluster}, one)
        ]
        fresh = self._started.get(key) != pod["metadata"]["uid"]
        if fresh:
            self._started[key], self._timer[key] = pod["metadata"]["uid"], now + interval
            changed = {one["metadata"]["name"] for one in resources}
        timer = now >= self._timer[key]
        if timer:
            self._timer[key] = now + interval
        if changed or timer:
            turn = Turn(cluster, namespace, watched, resources, None if timer else frozenset(changed), env)
            try:
                self.reconcile(turn)
            except NodeError:
                with self._lock:
                    self._changed.setdefault((watched, cluster), set()).update(changed)
                return min(1.0, interval)
        return max(0.05, self._timer[key] - self.world.clock.monotonic())
