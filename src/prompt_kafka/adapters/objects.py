"""Kubernetes objects as the values that decisions read.

Functions from dictionaries to :mod:`prompt_kafka.core.objects`; nothing is fetched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from prompt_kafka.core.objects import (
    Host,
    KafkaResource,
    NodePool,
    Operator,
    Pod,
    PodSet,
    ResourceState,
    StatusCondition,
    Workload,
)
from prompt_kafka.core.surroundings import Claim

Object = dict[str, Any]

ROLLING_UPDATE = "strimzi.io/manual-rolling-update"
PAUSE = "strimzi.io/pause-reconciliation"
REVISION = "strimzi.io/revision"
KAFKA_VERSION = "strimzi.io/kafka-version"
DELETE_CLAIM = "strimzi.io/delete-claim"


def _annotations(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def _labels(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def _is_true(value: str | None) -> bool:
    return (value or "").lower() == "true"


def conditions(obj: Object) -> tuple[StatusCondition, ...]:
    """Return the entries of ``status.conditions``."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return tuple(
        StatusCondition(c.get("type", ""), c.get("status", ""), c.get("reason", ""), c.get("message", ""))
        for c in found
    )


def kafka_resource(obj: Object) -> KafkaResource:
    """Return a ``Kafka`` object's value."""
    status, spec = obj.get("status") or {}, obj.get("spec", {}).get("kafka", {})
    return KafkaResource(
        name=obj["metadata"]["name"],
        namespace=obj["metadata"]["namespace"],
        generation=obj["metadata"].get("generation", 0),
        observed_generation=status.get("observedGeneration", 0),
        paused=_is_true(_annotations(obj).get(PAUSE)),
        conditions=conditions(obj),
        cluster_id=status.get("clusterId", ""),
        wanted_version=str(spec.get("version", "")),
        version=str(status.get("kafkaVersion", "")),
        wanted_metadata=str(spec.get("metadataVersion") or ""),
        metadata_version=str(status.get("kafkaMetadataVersion", "")),
        listeners=tuple(
            (listener.get("name", ""), listener.get("bootstrapServers", ""))
            for listener in status.get("listeners") or ()
        ),
        operator_version=str(status.get("operatorLastSuccessfulVersion", "")),
    )


def node_pool(obj: Object) -> NodePool:
    """Return a ``KafkaNodePool`` object's value."""
    status, spec = obj.get("status") or {}, obj.get("spec", {})
    return NodePool(
        name=obj["metadata"]["name"],
        generation=obj["metadata"].get("generation", 0),
        observed_generation=status.get("observedGeneration", 0),
        replicas=spec.get("replicas", 0),
        roles=tuple(spec.get("roles") or ()),
        node_ids=tuple(status.get("nodeIds") or ()),
    )


def pod_set(obj: Object) -> PodSet:
    """Return a ``StrimziPodSet`` object's value."""
    pods = tuple(
        (
            pod["metadata"]["name"],
            _annotations(pod).get(REVISION, ""),
            _annotations(pod).get(KAFKA_VERSION, ""),
        )
        for pod in obj.get("spec", {}).get("pods") or ()
    )
    return PodSet(
        name=obj["metadata"]["name"],
        pool=_labels(obj).get("strimzi.io/pool-name", ""),
        pods=pods,
        rolling=_is_true(_annotations(obj).get(ROLLING_UPDATE)),
        deleting="deletionTimestamp" in obj["metadata"],
        uid=obj["metadata"].get("uid", ""),
        created=_time(obj["metadata"].get("creationTimestamp")),
    )


def pod(obj: Object) -> Pod:
    """Return the value of a Kafka node's pod."""
    metadata, status, labels = obj["metadata"], obj.get("status") or {}, _labels(obj)
    roles = tuple(r for r in ("controller", "broker") if labels.get(f"strimzi.io/{r}-role") == "true")
    found = conditions(obj)
    ready = any(c.type == "Ready" and c.status == "True" for c in found)
    statuses = status.get("containerStatuses") or ()
    state: Object = next((s.get("state") or {} for s in statuses), {})
    ended: Object = state.get("terminated") or next(
        ((s.get("lastState") or {}).get("terminated") or {} for s in statuses), {}
    )
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        node_id=int(metadata["name"].rsplit("-", 1)[-1]),
        pool=labels.get("strimzi.io/pool-name", ""),
        roles=roles,
        ready=ready,
        phase=status.get("phase", ""),
        ip=status.get("podIP", ""),
        revision=_annotations(obj).get(REVISION, ""),
        kafka_version=_annotations(obj).get(KAFKA_VERSION, ""),
        deleting="deletionTimestamp" in metadata,
        restarts=sum(s.get("restartCount", 0) for s in statuses),
        started=_time(status.get("startTime")),
        broker_state=next((c.reason for c in found if c.type.endswith("/BrokerState")), ""),
        why_not_ready="" if ready else _why_not_ready(found, statuses),
        rolling=_is_true(_annotations(obj).get(ROLLING_UPDATE)),
        host=obj.get("spec", {}).get("nodeName", ""),
        running_since=_time((state.get("running") or {}).get("startedAt")),
        waiting=str((state.get("waiting") or {}).get("reason", "")),
        ended=_time(ended.get("finishedAt")),
        last_exit=ended.get("exitCode"),
        created=_time(metadata.get("creationTimestamp")),
        ready_since=_since(status, "Ready") if ready else None,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _since(status: Object, type: str) -> datetime | None:
    for condition in status.get("conditions") or ():
        if condition.get("type") == type:
            return _time(condition.get("lastTransitionTime"))
    return None


def host(obj: Object) -> Host:
    """Return the value of a machine of the Kubernetes cluster."""
    ready: StatusCondition | None = next((c for c in conditions(obj) if c.type == "Ready"), None)
    good = ready is not None and ready.status == "True"
    return Host(obj["metadata"]["name"], good, "" if good or ready is None else ready.reason)


def claim(obj: Object, volume: Object | None) -> Claim:
    """Return the value of a volume claim; `volume` is what it is bound to, where that can be read."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    return Claim(
        name=metadata["name"],
        pod=re.sub(r"^data-(\d+-)?", "", metadata["name"]),
        phase=(obj.get("status") or {}).get("phase", ""),
        volume=spec.get("volumeName", ""),
        reclaim=((volume or {}).get("spec") or {}).get("persistentVolumeReclaimPolicy", ""),
        delete_claim=_is_true(_annotations(obj).get(DELETE_CLAIM)),
        deleting="deletionTimestamp" in metadata,
        created=_time(metadata.get("creationTimestamp")),
    )


def workload(obj: Object, pods: Iterable[Object] = ()) -> Workload:
    """Return a Deployment's value; of the `pods` of its namespace it finds its own."""
    wanted = ((obj.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    waits = (
        str(waiting.get("reason", ""))
        for pod in pods
        if wanted and wanted.items() <= _labels(pod).items()
        for container in (pod.get("status") or {}).get("containerStatuses") or ()
        if (waiting := (container.get("state") or {}).get("waiting"))
    )
    return Workload(
        name=obj["metadata"]["name"],
        namespace=obj["metadata"]["namespace"],
        wanted=(obj.get("spec") or {}).get("replicas", 1),
        ready=(obj.get("status") or {}).get("readyReplicas", 0) or 0,
        waiting=next(waits, ""),
    )


def _why_not_ready(found: Iterable[StatusCondition], statuses: Iterable[Object]) -> str:
    for status in statuses:
        waiting = (status.get("state") or {}).get("waiting")
        if waiting:
            return str(waiting.get("reason", ""))
    for condition in found:
        if condition.type in ("PodScheduled", "Ready") and condition.status == "False" and condition.reason:
            return condition.message or condition.reason
    return ""


def operator(deployment: Object) -> Operator:
    """Return the value of the cluster operator's Deployment."""
    status = deployment.get("status") or {}
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return Operator(
        version=str(containers[0].get("image", "")).rpartition(":")[2],
        ready=status.get("readyReplicas", 0) > 0,
        replicas=(replicas := deployment["spec"].get("replicas", 1)),
        settled=status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) >= replicas
        and status.get("replicas", 0) <= status.get("updatedReplicas", 0),
    )


def resource_state(obj: Object) -> ResourceState:
    """Return a ``KafkaTopic``'s or ``KafkaUser``'s value."""
    found = conditions(obj)
    ready = any(c.type == "Ready" and c.status == "True" for c in found)
    bad = next((c for c in found if c.type in ("NotReady", "Ready", "ReconciliationPaused")), None)
    return ResourceState(
        kind=obj["kind"],
        name=obj["metadata"]["name"],
        generation=obj["metadata"].get("generation", 0),
        observed_generation=(obj.get("status") or {}).get("observedGeneration", 0),
        ready=ready,
        reason="" if ready or bad is None else bad.reason,
        message="" if ready or bad is None else bad.message,
        topic=str((obj.get("spec") or {}).get("topicName") or "") or obj["metadata"]["name"],
        uid=str(obj["metadata"].get("uid") or ""),
    )
