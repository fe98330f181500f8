"""Which operator is in force, read from its own Deployment and pod.

The lab's operators are part of one process, but they act only while the pod that stands for them is Ready;
so "the operator is down", "scaled to 0", "upgraded" and "watches other namespaces" are what they are in
production: changes of a Deployment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.roller.decisions import is_ready

Object = dict[str, Any]

CLUSTER_OPERATOR = "strimzi-cluster-operator"


@dataclass(frozen=True, slots=True)
class Operator:
    """A running cluster operator.

    Parameters
    ----------
    version
        Tag of its image.
    pod, uid
        Its pod: another uid is another process.
    namespace
        Where it runs.
    watched
        Namespaces it looks at; None for all.
    interval
        Seconds between two looks at every resource.
    timeout
        Seconds it waits for an operation.
    pod_sets_only
        It looks after pod sets and nothing else.
    """

    version: str
    pod: str
    uid: str
    namespace: str
    watched: frozenset[str] | None
    interval: float
    timeout: float
    pod_sets_only: bool = False

    def watches(self, namespace: str) -> bool:
        """Return whether it looks at a namespace."""
        return self.watched is None or namespace in self.watched


def tag(image: str) -> str:
    """Return the tag of an image; empty when it has none."""
    name = image.rpartition("/")[2].partition("@")[0]
    return name.partition(":")[2]


def environment(container: Object) -> dict[str, str]:
    """Return the environment variables that a manifest gives a value."""
    return {entry["name"]: str(entry["value"]) for entry in container.get("env") or () if "value" in entry}


def ready_pod(deployment: Object, pods: Iterable[Object]) -> Object | None:
    """Return the oldest Ready pod of a Deployment."""
    if not deployment["spec"].get("replicas", 1):
        return None
    selected = (deployment["spec"].get("selector") or {}).get("matchLabels") or {}
    namespace = deployment["metadata"].get("namespace")
    mine = [
        pod
        for pod in pods
        if pod["metadata"].get("namespace") == namespace and labels.matches(selected, pod) and is_ready(pod)
    ]
    return min(mine, key=lambda pod: pod["metadata"].get("creationTimestamp") or "", default=None)


def cluster_operators(deployments: Iterable[Object], pods: Iterable[Object]) -> tuple[Operator, ...]:
    """Return the cluster operators in force: those that have a Ready pod."""
    everything = list(pods)
    named = [one for one in deployments if one["metadata"]["name"] == CLUSTER_OPERATOR]
    ordered = sorted(named, key=lambda one: str(one["metadata"]["namespace"]))
    found = [ready_pod(deployment, everything) for deployment in ordered]
    return tuple(_operator(pod) for pod in found if pod is not None)


def _operator(pod: Object) -> Operator:
    container = next(
        (one for one in pod["spec"]["containers"] if one["name"] == CLUSTER_OPERATOR),
        pod["spec"]["containers"][0],
    )
    env = environment(container)
    namespace = pod["metadata"]["namespace"]
    return Operator(
        version=tag(container["image"]),
        pod=pod["metadata"]["name"],
        uid=pod["metadata"]["uid"],
        namespace=namespace,
        watched=_watched(container, env, namespace),
        interval=_seconds(env, "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", 120.0),
        timeout=_seconds(env, "STRIMZI_OPERATION_TIMEOUT_MS", 300.0),
        pod_sets_only=env.get("STRIMZI_POD_SET_RECONCILIATION_ONLY", "").lower() == "true",
    )


def _watched(container: Object, env: dict[str, str], namespace: str) -> frozenset[str] | None:
    named = [entry["name"] for entry in container.get("env") or () if "valueFrom" in entry]
    if "STRIMZI_NAMESPACE" in named:
        return frozenset({namespace})
    text = env.get("STRIMZI_NAMESPACE", "").strip()
    if text in ("", "*"):
        return None
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _seconds(env: dict[str, str], name: str, default: float) -> float:
    try:
        return float(env[name]) / 1000
    except (KeyError, ValueError):
        return default
