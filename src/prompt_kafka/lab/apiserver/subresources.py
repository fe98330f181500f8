"""The subresources that are objects of their own: scale, binding, eviction."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.deletion import Deletion, read_options
from prompt_kafka.lab.apiserver.errors import ApiError, Cause, bad_request, conflict, invalid
from prompt_kafka.lab.apiserver.metadata import now
from prompt_kafka.lab.apiserver.objects import Call, Objects
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.rules import quantity
from prompt_kafka.lab.apiserver.selectors import of_label_selector
from prompt_kafka.lab.apiserver.store import Entry

Object = dict[str, Any]


def _at(obj: Object, path: tuple[str, ...]) -> Any:
    value: Any = obj
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def scale_of(resource: Resource, obj: Object) -> Object:
    """Return an object's ``Scale``."""
    scale = resource.scale
    assert scale is not None
    meta = {
        key: obj["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in obj["metadata"]
    }
    status: Object = {"replicas": _at(obj, scale.status_replicas) or 0}
    selector = _at(obj, scale.selector) if scale.selector else None
    if isinstance(selector, dict):
        selector = ",".join(
            f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())
        )
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": meta,
        "spec": {"replicas": _at(obj, scale.spec_replicas) or 0},
        "status": status,
    }


def scaled(resource: Resource, obj: Object, scale: Object) -> Object:
    """Return `obj` with the number of replicas of a ``Scale``."""
    assert resource.scale is not None
    spec, meta = scale.get("spec") or {}, scale.get("metadata") or {}
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32")
    name = obj["metadata"]["name"]
    if replicas < 0:
        cause = Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise invalid("autoscaling", "Scale", name, [cause])
    wanted = meta.get("resourceVersion") if isinstance(meta, dict) else None
    if wanted and wanted != obj["metadata"]["resourceVersion"]:
        raise conflict(resource.group, resource.plural, name)
    return _replaced(obj, resource.scale.spec_replicas, replicas)


def _replaced(obj: Object, path: tuple[str, ...], value: Any) -> Object:
    if not path:
        return value  # type: ignore[no-any-return]
    below = obj.get(path[0])
    return {**obj, path[0]: _replaced(below if isinstance(below, dict) else {}, path[1:], value)}


def bind(objects: Objects, call: Call, binding: Object) -> None:
    """Put a pod on a node, once."""
    target = binding.get("target")
    if not isinstance(target, dict) or not target.get("name"):
        cause = Cause("target.name", "Required value", "FieldValueRequired")
        raise invalid("", "Binding", call.name, [cause])
    entry = objects.get(call)
    if entry.object["metadata"].get("deletionTimestamp"):
        raise conflict(
            "", "pods/binding", call.name, f"pod {call.name} is being deleted, cannot be assigned to a host"
        )
    node = entry.object["spec"].get("nodeName")
    if node:
        raise conflict("", "pods/binding", call.name, f'pod {call.name} is already assigned to node "{node}"')

    def change(pod: Object) -> Object:
        pod["spec"]["nodeName"] = target["name"]
        conditions = pod.setdefault("status", {}).setdefault("conditions", [])
        kept = [condition for condition in conditions if condition.get("type") != "PodScheduled"]
        scheduled = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": now(),
        }
        pod["status"]["conditions"] = [*kept, scheduled]
        return pod

    objects.change(call, change)


def evict(objects: Objects, deletion: Deletion, call: Call, eviction: Object) -> None:
    """Delete a pod unless a disruption budget forbids it."""
    entry = objects.get(call)
    pod = entry.object
    if not pod["metadata"].get("deletionTimestamp") and pod.get("status", {}).get("phase") == "Running":
        for budget in _budgets(objects, pod):
            if _allowed(objects, budget) < 1:
                raise ApiError(
                    429,
                    "TooManyRequests",
                    "Cannot evict pod as it would violate the pod's disruption budget.",
                    {
                        "causes": [
                            {
                                "reason": "DisruptionBudget",
                                "message": f"The disruption budget {budget.name} needs its pods healthy",
                            }
                        ]
                    },
                )
    deletion.delete(call, read_options(eviction.get("deleteOptions") or {}))


def _budgets(objects: Objects, pod: Object) -> list[Entry]:
    labels = pod["metadata"].get("labels") or {}
    return [
        entry
        for entry in objects.store.entries(("policy", "poddisruptionbudgets"), pod["metadata"]["namespace"])
        if all(test(labels) for test in of_label_selector(entry.object["spec"].get("selector") or {}))
    ]


def _allowed(objects: Objects, budget: Entry) -> int:
    """Return how many pods of a budget may be disrupted now (no controller keeps its status in the lab)."""
    spec = budget.object["spec"]
    tests = of_label_selector(spec.get("selector") or {})
    pods = [
        entry.object
        for entry in objects.store.entries(("", "pods"), budget.namespace)
        if all(test(entry.object["metadata"].get("labels") or {}) for test in tests)
    ]
    healthy = sum(
        any(
            c.get("type") == "Ready" and c.get("status") == "True"
            for c in pod.get("status", {}).get("conditions", [])
        )
        for pod in pods
    )
    if "minAvailable" in spec:
        return healthy - _count(spec["minAvailable"], len(pods))
    return healthy - (len(pods) - _count(spec.get("maxUnavailable", 0), len(pods)))


def _count(value: Any, total: int) -> int:
    text = str(value)
    if text.endswith("%"):
        return -(-int(text[:-1]) * total // 100)
    return int(quantity(text))
