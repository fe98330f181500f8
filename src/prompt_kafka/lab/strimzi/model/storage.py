"""Volumes of a node: claims, mounts and the folders that Kafka writes to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node, Pool

Object = dict[str, Any]

ROOT = "/var/lib/kafka"


@dataclass(frozen=True, slots=True)
class Volume:
    """One data volume of a node pool.

    Parameters
    ----------
    name
        Name of the volume in the pod, such as ``data-0``.
    spec
        What was asked for.
    """

    name: str
    spec: Object

    @property
    def path(self) -> str:
        """Where it is mounted."""
        return f"{ROOT}/{self.name}"

    @property
    def ephemeral(self) -> bool:
        """Lost with the pod."""
        return bool(self.spec.get("type") == "ephemeral")

    def claim(self, pod: str) -> str:
        """Name of a pod's claim on this volume."""
        return f"{self.name}-{pod}"

    def log_dir(self, node: Node) -> str:
        """Folder in which a node keeps its logs."""
        return f"{self.path}/kafka-log{node.id}"


def volumes(storage: Object) -> tuple[Volume, ...]:
    """Return the data volumes of a storage specification, by id."""
    if storage.get("type") != "jbod":
        return (Volume("data", storage),)
    listed = sorted(storage.get("volumes") or (), key=lambda volume: int(volume.get("id", 0)))
    return tuple(Volume(f"data-{volume.get('id', 0)}", volume) for volume in listed)


def metadata_volume(storage: Object) -> Volume:
    """Return the volume of the metadata log: the shared one, else the one with the lowest id."""
    found = volumes(storage)
    return next((volume for volume in found if volume.spec.get("kraftMetadata") == "shared"), found[0])


def annotation(storage: Object) -> str:
    """Return the text by which a pod set remembers the storage in use."""
    return json.dumps(storage, sort_keys=True, separators=(",", ":"))


def allowed(before: str | None, storage: Object) -> tuple[Object, str]:
    """Return the storage to use, and a warning when the edit is not allowed.

    Parameters
    ----------
    before
        What the pod set remembers; None when there is no pod set, and then nothing is compared.
    storage
        What the pool asks for now.
    """
    if before is None:
        return storage, ""
    old: Object = json.loads(before)
    if _shape(old) == _shape(storage) and not _shrinks(old, storage):
        return storage, ""
    if old.get("type") == storage.get("type") == "jbod" and not _clash(old, storage):
        return storage, ""
    return old, (
        "The desired Kafka storage configuration contains changes which are not allowed. As a result, all "
        "storage changes will be ignored. Use DEBUG level logging for more information about the detected "
        "changes."
    )


_FREE = ("deleteClaim", "kraftMetadata", "volumeAttributesClass", "size", "sizeLimit")


def _shape(storage: Object) -> Object:
    shape = {key: value for key, value in storage.items() if key not in _FREE}
    if "volumes" in shape:
        shape["volumes"] = sorted((_shape(volume) for volume in shape["volumes"]), key=repr)
    return shape


def _shrinks(old: Object, new: Object) -> bool:
    sizes = {volume.name: volume.spec.get("size") for volume in volumes(old)}
    return any(
        volume.name in sizes and quantity(volume.spec.get("size")) < quantity(sizes[volume.name])
        for volume in volumes(new)
    )


def _clash(old: Object, new: Object) -> bool:
    before = {volume.name: volume.spec for volume in volumes(old)}
    common = [volume for volume in volumes(new) if volume.name in before]
    return _shrinks(old, new) or any(_shape(before[volume.name]) != _shape(volume.spec) for volume in common)


_UNITS = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}


def quantity(text: str | int | None) -> float:
    """Return the bytes that a Kubernetes quantity stands for; 0 when there is none."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([kKMGTP]?)(i?)\s*", str(text or "0"))
    if match is None:
        return 0.0
    power = _UNITS["k" if match[2] == "K" else match[2]]
    return float(match[1]) * (1024.0 ** (power // 3) if match[3] else 10.0**power)


def claims(cluster: Cluster, pool: Pool) -> list[Object]:
    """Return the claims of all nodes of a pool."""
    template = (pool.resource["spec"].get("template") or {}).get("persistentVolumeClaim") or {}
    extra = template.get("metadata") or {}
    made = []
    for node in pool.nodes:
        for volume in volumes(pool.storage):
            if volume.ephemeral:
                continue
            delete = bool(volume.spec.get("deleteClaim"))
            metadata: Object = {
                "name": volume.claim(node.pod),
                "namespace": cluster.namespace,
                "labels": labels.kafka(cluster.resource)
                | labels.passed_on(pool.resource)
                | {labels.POOL_NAME: pool.name}
                | (extra.get("labels") or {}),
                "annotations": {"strimzi.io/delete-claim": str(delete).lower()}
                | (extra.get("annotations") or {}),
            }
            if delete:
                metadata["ownerReferences"] = [labels.owner(pool.resource)]
            spec: Object = {
                "accessModes": ["ReadWriteOnce"],
                "volumeMode": "Filesystem",
                "resources": {"requests": {"storage": volume.spec["size"]}},
            }
            if volume.spec.get("class"):
                spec["storageClassName"] = volume.spec["class"]
            if volume.spec.get("selector"):
                spec["selector"] = {"matchLabels": volume.spec["selector"]}
            made.append(
                {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
            )
    return made
