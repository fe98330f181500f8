"""What the server fills into built-in objects, so that they read back as from the real one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from prompt_kafka.lab.apiserver import definitions
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]


def apply(resource: Resource, obj: Object) -> None:
    """Fill the defaults of a built-in kind into `obj`."""
    function = _DEFAULTS.get((resource.group, resource.plural))
    if function is not None:
        function(obj)


def begin_status(resource: Resource, obj: Object) -> None:
    """Set the status of a new object: what the client sent in it counts for a few kinds only."""
    key = (resource.group, resource.plural)
    if key == ("", "nodes"):
        return
    obj.pop("status", None)
    if key == ("", "pods"):
        obj["status"] = {"phase": "Pending", "qosClass": _quality(obj.get("spec") or {})}
    elif key in (("", "persistentvolumeclaims"), ("", "persistentvolumes")):
        obj["status"] = {"phase": "Pending"}
    elif key == ("", "services"):
        obj["status"] = {"loadBalancer": {}}
    elif key == ("", "namespaces"):
        obj["status"] = {"phase": "Active"}
    elif key == ("apps", "replicasets"):
        obj["status"] = {"replicas": 0}
    elif key in (("apps", "deployments"), ("networking.k8s.io", "ingresses")):
        obj["status"] = {"loadBalancer": {}} if key[1] == "ingresses" else {}


def _quality(spec: Object) -> str:
    """Return a pod's class of service from its requests and limits of CPU and memory."""
    containers = (spec.get("containers") or []) + (spec.get("initContainers") or [])
    any_set, guaranteed = False, True
    for container in containers:
        resources = container.get("resources") or {}
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for name in ("cpu", "memory"):
            any_set = any_set or name in limits or name in requests
            guaranteed = guaranteed and name in limits and requests.get(name, limits[name]) == limits[name]
    if not any_set:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _namespace(obj: Object) -> None:
    labels = obj["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = obj["metadata"].get("name", "")
    spec = obj.setdefault("spec", {})
    spec.setdefault("finalizers", ["kubernetes"])


def _pod(obj: Object) -> None:
    if isinstance(obj.get("spec"), dict):
        pod_spec(obj["spec"])
        obj["spec"].setdefault("enableServiceLinks", True)


def pod_spec(spec: Object) -> None:
    """Fill in the defaults of a pod's specification."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        if isinstance(container, dict):
            _container(container)
    for volume in spec.get("volumes") or []:
        _volume(volume)


def _container(container: Object) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    image = str(container.get("image", ""))
    latest = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    container.setdefault("imagePullPolicy", "Always" if latest and "@" not in image else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if isinstance(probe, dict):
            for field, value in (
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ):
                probe.setdefault(field, value)
            if "httpGet" in probe:
                probe["httpGet"].setdefault("scheme", "HTTP")
    for variable in container.get("env") or []:
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference:
            reference.setdefault("apiVersion", "v1")


def _volume(volume: Object) -> None:
    for name in ("configMap", "secret", "projected"):
        if isinstance(volume.get(name), dict):
            volume[name].setdefault("defaultMode", 420)


def _deployment(obj: Object) -> None:
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _template(spec)


def _replica_set(obj: Object) -> None:
    if isinstance(obj.get("spec"), dict):
        obj["spec"].setdefault("replicas", 1)
        _template(obj["spec"])


def _template(spec: Object) -> None:
    template = spec.get("template")
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        if isinstance(template.get("spec"), dict):
            pod_spec(template["spec"])


def _service(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    kind = spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if kind == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")
    texts = obj.pop("stringData", None)
    if texts:
        data = obj["data"] = dict(obj.get("data") or {})
        for key, value in texts.items():
            data[key] = b64encode(str(value).encode()).decode()
    if "data" in obj and not obj["data"]:
        del obj["data"]


def _claim(obj: Object) -> None:
    if isinstance(obj.get("spec"), dict):
        obj["spec"].setdefault("volumeMode", "Filesystem")


def _volume_object(obj: Object) -> None:
    if isinstance(obj.get("spec"), dict):
        obj["spec"].setdefault("volumeMode", "Filesystem")
        obj["spec"].setdefault("persistentVolumeReclaimPolicy", "Retain")


def _storage_class(obj: Object) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _binding(obj: Object) -> None:
    reference = obj.get("roleRef")
    if isinstance(reference, dict):
        reference.setdefault("apiGroup", "rbac.authorization.k8s.io")
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


_DEFAULTS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("", "secrets"): _secret,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _volume_object,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("storage.k8s.io", "storageclasses"): _storage_class,
    ("rbac.authorization.k8s.io", "rolebindings"): _binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _binding,
    ("apiextensions.k8s.io", "customresourcedefinitions"): definitions.default,
}
