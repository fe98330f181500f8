"""What an application wants: its rendered manifests, made ready for the cluster.

Here the destination's namespace and the tracking label are set, hooks are told from ordinary objects, and
objects of kinds that this cluster will never serve are set aside by name.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients.discovery import Served
from prompt_kafka.lab.argocd import order
from prompt_kafka.lab.argocd.merge import without_nulls

Manifest = dict[str, Any]
Identity = tuple[str, str, str, str]
"""Group, kind, namespace (empty for kinds of the whole cluster), name."""

INSTANCE = "argocd.argoproj.io/instance"
OPERATORS_OWN = ("kafka.strimzi.io", "core.strimzi.io", "argoproj.io", "ricoberger.de")
"""Groups that the lab serves once their definitions are there: missing is an error, not an exclusion."""

_CLUSTER_WIDE = frozenset(
    {"Namespace", "Node", "PersistentVolume", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    | {"StorageClass", "IngressClass", "PriorityClass", "ClusterIssuer", "APIService", "VolumeSnapshotClass"}
)


@dataclass(frozen=True, slots=True)
class Targets:
    """What is wanted.

    Attributes
    ----------
    objects
        Ordinary objects by identity, in the order of the templates.
    hooks
        Hook objects.
    excluded
        Objects of kinds that are not in this cluster: neither compared nor applied.
    repeated
        Identities that were rendered more than once; the last one counts.
    """

    objects: Mapping[Identity, Manifest] = field(default_factory=dict)
    hooks: tuple[Manifest, ...] = ()
    excluded: tuple[Identity, ...] = ()
    repeated: tuple[Identity, ...] = ()


def identity(obj: Mapping[str, Any]) -> Identity:
    """Return which object this is, whatever its version."""
    metadata = obj["metadata"]
    group = str(obj["apiVersion"]).rpartition("/")[0]
    return group, obj["kind"], metadata.get("namespace") or "", metadata["name"]


def describe(which: Identity) -> str:
    """Return an identity for a reader, ``kafka.strimzi.io/Kafka prompt-kafka/prompt-kafka``."""
    group, kind, namespace, name = which
    return (
        f"{group}/{kind} {namespace}/{name}".lstrip("/")
        if namespace
        else f"{group}/{kind} {name}".lstrip("/")
    )


def prepare(manifests: Iterable[Manifest], *, application: str, namespace: str, served: Served) -> Targets:
    """Make rendered manifests ready.

    Parameters
    ----------
    manifests
        As rendered.
    application
        Name of the application, for the tracking label.
    namespace
        Of the destination: for namespaced objects that name none.
    served
        The kinds of the cluster.
    """
    rendered = [without_nulls(copy.deepcopy(each)) for each in manifests]
    scope = _scopes(rendered, served)
    objects: dict[Identity, Manifest] = {}
    hooks: list[Manifest] = []
    excluded: list[Identity] = []
    repeated: list[Identity] = []
    for obj in rendered:
        metadata = obj["metadata"]
        if scope(obj):
            metadata["namespace"] = metadata.get("namespace") or namespace
        else:
            metadata.pop("namespace", None)
        metadata["labels"] = {**(metadata.get("labels") or {}), INSTANCE: application}
        _string_data(obj)
        which = identity(obj) if metadata.get("name") else (*_generated(obj),)
        if is_excluded(obj, served, rendered):
            excluded.append(which)
        elif order.hooks(obj):
            hooks.append(obj)
        else:
            if which in objects:
                repeated.append(which)
            objects[which] = obj
    return Targets(objects, tuple(hooks), tuple(excluded), tuple(repeated))


def is_excluded(obj: Manifest, served: Served, alongside: Iterable[Manifest] = ()) -> bool:
    """Return whether an object is of a kind that this cluster will never serve."""
    group = obj["apiVersion"].rpartition("/")[0]
    if (group, obj["kind"]) in served.preferred or group in OPERATORS_OWN:
        return False
    return (group, obj["kind"]) not in set(defined(alongside))


def left_out(targets: Targets) -> str:
    """Return what an operation's message adds about objects that the lab does not serve."""
    if not targets.excluded:
        return ""
    kinds: dict[str, int] = {}
    for group, kind, _, _ in targets.excluded:
        name = f"{group}/{kind}" if group else kind
        kinds[name] = kinds.get(name, 0) + 1
    named = ", ".join(f"{count} {name}" for name, count in sorted(kinds.items()))
    return f"; not applied, because the lab does not serve their kinds: {named}"


def defined(manifests: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    """Return the kinds that CustomResourceDefinitions among `manifests` bring, and whether namespaced."""
    return {
        (each["spec"]["group"], each["spec"]["names"]["kind"]): each["spec"].get("scope") == "Namespaced"
        for each in manifests
        if each["kind"] == "CustomResourceDefinition"
    }


def _scopes(rendered: list[Manifest], served: Served) -> Callable[[Manifest], bool]:
    coming = defined(rendered)

    def namespaced(obj: Manifest) -> bool:
        name = obj["apiVersion"].rpartition("/")[0], obj["kind"]
        if known := served.preferred.get(name):
            return known.namespaced
        return coming.get(name, obj["kind"] not in _CLUSTER_WIDE)

    return namespaced


def _generated(obj: Manifest) -> Identity:
    group, kind, namespace, _ = identity({**obj, "metadata": {**obj["metadata"], "name": ""}})
    return group, kind, namespace, obj["metadata"].get("generateName", "")


def _string_data(obj: Manifest) -> None:
    if obj["kind"] != "Secret" or obj["apiVersion"] != "v1" or "stringData" not in obj:
        return
    text = obj.pop("stringData")
    encoded = {key: base64.b64encode(str(each).encode()).decode() for key, each in text.items()}
    obj["data"] = {**(obj.get("data") or {}), **encoded}
