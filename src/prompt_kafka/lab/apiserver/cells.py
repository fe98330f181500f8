"""What the tables say about one object of a built-in kind, cell by cell."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.ages import age

Object = dict[str, Any]
NONE = "<none>"


def age_of(obj: Object) -> str:
    """Return how old an object is."""
    return age(obj["metadata"].get("creationTimestamp"))


def _joined(values: list[Any] | None) -> str:
    return ",".join(str(value) for value in values) if values else NONE


def selector(found: Object | None) -> str:
    """Return a label selector as text."""
    labels = (found or {}).get("matchLabels", found if found and "matchExpressions" not in found else {})
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def service(obj: Object) -> list[Any]:
    """Return the cells of a service after its name."""
    spec, status = obj["spec"], obj.get("status") or {}
    ingress = (status.get("loadBalancer") or {}).get("ingress") or []
    external = [point.get("ip") or point.get("hostname") or "" for point in ingress]
    external += spec.get("externalIPs") or []
    kind = spec.get("type", "ClusterIP")
    if kind == "ExternalName":
        external = [spec.get("externalName", "")]
    shown = ",".join(external) or ("<pending>" if kind == "LoadBalancer" else NONE)
    ports = [
        f"{port['port']}{':' if port.get('nodePort') else ''}{port.get('nodePort') or ''}/{port['protocol']}"
        for port in spec.get("ports") or []
    ]
    return [
        kind,
        spec.get("clusterIP") or NONE,
        shown,
        _joined(ports),
        age_of(obj),
        selector(spec.get("selector")),
    ]


def deployment(obj: Object) -> list[Any]:
    """Return the cells of a deployment after its name."""
    status, spec = obj.get("status") or {}, obj["spec"]
    pods = spec["template"]["spec"].get("containers") or []
    return [
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age_of(obj),
        _joined([pod["name"] for pod in pods]),
        _joined([pod.get("image", "") for pod in pods]),
        selector(spec.get("selector")),
    ]


def replica_set(obj: Object) -> list[Any]:
    """Return the cells of a replica set after its name."""
    status, spec = obj.get("status") or {}, obj["spec"]
    pods = spec["template"]["spec"].get("containers") or []
    return [
        spec.get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age_of(obj),
        _joined([pod["name"] for pod in pods]),
        _joined([pod.get("image", "") for pod in pods]),
        selector(spec.get("selector")),
    ]


def node(obj: Object) -> list[Any]:
    """Return the cells of a node after its name."""
    status = obj.get("status") or {}
    words = [
        ("" if condition["status"] == "True" else "Not") + "Ready"
        for condition in status.get("conditions") or []
        if condition["type"] == "Ready"
    ] or ["Unknown"]
    if obj.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(key[len(prefix) :] for key in labels if key.startswith(prefix) and len(key) > len(prefix))
    info = status.get("nodeInfo") or {}
    addresses = {address["type"]: address["address"] for address in status.get("addresses") or []}
    return [
        ",".join(words),
        ",".join(roles) or NONE,
        age_of(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(found: list[str] | None) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in found or [])


def claim(obj: Object) -> list[Any]:
    """Return the cells of a claim after its name."""
    spec, status = obj["spec"], obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    return [
        phase,
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "") if bound else "",
        _modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        age_of(obj),
        spec.get("volumeMode", "<unset>"),
    ]


def volume(obj: Object) -> list[Any]:
    """Return the cells of a volume after its name."""
    spec, status = obj["spec"], obj.get("status") or {}
    claim = spec.get("claimRef") or {}
    return [
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age_of(obj),
        spec.get("volumeMode", "<unset>"),
    ]


def event(obj: Object) -> list[Any]:
    """Return the cells of an event; its name is the last."""
    about = obj.get("involvedObject") or {}
    last = (
        obj.get("lastTimestamp") or (obj.get("series") or {}).get("lastObservedTime") or obj.get("eventTime")
    )
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return [
        age(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        str(obj.get("message", "")).strip(),
        age(first),
        int(obj.get("count") or (obj.get("series") or {}).get("count") or 1),
        obj["metadata"]["name"],
    ]


def budget(obj: Object) -> list[Any]:
    """Return the cells of a budget after its name."""
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        age_of(obj),
    ]


def ingress(obj: Object) -> list[Any]:
    """Return the cells of an ingress after its name."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    points = (status.get("loadBalancer") or {}).get("ingress") or []
    return [
        spec.get("ingressClassName") or NONE,
        ",".join(hosts) or "*",
        ",".join(point.get("ip") or point.get("hostname") or "" for point in points),
        "80, 443" if spec.get("tls") else "80",
        age_of(obj),
    ]


def storage_class(obj: Object) -> list[Any]:
    """Return the cells of a storage class after its name."""
    return [
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion", False)),
        age_of(obj),
    ]


def endpoints(obj: Object) -> list[Any]:
    """Return the cells of an endpoints after its name."""
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [",".join(found[:3]) + more or NONE, age_of(obj)]


def endpoint_slice(obj: Object) -> list[Any]:
    """Return the cells of an endpoint slice after its name."""
    points = [address for point in obj.get("endpoints") or [] for address in point.get("addresses") or []]
    more = f" + {len(points) - 3} more..." if len(points) > 3 else ""
    ports = [str(port.get("port", "")) for port in obj.get("ports") or []]
    return [
        obj.get("addressType", ""),
        ",".join(ports) or "<unset>",
        ",".join(points[:3]) + more or "<unset>",
        age_of(obj),
    ]


def created(obj: Object) -> list[Any]:
    """Return when an object was made."""
    return [str(obj["metadata"].get("creationTimestamp", ""))]


def role_binding(obj: Object) -> list[Any]:
    """Return the cells of a role binding after its name."""
    subjects = obj.get("subjects") or []

    def named(kind: str) -> str:
        return ", ".join(
            f"{subject['namespace']}/{subject['name']}" if subject.get("namespace") else subject["name"]
            for subject in subjects
            if subject.get("kind") == kind
        )

    role = f"{obj['roleRef'].get('kind')}/{obj['roleRef'].get('name')}"
    return [role, age_of(obj), named("User"), named("Group"), named("ServiceAccount")]
