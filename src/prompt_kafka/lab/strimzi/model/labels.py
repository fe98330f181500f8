"""Labels, selectors and owner references of everything that the operator makes."""

from __future__ import annotations

import re
from typing import Any

from prompt_kafka.lab.strimzi.model import names

CLUSTER = "strimzi.io/cluster"
POD_NAME = "strimzi.io/pod-name"
POOL_NAME = "strimzi.io/pool-name"
BROKER_ROLE = "strimzi.io/broker-role"
CONTROLLER_ROLE = "strimzi.io/controller-role"

EXCLUDED = re.compile(r"^(app\.kubernetes\.io/(?!part-of).*|kustomize\.toolkit\.fluxcd\.io.*)")
"""Labels of the resource that are not passed on to what it owns (STRIMZI_LABELS_EXCLUSION_PATTERN)."""

Object = dict[str, Any]


def passed_on(resource: Object) -> dict[str, str]:
    """Return the labels of a resource that its children carry too."""
    labels = resource["metadata"].get("labels") or {}
    return {
        key: value
        for key, value in labels.items()
        if not EXCLUDED.match(key) and not key.startswith("strimzi.io/")
    }


def common(resource: Object, component: str, name: str) -> dict[str, str]:
    """Return the labels of a child of `resource`: what it passes on, and what the operator adds.

    Parameters
    ----------
    component
        ``strimzi.io/component-type`` and ``app.kubernetes.io/name``.
    name
        ``strimzi.io/name``.
    """
    cluster = resource["metadata"]["name"]
    return passed_on(resource) | {
        CLUSTER: cluster,
        "strimzi.io/kind": "Kafka",
        "strimzi.io/name": name,
        "strimzi.io/component-type": component,
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": cluster,
        "app.kubernetes.io/part-of": f"strimzi-{cluster}",
        "app.kubernetes.io/managed-by": "strimzi-cluster-operator",
    }


def kafka(resource: Object) -> dict[str, str]:
    """Return the labels of a child of the Kafka component."""
    return common(resource, "kafka", names.kafka(resource["metadata"]["name"]))


def selector(cluster: str) -> dict[str, str]:
    """Return the labels by which all Kafka pods of a cluster are found."""
    return {CLUSTER: cluster, "strimzi.io/kind": "Kafka", "strimzi.io/name": names.kafka(cluster)}


def text(selected: dict[str, str]) -> str:
    """Return a selector as the API's query text."""
    return ",".join(f"{key}={value}" for key, value in selected.items())


def matches(selected: dict[str, str], obj: Object) -> bool:
    """Return whether an object carries all labels of a selector."""
    labels = obj["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in selected.items())


def owner(resource: Object, *, controller: bool = False) -> Object:
    """Return the reference by which a child belongs to `resource`."""
    return {
        "apiVersion": resource["apiVersion"],
        "kind": resource["kind"],
        "name": resource["metadata"]["name"],
        "uid": resource["metadata"]["uid"],
        "controller": controller,
        "blockOwnerDeletion": True,
    }


def flag(obj: Object, annotation: str) -> bool:
    """Return whether a boolean annotation is set: anything but ``true`` in any case is false."""
    value = (obj["metadata"].get("annotations") or {}).get(annotation, "")
    return str(value).lower() == "true"
