"""The columns of the built-in kinds, as the real server prints them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.apiserver import cells
from prompt_kafka.lab.apiserver.pod_columns import POD_COLUMNS, pod_cells
from prompt_kafka.lab.apiserver.resources import Column, Resource

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind after its name, and the function that fills them.

    Events begin with when they were seen; their name is the last column.
    """

    columns: tuple[Column, ...]
    cells: Callable[[Object], list[Any]]
    named: bool = True


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


_DEFAULT = Printer(_columns("Age"), lambda obj: [cells.age_of(obj)])
_CREATED = Printer((Column("Created At", "date", ""),), cells.created)
_SUBJECTS = ("Users", "Groups", "ServiceAccounts")
_BINDING = Printer(_columns("Role", "Age", *_SUBJECTS, wide=_SUBJECTS), cells.role_binding)
_WORKLOAD = ("Containers", "Images", "Selector")
_PRINTERS: dict[tuple[str, str], Printer] = {
    ("", "pods"): Printer(POD_COLUMNS, pod_cells),
    ("", "services"): Printer(
        _columns("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector", wide=("Selector",)),
        cells.service,
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
        cells.node,
    ),
    ("", "secrets"): Printer(
        _columns("Type", "Data", "Age"),
        lambda obj: [obj.get("type", ""), len(obj.get("data") or {}), cells.age_of(obj)],
    ),
    ("", "configmaps"): Printer(
        _columns("Data", "Age"),
        lambda obj: [len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), cells.age_of(obj)],
    ),
    ("", "serviceaccounts"): Printer(
        _columns("Secrets", "Age"), lambda obj: [len(obj.get("secrets") or []), cells.age_of(obj)]
    ),
    ("", "namespaces"): Printer(
        _columns("Status", "Age"), lambda obj: [(obj.get("status") or {}).get("phase", ""), cells.age_of(obj)]
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
        cells.claim,
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
        cells.volume,
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
            "Count",
            "Name",
            wide=("Subobject", "Source", "First Seen", "Count", "Name"),
        ),
        cells.event,
        named=False,
    ),
    ("", "endpoints"): Printer(_columns("Endpoints", "Age"), cells.endpoints),
    ("discovery.k8s.io", "endpointslices"): Printer(
        _columns("AddressType", "Ports", "Endpoints", "Age"), cells.endpoint_slice
    ),
    ("apps", "deployments"): Printer(
        _columns("Ready", "Up-to-date", "Available", "Age", *_WORKLOAD, wide=_WORKLOAD), cells.deployment
    ),
    ("apps", "replicasets"): Printer(
        _columns("Desired#", "Current#", "Ready#", "Age", *_WORKLOAD, wide=_WORKLOAD), cells.replica_set
    ),
    ("coordination.k8s.io", "leases"): Printer(
        _columns("Holder", "Age"),
        lambda obj: [(obj.get("spec") or {}).get("holderIdentity", ""), cells.age_of(obj)],
    ),
    ("policy", "poddisruptionbudgets"): Printer(
        _columns("Min Available", "Max Unavailable", "Allowed Disruptions#", "Age"), cells.budget
    ),
    ("networking.k8s.io", "networkpolicies"): Printer(
        _columns("Pod-Selector", "Age"),
        lambda obj: [cells.selector(obj["spec"].get("podSelector")), cells.age_of(obj)],
    ),
    ("networking.k8s.io", "ingresses"): Printer(
        _columns("Class", "Hosts", "Address", "Ports", "Age"), cells.ingress
    ),
    ("storage.k8s.io", "storageclasses"): Printer(
        _columns("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
        cells.storage_class,
    ),
    ("rbac.authorization.k8s.io", "rolebindings"): _BINDING,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _BINDING,
    ("rbac.authorization.k8s.io", "roles"): _CREATED,
    ("rbac.authorization.k8s.io", "clusterroles"): _CREATED,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _CREATED,
}
