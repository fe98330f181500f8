"""Minimal definitions of Argo CD's, the Vault operator's and the snapshot controller's resources.

They have the fields that this service uses, the columns that ``kubectl get`` prints and the subresources of
the real ones; everything else in an object is kept as it is.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

_ANY: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_TEXT: Object = {"type": "string"}
_READY = {"type": "boolean"}
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def _column(name: str, path: str, kind: str = "string", priority: int = 0) -> Object:
    column: Object = {"name": name, "type": kind, "jsonPath": path}
    return {**column, "priority": priority} if priority else column


def _some(properties: Object, required: list[str] | None = None) -> Object:
    """Return the schema of an object with some known fields; others are kept."""
    schema = {**_ANY, "properties": properties}
    return {**schema, "required": required} if required else schema


def _definition(
    group: str,
    kind: str,
    plural: str,
    version: str,
    properties: Object,
    columns: list[Object],
    *,
    required: list[str] | None = None,
    short: tuple[str, ...] = (),
    status: bool = True,
    cluster: bool = False,
) -> Object:
    schema = {
        "type": "object",
        "properties": {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}, **properties},
    }
    if required:
        schema["required"] = required
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Groups below k8s.io are protected: a definition must say who approved it, or that nobody did.
            "annotations": {"api-approved.kubernetes.io": "unapproved, a minimal definition for a lab"},
        },
        "spec": {
            "group": group,
            "scope": "Cluster" if cluster else "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                **({"shortNames": list(short)} if short else {}),
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}} if status else {},
                    "additionalPrinterColumns": columns,
                }
            ],
        },
    }


_APPLICATION = _definition(
    "argoproj.io",
    "Application",
    "applications",
    "v1alpha1",
    {
        "spec": _some(
            {"project": _TEXT, "destination": _ANY, "source": _ANY, "syncPolicy": _ANY},
            ["destination", "project"],
        ),
        "operation": _ANY,
        "status": _ANY,
    },
    [
        _column("Sync Status", ".status.sync.status"),
        _column("Health Status", ".status.health.status"),
        _column("Revision", ".status.sync.revision", priority=10),
        _column("Project", ".spec.project", priority=10),
    ],
    required=["metadata", "spec"],
    short=("app", "apps"),
    # As in the real definition: one patch may change spec, operation and status.
    status=False,
)
_PROJECT = _definition(
    "argoproj.io",
    "AppProject",
    "appprojects",
    "v1alpha1",
    {"spec": _ANY, "status": _ANY},
    [_AGE],
    required=["metadata", "spec"],
    short=("appproj", "appprojs"),
    status=False,
)
_VAULT_SECRET = _definition(
    "ricoberger.de",
    "VaultSecret",
    "vaultsecrets",
    "v1alpha1",
    {
        "spec": _some(
            {"path": _TEXT, "type": _TEXT, "keys": {"type": "array", "items": _TEXT}},
            ["type"],
        ),
        "status": _ANY,
    },
    [
        _column("Succeeded", '.status.conditions[?(@.type=="Available")].status'),
        _column("Reason", '.status.conditions[?(@.type=="Available")].reason'),
        _column("Message", '.status.conditions[?(@.type=="Available")].message'),
        _AGE,
    ],
)
_SNAPSHOTS = "snapshot.storage.k8s.io"
_SNAPSHOT = _definition(
    _SNAPSHOTS,
    "VolumeSnapshot",
    "volumesnapshots",
    "v1",
    {
        "spec": _some({"source": _ANY, "volumeSnapshotClassName": _TEXT}, ["source"]),
        "status": _some({"readyToUse": _READY}),
    },
    [
        _column("ReadyToUse", ".status.readyToUse", "boolean"),
        _column("SourcePVC", ".spec.source.persistentVolumeClaimName"),
        _column("SourceSnapshotContent", ".spec.source.volumeSnapshotContentName"),
        _column("RestoreSize", ".status.restoreSize"),
        _column("SnapshotClass", ".spec.volumeSnapshotClassName"),
        _column("SnapshotContent", ".status.boundVolumeSnapshotContentName"),
        _column("CreationTime", ".status.creationTime", "date"),
        _AGE,
    ],
    required=["spec"],
    short=("vs",),
)
_CONTENT = _definition(
    _SNAPSHOTS,
    "VolumeSnapshotContent",
    "volumesnapshotcontents",
    "v1",
    {
        "spec": _some(
            {
                "deletionPolicy": {"type": "string", "enum": ["Delete", "Retain"]},
                "driver": _TEXT,
                "source": _ANY,
                "volumeSnapshotRef": _ANY,
            },
            ["deletionPolicy", "driver", "source", "volumeSnapshotRef"],
        ),
        "status": _some({"readyToUse": _READY}),
    },
    [
        _column("ReadyToUse", ".status.readyToUse", "boolean"),
        _column("RestoreSize", ".status.restoreSize", "integer"),
        _column("DeletionPolicy", ".spec.deletionPolicy"),
        _column("Driver", ".spec.driver"),
        _column("VolumeSnapshotClass", ".spec.volumeSnapshotClassName"),
        _column("VolumeSnapshot", ".spec.volumeSnapshotRef.name"),
        _AGE,
    ],
    required=["spec"],
    short=("vsc", "vscs"),
    cluster=True,
)
_CLASS = _definition(
    _SNAPSHOTS,
    "VolumeSnapshotClass",
    "volumesnapshotclasses",
    "v1",
    {
        "driver": _TEXT,
        "deletionPolicy": {"type": "string", "enum": ["Delete", "Retain"]},
        "parameters": {"type": "object", "additionalProperties": _TEXT},
    },
    [_column("Driver", ".driver"), _column("DeletionPolicy", ".deletionPolicy"), _AGE],
    required=["deletionPolicy", "driver"],
    short=("vsclass", "vsclasses"),
    status=False,
    cluster=True,
)

MINIMAL = (_APPLICATION, _PROJECT, _VAULT_SECRET, _SNAPSHOT, _CONTENT, _CLASS)
