"""The steps of a run about what is there: ids, storage, brokers that go, and what they leave behind."""

from __future__ import annotations

import dataclasses
import uuid
from base64 import urlsafe_b64encode
from typing import Any

from prompt_kafka.clients.kinds import CONFIG_MAP, PVC, SECRET, SERVICE
from prompt_kafka.core.version_change import VersionChange
from prompt_kafka.lab.strimzi import rolls
from prompt_kafka.lab.strimzi.model import labels, pods, services, status, storage
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Pool, assign_pools, check
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.run import Run

Object = dict[str, Any]

SKIP_SCALE_DOWN_CHECK = "strimzi.io/skip-broker-scaledown-check"


def model(run: Run, change: VersionChange) -> tuple[Cluster, list[str]]:
    """Read the resource and its pools; return them with warnings about their storage."""
    selected = {labels.CLUSTER: run.name}
    resources = [
        pool
        for pool in run.world.caches["KafkaNodePool"].items(run.namespace)
        if labels.matches(selected, pool) and not pool["metadata"].get("deletionTimestamp")
    ]
    pools = assign_pools(run.name, resources)
    check(run.resource, pools)
    warnings = []
    checked: list[Pool] = []
    for pool in pools:
        pod_set = run.live.get(("StrimziPodSet", pool.pod_set))
        annotations = ((pod_set or {}).get("metadata") or {}).get("annotations") or {}
        kept, warning = storage.allowed(annotations.get(pods.STORAGE), pool.storage)
        checked.append(dataclasses.replace(pool, kept_storage=kept))
        warnings += [warning] if warning else []
    pool_ids = [(pool.resource.get("status") or {}).get("clusterId") for pool in pools]
    known = [(run.resource.get("status") or {}).get("clusterId"), *pool_ids]
    cluster_id = next((one for one in known if one), None) or new_cluster_id()
    return Cluster(
        resource=run.resource,
        pools=tuple(checked),
        operator=run.operator.version,
        kafka_version=change.target,
        metadata_version=change.metadata,
        cluster_id=cluster_id,
    ), warnings


def new_cluster_id() -> str:
    """Return a random cluster id: a UUID in URL-safe base64, 22 characters, none of them a leading dash."""
    while (text := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def keep_used_brokers(run: Run, cluster: Cluster, ca: Ca) -> Cluster:
    """Take a scale-down back where the brokers that would go still hold partitions."""
    going = [pool.node(node) for pool in cluster.pools for node in pool.ids.removed if "broker" in pool.roles]
    if not going or labels.flag(run.resource, SKIP_SCALE_DOWN_CHECK):
        return cluster
    with run.nodes(ca) as kafka:
        used = {node for one in kafka.partitions(cluster.brokers[0]) for node in one.replicas}
    busy = sorted(node.id for node in going if node.id in used)
    if not busy:
        return cluster
    run.conditions.append(
        status.warning(
            "ScaleDownPreventionCheck",
            f"Reverting scale-down of Kafka {cluster.name} by changing number of replicas: brokers {busy} "
            "still host partition replicas.",
            run.now,
        )
    )
    pools = tuple(
        dataclasses.replace(pool, ids=dataclasses.replace(pool.ids, desired=pool.ids.current))
        if set(pool.ids.removed) & set(busy)
        else pool
        for pool in cluster.pools
    )
    return dataclasses.replace(cluster, pools=pools)


def scale_down(run: Run, cluster: Cluster) -> None:
    """Take away pods that are no longer wanted, the highest id first."""
    wanted = {node.pod for node in cluster.nodes}
    for name, pod_set in run.of_kind("StrimziPodSet").items():
        if not any(pool.pod_set == name for pool in cluster.pools):
            continue
        listed = pod_set["spec"].get("pods") or []
        for pod in sorted(listed, key=lambda pod: -rolls.node_of(pod).id):
            gone = pod["metadata"]["name"]
            if gone in wanted:
                continue
            current = run.live["StrimziPodSet", name]
            left = [one for one in current["spec"]["pods"] if one["metadata"]["name"] != gone]
            run.apply([current | {"spec": current["spec"] | {"pods": left}}])
            if not run.waiting.until(lambda gone=gone: run.pods.find(gone) is None, run.timing.deletion(pod)):  # type: ignore[misc]
                raise run.timed_out("Pod", gone, "deleted")


def clean_up(run: Run, cluster: Cluster) -> None:
    """Delete what belonged to nodes and listeners that are no more."""
    nodes = {node.pod for node in cluster.nodes}
    component = {"strimzi.io/name": f"{cluster.name}-kafka"}
    wanted = {one["metadata"]["name"] for one in services.services(cluster)}
    for kind, kept in ((CONFIG_MAP, nodes), (SERVICE, wanted)):
        mine = {name: obj for name, obj in run.of_kind(kind.kind).items() if labels.matches(component, obj)}
        run.delete(kind, [name for name in mine if name not in kept])
    gone = {
        name
        for name, obj in run.of_kind("Secret").items()
        if f"{name}.key" in (obj.get("data") or {}) and labels.matches(component, obj) and name not in nodes
    }
    run.delete(SECRET, gone)
    claims = {claim["metadata"]["name"] for pool in cluster.pools for claim in storage.claims(cluster, pool)}
    obsolete = [
        name
        for name, obj in run.of_kind("PersistentVolumeClaim").items()
        if labels.matches(component, obj)
        and name not in claims
        and labels.flag(obj, "strimzi.io/delete-claim")
    ]
    run.delete(PVC, obsolete)
