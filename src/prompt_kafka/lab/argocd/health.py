"""The health that Argo CD would show, of one object and of an application.

The Strimzi rules are those of Argo CD's own scripts, with their weakness kept: nothing looks at generations,
so they say Healthy right after a change. A kind without a rule has no opinion and counts as fine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ORDER = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")


@dataclass(frozen=True, slots=True)
class Health:
    """A status of `ORDER` and its reason."""

    status: str
    message: str = ""


def of(obj: Mapping[str, Any]) -> Health | None:
    """Return the health of a live object, None where Argo CD has no rule for its kind."""
    if obj["metadata"].get("deletionTimestamp"):
        return Health("Progressing", "Pending deletion")
    group = obj["apiVersion"].rpartition("/")[0]
    rule = _RULES.get((group, obj["kind"]))
    return rule(obj) if rule else None


def worst(healths: Iterable[Health | None], *, missing: int = 0, present: int = 0) -> Health:
    """Return the health of an application.

    Parameters
    ----------
    healths
        Of its resources that exist.
    missing, present
        How many of its resources do not exist, and how many do: it is Missing only when none does.
    """
    result = Health("Missing") if missing and not present else Health("Healthy")
    for health in healths:
        if health is not None and ORDER.index(health.status) > ORDER.index(result.status):
            result = Health(health.status)
    return result


def _strimzi(obj: Mapping[str, Any]) -> Health:
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition.get("status") != "True":
            continue
        message = condition.get("message") or ""
        if condition.get("type") == "NotReady":
            creating = obj["kind"] == "Kafka" and condition.get("reason") == "Creating"
            if not creating:
                return Health("Degraded", message)
        if condition.get("type") == "Ready":
            return Health("Healthy", message)
    return Health("Progressing", f"Waiting for {obj['kind']} status")


def _deployment(obj: Mapping[str, Any]) -> Health:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    if spec.get("paused"):
        return Health("Suspended", "Deployment is paused")
    if obj["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return Health(
            "Progressing",
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        )
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        return Health("Degraded", f'Deployment "{obj["metadata"]["name"]}" exceeded its progress deadline')
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    if updated < wanted:
        return Health(
            "Progressing",
            f"Waiting for rollout to finish: {updated} out of {wanted} new replicas have been updated...",
        )
    old = status.get("replicas", 0) - updated
    if old > 0:
        return Health(
            "Progressing", f"Waiting for rollout to finish: {old} old replicas are pending termination..."
        )
    available = status.get("availableReplicas", 0)
    if available < updated:
        return Health(
            "Progressing",
            f"Waiting for rollout to finish: {available} of {updated} updated replicas are available...",
        )
    return Health("Healthy")


def _replica_set(obj: Mapping[str, Any]) -> Health:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    if obj["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return Health("Progressing", "Waiting for rollout to finish")
    if status.get("availableReplicas", 0) < spec.get("replicas", 1):
        return Health("Progressing", "Waiting for rollout to finish")
    return Health("Healthy")


def _service(obj: Mapping[str, Any]) -> Health:
    if obj.get("spec", {}).get("type") != "LoadBalancer":
        return Health("Healthy")
    if obj.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return Health("Healthy")
    return Health("Progressing")


def _ingress(obj: Mapping[str, Any]) -> Health:
    if obj.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return Health("Healthy")
    return Health("Progressing")


def _claim(obj: Mapping[str, Any]) -> Health:
    phases = {"Lost": "Degraded", "Pending": "Progressing", "Bound": "Healthy"}
    return Health(phases.get(obj.get("status", {}).get("phase", ""), "Unknown"))


def _pod(obj: Mapping[str, Any]) -> Health:
    status = obj.get("status", {})
    phase = status.get("phase")
    for container in status.get("containerStatuses") or ():
        reason = container.get("state", {}).get("waiting", {}).get("reason", "")
        if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
            return Health("Degraded", reason)
    if phase == "Succeeded":
        return Health("Healthy", status.get("message") or "")
    if phase == "Failed":
        return Health("Degraded", status.get("message") or "")
    if phase == "Running":
        if obj.get("spec", {}).get("restartPolicy", "Always") != "Always":
            return Health("Progressing")
        ready = any(
            each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ()
        )
        return Health("Healthy" if ready else "Progressing")
    return Health("Progressing" if phase == "Pending" else "Unknown")


def _job(obj: Mapping[str, Any]) -> Health:
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition.get("status") == "True" and condition["type"] == "Failed":
            return Health("Degraded", condition.get("message") or "")
        if condition.get("status") == "True" and condition["type"] == "Complete":
            return Health("Healthy", condition.get("message") or "")
    return Health("Suspended" if obj.get("spec", {}).get("suspend") else "Progressing")


_STRIMZI_KINDS = ("Kafka", "KafkaTopic", "KafkaUser", "KafkaConnect", "KafkaConnector", "KafkaBridge")

_RULES: dict[tuple[str, str], Callable[[Mapping[str, Any]], Health]] = {
    **{("kafka.strimzi.io", kind): _strimzi for kind in _STRIMZI_KINDS},
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("batch", "Job"): _job,
}
