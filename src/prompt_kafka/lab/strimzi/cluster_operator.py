"""The cluster operator: watches Kafka resources and node pools, and brings each cluster up to date.

It reacts to changes of specification, labels and annotations, and looks at everything on a timer; both only
while the operator's own pod is Ready. A paused resource is left alone but for its status.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from prompt_kafka.clients.kinds import DEPLOYMENT, KAFKA
from prompt_kafka.clients.kubernetes import Conflict, Forbidden, Invalid, NotFound
from prompt_kafka.core.version_change import IllegalVersionChange, VersionChange, version_change
from prompt_kafka.core.versions import (
    InvalidMetadataVersion,
    UnknownOperatorVersion,
    UnsupportedKafkaVersion,
    check_kafka,
    default_kafka,
)
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Key
from prompt_kafka.lab.strimzi import authorities, kafka_part
from prompt_kafka.lab.strimzi.kafka.channel import NodeError
from prompt_kafka.lab.strimzi.model import entity_operator, labels, names, policies, status
from prompt_kafka.lab.strimzi.model.errors import (
    InvalidConfigurationError,
    InvalidResourceError,
    KafkaUpgradeError,
    OperatorGone,
    ReconciliationError,
    UnsupportedKafkaVersionError,
)
from prompt_kafka.lab.strimzi.model.pods import KAFKA_VERSION
from prompt_kafka.lab.strimzi.pod_sets import PodSets
from prompt_kafka.lab.strimzi.run import Run
from prompt_kafka.lab.strimzi.world import World

Object = dict[str, Any]

log = logging.getLogger(__name__)


class ClusterOperator:
    """Reconciles Kafka resources in the namespaces that the operator watches."""

    def __init__(self, world: World, pod_sets: PodSets) -> None:
        self._world = world
        self._pod_sets = pod_sets
        self._controller = Controller("strimzi-cluster-operator", self._reconcile, workers=8)
        self._seen: dict[tuple[str, Key], str] = {}
        self._in_force: frozenset[str] = frozenset()
        world.caches["Kafka"].on_change(self._kafka_changed)
        world.caches["KafkaNodePool"].on_change(self._pool_changed)
        for kind in ("Deployment", "Pod"):
            world.caches[kind].on_change(self._operator_changed)
        world.when_complete(self._operator_changed)

    def start(self) -> None:
        """Begin to work."""
        self._controller.start()

    def stop(self) -> None:
        """Stop; a run that is under way ends at its next wait."""
        self._controller.stop()

    def _kafka_changed(self, event: str, kafka: Object) -> None:
        if self._is_news("Kafka", event, kafka):
            self._controller.enqueue(event, kafka)

    def _pool_changed(self, event: str, pool: Object) -> None:
        cluster = (pool["metadata"].get("labels") or {}).get(labels.CLUSTER)
        if cluster and self._is_news("KafkaNodePool", event, pool):
            self._controller.add((pool["metadata"]["namespace"], cluster))

    def _is_news(self, kind: str, event: str, obj: Object) -> bool:
        """Return whether more than a status changed: the operator's own writing is no reason to run."""
        metadata = obj["metadata"]
        key = kind, (metadata["namespace"], metadata["name"])
        if event == "DELETED":
            self._seen.pop(key, None)
            return kind == "KafkaNodePool"
        parts = ("uid", "generation", "labels", "annotations", "deletionTimestamp")
        print_ = json.dumps([metadata.get(part) for part in parts], sort_keys=True)
        before, self._seen[key] = self._seen.get(key), print_
        return before != print_

    def _operator_changed(self, *_: object) -> None:
        operators = {one.uid: one for one in self._world.operators()}
        new, self._in_force = operators.keys() - self._in_force, frozenset(operators)
        for uid in new:
            log.info("ClusterOperator %s is starting", operators[uid].version)
        if new:
            self._pod_sets.operator_changed()
            for kafka in self._world.caches["Kafka"].items():
                self._controller.enqueue("MODIFIED", kafka)

    def _reconcile(self, key: Key) -> float | None:
        operator = self._world.operator(key[0])
        resource = self._world.caches["Kafka"].get(*key)
        if operator is None or operator.pod_sets_only or resource is None:
            return None
        if resource["metadata"].get("deletionTimestamp"):
            return None
        run = Run(self._world, operator, resource)
        try:
            reconcile(run)
        except OperatorGone:
            return None
        return operator.interval / self._world.factor


def reconcile(run: Run) -> None:
    """Look at one Kafka resource and write what came of it into its status."""
    name = f"Kafka({run.namespace}/{run.name})"
    if labels.flag(run.resource, status.PAUSE):
        log.info("Reconciliation of Kafka %s is paused", run.name)
        write_status(run, status.paused(run.resource, run.now))
        return
    log.debug("%s will be checked for creation or modification", name)
    if not run.resource.get("status"):
        creating = status.condition(
            "NotReady", run.now, reason="Creating", message="Kafka cluster is being deployed"
        )
        write_status(run, {"conditions": [creating]})
    try:
        _everything(run)
    except ReconciliationError as error:
        log.warning("%s: Failed to reconcile: %s: %s", name, error.reason, error.message)
        final = status.condition("NotReady", run.now, reason=error.reason, message=error.message)
    except (Invalid, Forbidden, Conflict, NotFound) as error:
        log.warning("%s: Failed to reconcile: %s", name, error.what)
        final = status.condition("NotReady", run.now, reason="KubernetesClientException", message=error.what)
    except NodeError as error:
        log.warning("%s: Failed to reconcile: %s (%s)", name, error.what, error.where)
        final = status.condition("NotReady", run.now, reason="KafkaException", message=error.what)
    else:
        log.debug("%s reconciled", name)
        final = status.condition("Ready", run.now)
        run.status["operatorLastSuccessfulVersion"] = run.operator.version
    run.waiting.check()
    run.status["conditions"] = [*run.conditions, final]
    run.status["observedGeneration"] = run.resource["metadata"].get("generation", 0)
    write_status(run, status.carried_over(run.resource.get("status"), run.status))


def _everything(run: Run) -> None:
    if not run.resource.get("spec"):
        raise InvalidResourceError("The Kafka custom resource has no .spec section")
    run.look()
    cas = authorities.reconcile(run)
    change = _version_change(run)
    kafka_part.reconcile(run, change, *cas)
    _entity_operator(run, cas[0].cert_generation)


def _version_change(run: Run) -> VersionChange:
    spec = run.resource["spec"].get("kafka") or {}
    before = run.resource.get("status") or {}
    try:
        wanted = check_kafka(
            run.operator.version, str(spec.get("version") or default_kafka(run.operator.version))
        )
        carried = tuple(
            (pod["metadata"].get("annotations") or {}).get(KAFKA_VERSION) for pod in run.kafka_pods()
        )
        desired = spec.get("metadataVersion")
        change = version_change(
            carried,
            wanted,
            desired=str(desired) if desired is not None else None,
            current=before.get("kafkaMetadataVersion"),
        )
    except UnsupportedKafkaVersion as error:
        raise UnsupportedKafkaVersionError(error.what) from error
    except IllegalVersionChange as error:
        raise KafkaUpgradeError(error.what) from error
    except InvalidMetadataVersion as error:
        raise InvalidResourceError(error.what) from error
    except UnknownOperatorVersion as error:
        raise InvalidConfigurationError(f"{error.what}; {error.next}") from error
    if change.warning:
        log.warning("%s", change.warning)
    if change.direction != "none":
        log.info("Kafka is %s from %s to %s", change.direction[:-1] + "ing", change.source, change.target)
        log.info("The current metadata version %s will be used in the first phase", change.metadata)
    return change


def _entity_operator(run: Run, ca_generation: int) -> None:
    wanted = entity_operator.deployment(run.resource, run.operator.version, ca_generation)
    name = names.entity_operator(run.name)
    if wanted is None:
        if ("Deployment", name) in run.live:
            run.delete(DEPLOYMENT, [name])
        return
    run.apply([policies.service_account(run.resource, name, "entity-operator"), wanted])

    def ready() -> bool:
        return run.world.entity_operator(run.name, run.namespace) is not None

    if not run.waiting.until(ready, run.timing.operation):
        raise run.timed_out("Deployment", name, "ready")


def write_status(run: Run, wanted: Object) -> None:
    """Write a status when more than times would change."""
    for _ in range(3):
        fresh = run.world.kubernetes.find(KAFKA, run.name, run.namespace)
        if fresh is None or fresh["metadata"]["uid"] != run.resource["metadata"]["uid"]:
            return
        old = fresh.get("status")
        if status.without_times(old) == status.without_times(wanted):
            return
        try:
            run.world.kubernetes.replace_status(fresh | {"status": status.settled(old, wanted)})
        except Conflict:
            continue
        return
