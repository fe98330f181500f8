"""The columns of the built-in kinds, as the real server prints them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .ages import age
from .pod_columns import POD_COLUMNS, pod_cells
from .resources import Column, Resource

Object = dict[str, Any]
NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind after its name, and the function that fills them."""

    columns: tuple[Column, ...]
    cells: Callable[[Object], list[Any]]


def _age(obj: Object) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def _columns(*names: str, wide: tuple[str, ...] = ()) -> tuple[Column, ...]:
    return tuple(
        Column(
            name.removesuffix("#"),
            "integer" if name.endswith("#") else "string",
            "",
            priority=int(name in wide),
        )
        for name in names
    )


def of(resource: Resource) -> Printer:
    """Return the columns of a built-in kind."""
    return _PRINTERS.get(resource.storage, _DEFAULT)


def _joined(values: list[Any] | None) -> str:
    return ",".join(str(value) for value in values) if values else NONE


def _selector(selector: Object | None) -> str:
    labels = (selector or {}).get(
        "matchLabels", selector if selector and "matchExpressions" not in selector else {}
    )
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def _service(obj: Object) -> list[Any]:
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
        _age(obj),
        _selector(spec.get("selector")),
    ]


def _deployment(obj: Object) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    pods = spec["template"]["spec"].get("containers") or []
    return [
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _age(obj),
        _joined([pod["name"] for pod in pods]),
        _joined([pod.get("image", "") for pod in pods]),
        _selector(spec.get("selector")),
    ]


def _replica_set(obj: Object) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    pods = spec["template"]["spec"].get("containers") or []
    return [
        spec.get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        _age(obj),
        _joined([pod["name"] for pod in pods]),
        _joined([pod.get("image", "") for pod in pods]),
        _selector(spec.get("selector")),
    ]


def _node(obj: Object) -> list[Any]:
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
        _age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: list[str] | None) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes or [])


def _claim(obj: Object) -> list[Any]:
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
        _age(obj),
        spec.get("volumeMode", "<unset>"),
    ]


def _volume(obj: Object) -> list[Any]:
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
        _age(obj),
        spec.get("volumeMode", "<unset>"),
    ]


def _event(obj: Object) -> list[Any]:
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


def _budget(obj: Object) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        _age(obj),
    ]


def _ingress(obj: Object) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    points = (status.get("loadBalancer") or {}).get("ingress") or []
    return [
        spec.get("ingressClassName") or NONE,
        ",".join(hosts) or "*",
        ",".join(point.get("ip") or point.get("hostname") or "" for point in points),
        "80, 443" if spec.get("tls") else "80",
        _age(obj),
    ]


def _storage_class(obj: Object) -> list[Any]:
    return [
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion", False)),
        _age(obj),
    ]


def _endpoints(obj: Object) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [",".join(found[:3]) + more or NONE, _age(obj)]


def _slice(obj: Object) -> list[Any]:
    points = [address for point in obj.get("endpoints") or [] for address in point.get("addresses") or []]
    more = f" + {len(points) - 3} more..." if len(points) > 3 else ""
    ports = [str(port.get("port", "")) for port in obj.get("ports") or []]
    return [
        obj.get("addressType", ""),
        ",".join(ports) or "<unset>",
        ",".join(points[:3]) + more or "<unset>",
        _age(obj),
    ]


def _crd(obj: Object) -> list[Any]:
    return [str(obj["metadata"].get("creationTimestamp", ""))]


_DEFAULT = Printer(_columns("Age"), lambda obj: [_age(obj)])
_WORKLOAD = ("Containers", "Images", "Selector")
_PRINTERS: dict[tuple[str, str], Printer] = {
    ("", "pods"): Printer(POD_COLUMNS, pod_cells),
    ("", "services"): Printer(
        _columns("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector", wide=("Selector",)),
        _service,
    ),
    ("", "nodes"): Printer(
        _columns(
            "Status",
            "Roles",
            "Age",
            "Version",
            "Internal-IP",
            "External-IP",
            "OS-Image",
            "Kernel-Version",
            "Container-Runtime",
            wide=("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
        ),
        _node,
    ),
    ("", "secrets"): Printer(
        _columns("Type", "Data#", "Age"),
        lambda obj: [obj.get("type", ""), len(obj.get("data") or {}), _age(obj)],
    ),
    ("", "configmaps"): Printer(
        _columns("Data#", "Age"),
        lambda obj: [len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _age(obj)],
    ),
    ("", "serviceaccounts"): Printer(
        _columns("Secrets#", "Age"), lambda obj: [len(obj.get("secrets") or []), _age(obj)]
    ),
    ("", "namespaces"): Printer(
        _columns("Status", "Age"), lambda obj: [(obj.get("status") or {}).get("phase", ""), _age(obj)]
    ),
    ("", "persistentvolumeclaims"): Printer(
        _columns(
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "VolumeMode",
            wide=("VolumeMode",),
        ),
        _claim,
    ),
    ("", "persistentvolumes"): Printer(
        _columns(
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "VolumeAttributesClass",
            "Reason",
            "Age",
            "VolumeMode",
            wide=("VolumeMode",),
        ),
        _volume,
    ),
    ("", "events"): Printer(
        _columns(
            "Last Seen",
            "Type",
            "Reason",
            "Object",
            "Subobject",
            "Source",
            "Message",
            "First Seen",
            "Count#",
            "Name",
            wide=("Subobject", "Source", "First Seen", "Count#", "Name"),
        ),
        _event,
    ),
    ("", "endpoints"): Printer(_columns("Endpoints", "Age"), _endpoints),
    ("discovery.k8s.io", "endpointslices"): Printer(
        _columns("AddressType", "Ports", "Endpoints", "Age"), _slice
    ),
    ("apps", "deployments"): Printer(
        _columns("Ready", "Up-to-date#", "Available#", "Age", *_WORKLOAD, wide=_WORKLOAD), _deployment
    ),
    ("apps", "replicasets"): Printer(
        _columns("Desired#", "Current#", "Ready#", "Age", *_WORKLOAD, wide=_WORKLOAD), _replica_set
    ),
    ("coordination.k8s.io", "leases"): Printer(
        _columns("Holder", "Age"), lambda obj: [(obj.get("spec") or {}).get("holderIdentity", ""), _age(obj)]
    ),
    ("policy", "poddisruptionbudgets"): Printer(
        _columns("Min Available", "Max Unavailable", "Allowed Disruptions#", "Age"), _budget
    ),
    ("networking.k8s.io", "networkpolicies"): Printer(
        _columns("Pod-Selector", "Age"), lambda obj: [_selector(obj["spec"].get("podSelector")), _age(obj)]
    ),
    ("networking.k8s.io", "ingresses"): Printer(
        _columns("Class", "Hosts", "Address", "Ports", "Age"), _ingress
    ),
    ("storage.k8s.io", "storageclasses"): Printer(
        _columns("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
        _storage_class,
    ),
    ("rbac.authorization.k8s.io", "rolebindings"): Printer(
        _columns("Role", "Age"),
        lambda obj: [f"{obj['roleRef'].get('kind')}/{obj['roleRef'].get('name')}", _age(obj)],
    ),
    ("rbac.authorization.k8s.io", "clusterrolebindings"): Printer(
        _columns("Role", "Age"),
        lambda obj: [f"{obj['roleRef'].get('kind')}/{obj['roleRef'].get('name')}", _age(obj)],
    ),
    ("rbac.authorization.k8s.io", "roles"): Printer(
        _columns("Created At"), lambda obj: [obj["metadata"].get("creationTimestamp", "")]
    ),
    ("rbac.authorization.k8s.io", "clusterroles"): Printer(
        _columns("Created At"), lambda obj: [obj["metadata"].get("creationTimestamp", "")]
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): Printer(_columns("Created At"), _crd),
}
