"""How a Deployment rolls out: decided from its replica sets, as values."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prompt_kafka.lab.controller import owner_reference

HASH_LABEL = "pod-template-hash"
DEPLOYMENT_REVISION = "deployment.kubernetes.io/revision"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

Object = dict[str, Any]


def template_hash(template: Mapping[str, Any]) -> str:
    """Return the short name of a pod template, in the letters that Kubernetes uses."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


def same_template(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two templates differ in no more than the hash label."""

    def plain(template: Mapping[str, Any]) -> Object:
        metadata = dict(template.get("metadata") or {})
        labels = {key: each for key, each in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
        return {**template, "metadata": {**metadata, "labels": labels}}

    return plain(one) == plain(other)


def replica_set(deployment: Object, revision: int, replicas: int) -> Object:
    """Return the replica set for a deployment's present template."""
    template = deployment["spec"]["template"]
    name = template_hash(template)
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: name}
    selector = deployment["spec"]["selector"]
    own = {key: each for key, each in _annotations(deployment).items() if not key.startswith("kubectl.")}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{name}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": {**own, DEPLOYMENT_REVISION: str(revision)},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            "selector": {
                **selector,
                "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: name},
            },
            "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
        },
    }


def revision_of(obj: Mapping[str, Any]) -> int:
    """Return a replica set's or deployment's revision, 0 when it has none."""
    text = _annotations(obj).get(DEPLOYMENT_REVISION, "0")
    return int(text) if text.isdigit() else 0


def _annotations(obj: Mapping[str, Any]) -> Mapping[str, str]:
    return obj["metadata"].get("annotations") or {}


def _share(value: Any, total: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        exact = int(value[:-1]) * total / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value)


def limits(deployment: Object) -> tuple[int, int]:
    """Return how many pods more, and how many available pods fewer than wanted a roll-out may have."""
    wanted = deployment["spec"].get("replicas", 1)
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


@dataclass(frozen=True, slots=True)
class Scale:
    """How many replicas the replica sets should have: of the new one, and by name of the old ones."""

    new: int
    old: Mapping[str, int]


def scale(deployment: Object, new: Object | None, old: Sequence[Object]) -> Scale:
    """Return the next sizes on the way from the old replica sets to the new one.

    Parameters
    ----------
    deployment
        With `spec.replicas` and its strategy.
    new
        The replica set of the present template; None when it is not there yet.
    old
        All others.
    """
    wanted = deployment["spec"].get("replicas", 1)
    sizes = {each["metadata"]["name"]: _size(each) for each in old}
    if deployment["spec"].get("paused"):
        return Scale(_size(new) if new else 0, sizes)
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        left = sum(sizes.values()) + sum((each.get("status") or {}).get("replicas", 0) for each in old)
        return Scale(0 if left and not (new and _size(new)) else wanted, dict.fromkeys(sizes, 0))
    surge, unavailable = limits(deployment)
    has_new = _size(new) if new else 0
    room = wanted + surge - sum(sizes.values()) - has_new
    next_new = wanted if has_new >= wanted else min(wanted, has_new + max(0, room))
    available_new = (new or {}).get("status", {}).get("availableReplicas", 0) if new else 0
    available = available_new + sum((each.get("status") or {}).get("availableReplicas", 0) for each in old)
    spare = max(0, available - (wanted - unavailable))
    for each in sorted(old, key=_readiness):
        name, status = each["metadata"]["name"], each.get("status") or {}
        unhealthy = max(0, sizes[name] - status.get("availableReplicas", 0))
        cut = min(sizes[name], unhealthy + spare)
        spare -= max(0, cut - unhealthy)
        sizes[name] -= cut
    return Scale(next_new, sizes)


def _size(replica_set: Object | None) -> int:
    return int(replica_set["spec"].get("replicas", 1)) if replica_set else 0


def _readiness(replica_set: Object) -> tuple[int, str]:
    return (replica_set.get("status") or {}).get("availableReplicas", 0), replica_set["metadata"]["name"]


def status(
    deployment: Object, new: Object | None, old: Sequence[Object], now: datetime, *, deadline_passed: bool
) -> Object:
    """Return a deployment's status."""
    everything = [*([new] if new else []), *old]

    def total(field: str, sets: Sequence[Object]) -> int:
        return sum((each.get("status") or {}).get(field, 0) for each in sets)

    wanted = deployment["spec"].get("replicas", 1)
    available = total("availableReplicas", everything)
    updated = total("replicas", [new]) if new else 0
    counts = {
        "replicas": total("replicas", everything),
        "updatedReplicas": updated,
        "readyReplicas": total("readyReplicas", everything),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
    }
    name = (new or deployment)["metadata"]["name"]
    complete = updated == wanted and available >= wanted and counts["replicas"] == updated
    if complete:
        progressing = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    elif deadline_passed:
        progressing = ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    else:
        progressing = ("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    enough = available >= wanted - limits(deployment)[1]
    availability = (
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if enough
        else ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    )
    found = [("Available", *availability), ("Progressing", *progressing)]
    before = (deployment.get("status") or {}).get("conditions") or []
    return {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        **{key: each for key, each in counts.items() if each},
        "conditions": [_condition(before, *each, now=now) for each in found],
    }


def _condition(
    before: Sequence[Mapping[str, Any]], kind: str, state: str, reason: str, message: str, *, now: datetime
) -> Object:
    old: Mapping[str, Any] = next((each for each in before if each["type"] == kind), {})
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    same = old.get("status") == state
    unchanged = same and old.get("reason") == reason and old.get("message") == message
    return {
        "type": kind,
        "status": state,
        "reason": reason,
        "message": message,
        "lastTransitionTime": old.get("lastTransitionTime", stamp) if same else stamp,
        "lastUpdateTime": old.get("lastUpdateTime", stamp) if unchanged else stamp,
    }
