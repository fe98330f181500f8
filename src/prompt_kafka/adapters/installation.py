"""Looks at the operator as a whole: its Deployment, its definitions, and every cluster that it watches.

A namespace that may not be looked into is named with the reason, because the operator moves its clusters too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from prompt_kafka.adapters import objects, operator_log
from prompt_kafka.clients.kinds import CRD, DEPLOYMENT, KAFKA, NODE_POOL, POD, POD_SET
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError, Object
from prompt_kafka.core.installation import Definition, Installation, WatchedCluster, WatchedPod

OPERATOR = "strimzi-cluster-operator"
_GROUPS = ("kafka.strimzi.io", "core.strimzi.io")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def see(kubernetes: Kubernetes, namespace: str) -> Installation:
    """Return the operator in a namespace and all that hangs on it.

    Raises
    ------
    KubernetesError, UnreachableError
        Its Deployment or the definitions may not be read, or nobody answers.
    """
    deployment = kubernetes.find(DEPLOYMENT, OPERATOR, namespace)
    watched = _watched(deployment, namespace) if deployment else ()
    clusters: list[WatchedCluster] = []
    unseen: list[tuple[str, str]] = []
    for each in watched if watched or deployment is None else (None,):
        try:
            clusters += _clusters(kubernetes, each)
        except KubernetesError as error:
            unseen.append((each or "all namespaces", error.what))
    said, unheard = operator_log.of_operator(kubernetes, namespace)
    return Installation(
        operator=objects.operator(deployment) if deployment else None,
        watched=watched,
        definitions=tuple(_definitions(kubernetes)),
        clusters=tuple(clusters),
        unseen=tuple(unseen),
        kubernetes=_kubernetes(kubernetes),
        said=said,
        unheard=unheard,
    )


def _watched(deployment: Object, namespace: str) -> tuple[str, ...]:
    """Return the namespaces that the operator watches; none for all."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        for entry in container.get("env") or ():
            if entry.get("name") == "STRIMZI_NAMESPACE":
                if "valueFrom" in entry:
                    return (namespace,)
                names = {name.strip() for name in str(entry.get("value") or "").split(",")} - {""}
                return () if "*" in names else tuple(sorted(names))
    return ()


def _definitions(kubernetes: Kubernetes) -> Iterable[Definition]:
    for each in kubernetes.list(CRD):
        if each["spec"].get("group") in _GROUPS:
            versions = each["spec"].get("versions") or ()
            served = tuple(version["name"] for version in versions if version.get("served"))
            stored = tuple((each.get("status") or {}).get("storedVersions") or ())
            yield Definition(each["metadata"]["name"], served, stored)


def _kubernetes(kubernetes: Kubernetes) -> str:
    found = re.match(r"v?(\d+\.\d+)", kubernetes.version()[0])
    return found[1] if found else ""


def _clusters(kubernetes: Kubernetes, namespace: str | None) -> Iterable[WatchedCluster]:
    resources = kubernetes.list(KAFKA, namespace)
    if not resources:
        return
    pools = kubernetes.list(NODE_POOL, namespace)
    pod_sets = kubernetes.list(POD_SET, namespace)
    for kafka in resources:
        metadata = kafka["metadata"]
        name, home = metadata["name"], metadata["namespace"]
        labels = f"strimzi.io/cluster={name},strimzi.io/name={name}-kafka"
        mine = [each for each in (*pools, *pod_sets) if _belongs(each, name, home)]
        wanted = dict(
            entry
            for each in mine
            if each["kind"] == POD_SET.kind
            for entry in ((pod, revision) for pod, revision, _ in objects.pod_set(each).pods)
        )
        pods = [objects.pod(pod) for pod in kubernetes.list(POD, home, labels=labels)]
        gone = sorted(wanted.keys() - {pod.name for pod in pods})
        yield WatchedCluster(
            kafka=objects.kafka_resource(kafka),
            pods=(
                *(
                    WatchedPod(
                        pod.name,
                        pod.uid,
                        pod.ready and not pod.deleting,
                        pod.revision == wanted.get(pod.name, pod.revision),
                        pod.kafka_version,
                    )
                    for pod in sorted(pods, key=lambda pod: pod.node_id)
                ),
                *(WatchedPod(missing, "", ready=False, current=False) for missing in gone),
            ),
            applied=tuple(
                f"{each['kind']} {each['metadata']['name']} {version}"
                for each in (kafka, *(one for one in mine if one["kind"] == NODE_POOL.kind))
                if (version := applied_version(each))
            ),
        )


def _belongs(obj: Object, cluster: str, namespace: str) -> bool:
    metadata = obj["metadata"]
    labels = metadata.get("labels") or {}
    return labels.get("strimzi.io/cluster") == cluster and metadata.get("namespace") == namespace


def applied_version(obj: Mapping[str, object]) -> str:
    """Return the API version under which an object was applied; empty where nothing tells.

    The version under which it is read says nothing: the server gives each object in every version it serves.
    """
    metadata = obj["metadata"]
    assert isinstance(metadata, dict)
    text = (metadata.get("annotations") or {}).get(_LAST_APPLIED)
    if text:
        try:
            return str(json.loads(text).get("apiVersion") or "")
        except ValueError:
            return ""
    applied = [each for each in metadata.get("managedFields") or () if each.get("operation") == "Apply"]
    return str(applied[-1].get("apiVersion") or "") if applied else ""
