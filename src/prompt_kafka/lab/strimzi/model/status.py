"""Status of the resources: conditions, what is kept after a failure, what a pause wipes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node, Pool
from prompt_kafka.lab.strimzi.model.config import user_config
from prompt_kafka.lab.strimzi.model.storage import volumes

Object = dict[str, Any]

PAUSE = "strimzi.io/pause-reconciliation"
KEPT = ("clusterId", "operatorLastSuccessfulVersion", "kafkaVersion", "kafkaMetadataVersion", "autoRebalance")
"""What a failed run carries over from the status before."""


def iso(now: datetime) -> str:
    """Return a time as conditions show it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def condition(
    kind: str, now: datetime, *, reason: str = "", message: str = "", status: str = "True"
) -> Object:
    """Return a condition."""
    made = {"type": kind, "status": status, "lastTransitionTime": iso(now)}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made


def warning(reason: str, message: str, now: datetime) -> Object:
    """Return a warning."""
    return condition("Warning", now, reason=reason, message=message)


def without_times(status: Object | None) -> Object:
    """Return a status without the times of its conditions, which are no heartbeat."""
    bare = dict(status or {})
    if "conditions" in bare:
        bare["conditions"] = [
            {key: value for key, value in one.items() if key != "lastTransitionTime"}
            for one in bare["conditions"]
        ]
    return bare


def settled(old: Object | None, new: Object) -> Object:
    """Return `new` with the times of conditions that were there already."""
    before = {
        _same(one): one["lastTransitionTime"]
        for one in (old or {}).get("conditions") or ()
        if "lastTransitionTime" in one
    }
    conditions = [
        one | {"lastTransitionTime": before.get(_same(one), one.get("lastTransitionTime"))}
        for one in new.get("conditions") or ()
    ]
    return new | ({"conditions": conditions} if "conditions" in new else {})


def _same(one: Object) -> tuple[Any, ...]:
    return tuple(one.get(key) for key in ("type", "status", "reason", "message"))


def carried_over(old: Object | None, new: Object) -> Object:
    """Return `new` with what it lacks and the old status had."""
    return {key: old[key] for key in KEPT if old and old.get(key) is not None} | new


def paused(resource: Object, now: datetime) -> Object:
    """Return the status of a paused Kafka: nothing but the cluster id is left."""
    old = resource.get("status") or {}
    status: Object = {
        "conditions": [condition("ReconciliationPaused", now)],
        "observedGeneration": old.get("observedGeneration", 0),
    }
    if old.get("clusterId"):
        status["clusterId"] = old["clusterId"]
    return status


def node_pool(cluster: Cluster, pool: Pool, conditions: Iterable[Object]) -> Object:
    """Return the status of a node pool."""
    selector = labels.selector(cluster.name) | {labels.POOL_NAME: pool.name}
    return {
        "nodeIds": list(pool.ids.desired),
        "clusterId": cluster.cluster_id,
        "roles": list(pool.roles),
        "replicas": len(pool.ids.desired),
        "labelSelector": labels.text(selector),
        "observedGeneration": pool.resource["metadata"].get("generation", 0),
        "conditions": list(conditions),
    }


def warnings(cluster: Cluster, storage_warnings: Sequence[str], now: datetime) -> list[Object]:
    """Return what the operator warns of."""
    found: list[tuple[str, str]] = []
    config = cluster.config
    for key, reason in (
        ("default.replication.factor", "KafkaDefaultReplicationFactor"),
        ("min.insync.replicas", "KafkaMinInsyncReplicas"),
    ):
        if key not in config and len(cluster.brokers) > 1:
            found.append(
                (
                    reason,
                    f"{key} option is not configured. It defaults to 1 which does not guarantee reliability "
                    "and availability. You should configure this option in .spec.kafka.config.",
                )
            )
    found += [("KafkaStorage", text) for text in storage_warnings]
    found += _storage(cluster)
    found += _quorum_size(len(cluster.controllers))
    line = re.match(r"\d+\.\d+", cluster.metadata_version)
    if line and not cluster.kafka_version.startswith(line[0] + "."):
        found.append(
            (
                "KafkaMetadataVersion",
                "Metadata version is older than the Kafka version used by the cluster, which suggests that "
                "an upgrade is incomplete.",
            )
        )
    for key, reason in (
        ("inter.broker.protocol.version", "KafkaInterBrokerProtocolVersionInKRaft"),
        ("log.message.format.version", "KafkaLogMessageFormatVersionInKRaft"),
    ):
        if key in user_config(config):
            found.append(
                (
                    reason,
                    f"{key} is not used in KRaft-based Kafka clusters and should be removed from the Kafka "
                    "custom resource.",
                )
            )
    ignored = [field for field in ("replicas", "storage") if field in cluster.spec]
    found += [
        (
            "DeprecatedFields",
            f"In resource Kafka({cluster.namespace}/{cluster.name}) in API version "
            f"{cluster.resource['apiVersion']} the {field} property at path spec.kafka.{field} has been "
            "deprecated. Use KafkaNodePool resources.",
        )
        for field in ignored
    ]
    return [warning(reason, message, now) for reason, message in found]


def _storage(cluster: Cluster) -> list[tuple[str, str]]:
    found = []
    for nodes, text in (
        (
            cluster.brokers,
            "A Kafka cluster with a single broker node and ephemeral storage will lose topic messages after "
            "any restart or rolling update.",
        ),
        (
            cluster.controllers,
            "A Kafka cluster with a single controller node and ephemeral storage will lose data after any "
            "restart or rolling update.",
        ),
    ):
        if len(nodes) == 1 and _ephemeral(cluster, nodes[0]):
            found.append(("KafkaStorage", text))
    return found


def _ephemeral(cluster: Cluster, node: Node) -> bool:
    return any(volume.ephemeral for volume in volumes(cluster.pool(node.pool).storage))


def _quorum_size(count: int) -> list[tuple[str, str]]:
    reason = "KafkaKRaftControllerNodeCount"
    if count == 2:
        return [
            (
                reason,
                "Running KRaft controller quorum with two nodes is not advisable as both nodes will be "
                "needed to avoid downtime. It is recommended that a minimum of three nodes are used.",
            )
        ]
    if count % 2 == 0:
        return [(reason, "Running KRaft controller quorum with an odd number of nodes is recommended.")]
    return []
