"""Git against the cluster: what is out of sync, how the application feels.

Everything here is decided from values. The live objects are those of the targets plus the top-level objects
that carry the application's tracking label; with label tracking every such object counts as the
application's own, whoever made it, and this is how Strimzi's volumes come to "require pruning".
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.lab.argocd import health, order
from prompt_kafka.lab.argocd.merge import three_way
from prompt_kafka.lab.argocd.paths import drop
from prompt_kafka.lab.argocd.targets import Identity, Manifest, Targets, describe, identity

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
IGNORE_HEALTH = "argocd.argoproj.io/ignore-healthcheck"
KEEP = "helm.sh/resource-policy"

_BUILT_IN = frozenset(
    {"", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "rbac.authorization.k8s.io"}
    | {"storage.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "scheduling.k8s.io", "node.k8s.io"}
    | {"admissionregistration.k8s.io", "certificates.k8s.io", "events.k8s.io"}
)
NEVER_MANAGED = frozenset(
    {("", "Endpoints"), ("discovery.k8s.io", "EndpointSlice"), ("coordination.k8s.io", "Lease")}
    | {("cert-manager.io", "CertificateRequest"), ("", "Event"), ("events.k8s.io", "Event")}
)
"""Kinds in Argo CD's default ``resource.exclusions``."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome.

    Attributes
    ----------
    status
        ``Synced``, ``OutOfSync`` or ``Unknown``.
    resources
        As in ``status.resources`` of the Application.
    health
        Of the application.
    extra
        Live objects that are not wanted (they require pruning).
    different
        Identities of wanted objects that are missing or differ.
    conditions
        Type and message of warnings.
    """

    status: str
    resources: tuple[Mapping[str, Any], ...]
    health: health.Health
    extra: Mapping[Identity, Manifest] = field(default_factory=dict)
    different: frozenset[Identity] = frozenset()
    conditions: tuple[tuple[str, str], ...] = ()


def has_option(obj: Mapping[str, Any], annotation: str, option: str) -> bool:
    """Return whether a comma-separated annotation contains `option`."""
    text = order.annotations_of(obj).get(annotation, "")
    return option in [each.strip() for each in text.split(",")]


def is_built_in(group: str, kind: str) -> bool:
    """Return whether lists in this kind merge by key."""
    return group in _BUILT_IN and kind != "CustomResourceDefinition"


def last_applied(live: Mapping[str, Any]) -> Manifest | None:
    """Return what was applied last according to the live object."""
    try:
        found = json.loads(order.annotations_of(live)[LAST_APPLIED])
    except (KeyError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def outcome(wanted: Manifest, live: Manifest) -> Manifest:
    """Return what the live object would be after `wanted` was applied; no annotations of ours are added."""
    group = wanted["apiVersion"].rpartition("/")[0]
    applied = last_applied(live)
    if applied is not None:
        applied = {key: each for key, each in applied.items() if key != "status"}
        applied["metadata"] = {
            key: each for key, each in (applied.get("metadata") or {}).items() if key in _APPLIED_METADATA
        }
    plain = {key: each for key, each in wanted.items() if key != "status"}
    plain["metadata"] = {
        key: each for key, each in wanted["metadata"].items() if key in (*_APPLIED_METADATA, "name")
    }
    return three_way(applied, plain, live, strategic=is_built_in(group, wanted["kind"]))


_APPLIED_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def differs(wanted: Manifest, live: Manifest, ignored: Sequence[Mapping[str, Any]] = ()) -> bool:
    """Return whether Argo CD shows a difference.

    Parameters
    ----------
    wanted, live
        The two objects, in the same version.
    ignored
        ``spec.ignoreDifferences`` of the application.
    """
    pointers = [
        (each.get("jsonPointers") or (), each.get("jqPathExpressions") or ())
        for each in ignored
        if _matches(each, wanted)
    ]
    sides = [_comparable(outcome(wanted, live)), _comparable(live)]
    for side in sides:
        for json_pointers, jq_paths in pointers:
            drop(side, json_pointers, jq_paths)
    return sides[0] != sides[1]


def _matches(rule: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    group, kind, metadata = obj["apiVersion"].rpartition("/")[0], obj["kind"], obj["metadata"]
    return (
        rule.get("group", "") in ("*", group)
        and rule.get("kind") in ("*", kind)
        and rule.get("name") in (None, "", metadata.get("name"))
        and rule.get("namespace") in (None, "", metadata.get("namespace"))
    )


def _comparable(obj: Manifest) -> Manifest:
    plain = {key: copy.deepcopy(each) for key, each in obj.items() if key not in ("status", "metadata")}
    metadata = {
        key: copy.deepcopy(each)
        for key, each in obj["metadata"].items()
        if key in ("name", *_APPLIED_METADATA) and each
    }
    annotations = {k: v for k, v in metadata.get("annotations", {}).items() if k != LAST_APPLIED}
    metadata.pop("annotations", None)
    return {**plain, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


def compare(
    targets: Targets,
    live: Mapping[Identity, Manifest],
    owned: Iterable[Manifest],
    *,
    differs: Callable[[Identity, Manifest, Manifest], bool] | None = None,
) -> Comparison:
    """Compare what is wanted with what is there.

    Parameters
    ----------
    targets
        What is wanted.
    live
        The live objects of the targets, by the targets' identities and in their versions.
    owned
        Top-level live objects with the application's tracking label, by identity of their own.
    differs
        Says whether a wanted and a live object differ; `differs` of this module by default.
    """
    judge = differs or _differs
    extra = {
        which: obj
        for obj in owned
        if (which := identity(obj)) not in targets.objects
        and which[:2] not in NEVER_MANAGED
        and not order.hooks(obj)
    }
    different = frozenset(
        which
        for which, wanted in targets.objects.items()
        if which not in live or judge(which, wanted, live[which])
    )
    resources = [
        _resource(which, wanted, live.get(which), which in different)
        for which, wanted in targets.objects.items()
    ]
    resources += [_extra(which, obj) for which, obj in extra.items()]
    counted = [obj for obj in extra.values() if not has_option(obj, COMPARE_OPTIONS, "IgnoreExtraneous")]
    present = [live[which] for which in targets.objects if which in live] + list(extra.values())
    felt = [health.of(obj) for obj in present if order.annotations_of(obj).get(IGNORE_HEALTH) != "true"]
    missing = sum(which not in live for which in targets.objects)
    return Comparison(
        status="OutOfSync" if different or counted else "Synced",
        resources=tuple(sorted(resources, key=_place)),
        health=health.worst(felt, missing=missing, present=len(present)),
        extra=extra,
        different=different,
        conditions=tuple(_warnings(targets)),
    )


def _differs(_which: Identity, wanted: Manifest, live: Manifest) -> bool:
    return differs(wanted, live)


def _place(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return entry.get("group", ""), entry["kind"], entry.get("namespace", ""), entry["name"]


def _entry(which: Identity, obj: Mapping[str, Any]) -> dict[str, Any]:
    group, kind, namespace, name = which
    entry: dict[str, Any] = {"version": obj["apiVersion"].rpartition("/")[2], "kind": kind, "name": name}
    if group:
        entry["group"] = group
    if namespace:
        entry["namespace"] = namespace
    if number := order.wave(obj):
        entry["syncWave"] = number
    return entry


def _resource(which: Identity, wanted: Manifest, live: Manifest | None, different: bool) -> dict[str, Any]:
    return {**_entry(which, wanted), "status": "OutOfSync" if different else "Synced"}


def _extra(which: Identity, obj: Manifest) -> dict[str, Any]:
    entry = {**_entry(which, obj), "status": "OutOfSync", "requiresPruning": True}
    if has_option(obj, SYNC_OPTIONS, "Prune=confirm") or has_option(obj, SYNC_OPTIONS, "Delete=confirm"):
        entry["requiresDeletionConfirmation"] = True
    return entry


def _warnings(targets: Targets) -> Iterable[tuple[str, str]]:
    for which in targets.repeated:
        yield (
            "RepeatedResourceWarning",
            f"Resource {describe(which)} appeared 2 times among application resources.",
        )
    for which in targets.excluded:
        yield (
            "ExcludedResourceWarning",
            f"Resource {describe(which)} is of a kind that this lab does not serve",
        )
