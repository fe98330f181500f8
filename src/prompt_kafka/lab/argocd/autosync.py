"""Automatic syncs, where an Application asks for them; no application of Phalanx does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.argocd import status
from prompt_kafka.lab.argocd.comparison import Comparison

RETRIES = 5


@dataclass(frozen=True, slots=True)
class Automatic:
    """The decision: an operation to start, or a condition that says why none is."""

    operation: dict[str, Any] | None = None
    condition: tuple[str, str] | None = None


def decide(application: Mapping[str, Any], comparison: Comparison, revision: str) -> Automatic:
    """Return whether an application starts a sync by itself.

    One attempt per commit, unless ``selfHeal`` is on; never while an operation runs; never for what only
    needs pruning while pruning is off; never one that would prune everything unless ``allowEmpty``.
    """
    policy = application["spec"].get("syncPolicy") or {}
    automated = policy.get("automated")
    if automated is None or automated.get("enabled") is False or comparison.status != "OutOfSync":
        return Automatic()
    if application.get("operation") or status.in_progress(application):
        return Automatic()
    prune = bool(automated.get("prune"))
    if not prune and not comparison.different:
        return Automatic()
    if prune and not automated.get("allowEmpty") and len(comparison.extra) == len(comparison.resources):
        return Automatic(
            condition=("SyncError", "auto-sync will wipe out all resources: refused, allowEmpty is off")
        )
    state = (application.get("status") or {}).get("operationState") or {}
    attempted = (state.get("syncResult") or {}).get("revision") == revision
    if attempted and state.get("phase") != "Succeeded":
        return Automatic(
            condition=("SyncError", f"Failed last sync attempt to [{revision}]: {state.get('message', '')}")
        )
    if attempted and not automated.get("selfHeal"):
        return Automatic()
    operation: dict[str, Any] = {
        "initiatedBy": {"automated": True},
        "retry": policy.get("retry") or {"limit": RETRIES},
        "sync": {"revision": revision, "prune": prune},
    }
    if policy.get("syncOptions"):
        operation["sync"]["syncOptions"] = list(policy["syncOptions"])
    if attempted:
        operation["sync"]["resources"] = [
            {"group": group, "kind": kind, "namespace": namespace, "name": name}
            for group, kind, namespace, name in sorted(comparison.different)
        ]
    return Automatic(operation=operation)
