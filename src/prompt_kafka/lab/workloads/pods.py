"""Pods as a ReplicaSet and a Service see them: which count, which are ready, which are selected."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prompt_kafka.lab.controller import owner_reference

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
Object = dict[str, Any]


def is_active(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod counts as a replica: neither ended nor being deleted."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod's condition Ready is true."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector (``matchLabels``, ``matchExpressions``) selects `labels`."""
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions") or ():
        value, values = labels.get(each["key"]), each.get("values") or ()
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[each["operator"]]
        if not holds:
            return False
    return True


def new_pod(replica_set: Object) -> Object:
    """Return a pod of a replica set, under a name of its own."""
    template, metadata = replica_set["spec"]["template"], replica_set["metadata"]
    inner = template.get("metadata") or {}
    suffix = "".join(secrets.choice(_LETTERS) for _ in range(5))
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{metadata['name']}-{suffix}",
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": dict(inner.get("labels") or {}),
            "ownerReferences": [owner_reference(replica_set)],
        },
        "spec": template["spec"],
    }
    if inner.get("annotations"):
        pod["metadata"]["annotations"] = dict(inner["annotations"])
    return pod


def surplus(pods: Sequence[Object], count: int) -> list[Object]:
    """Return the `count` pods to delete first: not bound, not ready, then the youngest."""

    youngest = sorted(pods, key=lambda each: str(each["metadata"].get("creationTimestamp", "")), reverse=True)
    youngest.sort(key=lambda each: (bool(each["spec"].get("nodeName")), is_ready(each)))
    return youngest[:count]


def replica_set_status(replica_set: Object, pods: Sequence[Object]) -> Object:
    """Return a replica set's status from its active pods."""
    ready = sum(is_ready(each) for each in pods)
    labels = ((replica_set["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
    labelled = sum(labels <= (each["metadata"].get("labels") or {}).items() for each in pods)
    counts = {"fullyLabeledReplicas": labelled, "readyReplicas": ready, "availableReplicas": ready}
    return {
        "replicas": len(pods),
        "observedGeneration": replica_set["metadata"].get("generation", 1),
        **{key: each for key, each in counts.items() if each},
    }


def deadline_passed(deployment: Object, now: datetime) -> bool:
    """Return whether a roll-out has made no progress for longer than it may."""
    conditions = (deployment.get("status") or {}).get("conditions") or ()
    found: Mapping[str, Any] = next((each for each in conditions if each["type"] == "Progressing"), {})
    if found.get("reason") == "NewReplicaSetAvailable" or not found.get("lastUpdateTime"):
        return False
    since = datetime.fromisoformat(found["lastUpdateTime"].replace("Z", "+00:00"))
    return (now - since).total_seconds() > float(deployment["spec"].get("progressDeadlineSeconds", 600))
