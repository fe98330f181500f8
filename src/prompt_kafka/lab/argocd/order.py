"""In which order a sync acts: phase, wave, kind, name; prunes the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PHASES = ("PreSync", "Sync", "PostSync", "SyncFail")
HOOKS = (*PHASES, "Skip", "PreDelete", "PostDelete")
HOOK = "argocd.argoproj.io/hook"
WAVE = "argocd.argoproj.io/sync-wave"
DELETE_POLICY = "argocd.argoproj.io/hook-delete-policy"
_HELM_HOOKS = {
    "pre-install": "PreSync",
    "pre-upgrade": "PreSync",
    "post-install": "PostSync",
    "post-upgrade": "PostSync",
    "pre-delete": "PreDelete",
    "post-delete": "PostDelete",
}
_HELM_POLICIES = {
    "before-hook-creation": "BeforeHookCreation",
    "hook-succeeded": "HookSucceeded",
    "hook-failed": "HookFailed",
}

_KINDS = (
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
)
_KIND_ORDER = {kind: place - len(_KINDS) for place, kind in enumerate(_KINDS)}


def annotations_of(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """Return an object's annotations."""
    found: Mapping[str, str] = obj["metadata"].get("annotations") or {}
    return found


def hooks(obj: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the phases in which an object runs as a hook; empty for an ordinary one."""
    own = [each.strip() for each in annotations_of(obj).get(HOOK, "").split(",")]
    if found := tuple(each for each in own if each in HOOKS):
        return found
    helm = [each.strip() for each in annotations_of(obj).get("helm.sh/hook", "").split(",")]
    if "crd-install" in helm:
        return ()
    mapped = dict.fromkeys(_HELM_HOOKS.get(each, "Skip") for each in helm if each)
    if "Skip" in mapped and len(mapped) > 1:
        del mapped["Skip"]
    return tuple(mapped)


def delete_policies(obj: Mapping[str, Any]) -> tuple[str, ...]:
    """Return when a hook is deleted again; before its next creation by default."""
    own = [each.strip() for each in annotations_of(obj).get(DELETE_POLICY, "").split(",") if each.strip()]
    helm = annotations_of(obj).get("helm.sh/hook-delete-policy", "").split(",")
    own += [_HELM_POLICIES[each.strip()] for each in helm if each.strip() in _HELM_POLICIES]
    return tuple(own) or ("BeforeHookCreation",)


def wave(obj: Mapping[str, Any]) -> int:
    """Return an object's sync wave; 0 when it has none, or none that is a number."""
    text = annotations_of(obj).get(WAVE) or annotations_of(obj).get("helm.sh/hook-weight") or "0"
    try:
        return int(text)
    except ValueError:
        return 0


def kind_order(kind: str) -> int:
    """Return a kind's place in a wave: negative for the kinds that Argo CD lists, 0 for all others."""
    return _KIND_ORDER.get(kind, 0)


def sort_key(phase: str, wave: int, kind: str, name: str) -> tuple[int, int, int, str]:
    """Return the place of one task in a sync."""
    return PHASES.index(phase), wave, kind_order(kind), name


def reversed_waves(waves: Iterable[int]) -> dict[int, int]:
    """Return for each wave of the objects to prune the wave in which it is pruned: the last one first."""
    distinct = sorted(set(waves))
    return dict(zip(distinct, reversed(distinct), strict=True))
