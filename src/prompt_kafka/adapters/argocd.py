"""Argo CD through its Application resources: read, refresh, sync.

An operation is set as Argo CD's own API server sets it: only when there is none, with the resource version
that was read, and with the options and retries of the spec copied, because the controller does not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, Object
from prompt_kafka.core.changes import REFRESH, REFRESH_TIMESTAMP, Refresh, Sync
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.delivery import RUN_INFO, STEP_INFO, Application, Operation
from prompt_kafka.core.errors import RefusedError, StoppedError

SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
OWN_S = 120.0
"""How long a sync that Argo CD began by itself is waited for."""

TRIES = 5
"""How often an operation is set anew when the Application changed between reading and writing."""


def application(obj: Object) -> Application:
    """Return an Application's value."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    annotations = metadata.get("annotations") or {}
    source = (spec.get("sources") or [spec.get("source") or {}])[0]
    sync = status.get("sync") or {}
    history = status.get("history") or []
    policy = spec.get("syncPolicy") or {}
    automated = policy.get("automated") or {}
    itself = policy.get("automated") is not None and automated.get("enabled") is not False
    conditions = status.get("conditions") or ()
    return Application(
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        repository=str(source.get("repoURL") or ""),
        target=str(source.get("targetRevision") or "HEAD"),
        folder=str(source.get("path") or ""),
        value_files=tuple(str(each) for each in (source.get("helm") or {}).get("valueFiles") or ()),
        sync=sync.get("status", "Unknown"),
        health=(status.get("health") or {}).get("status", "Unknown"),
        revision=str(sync.get("revision") or ""),
        deployed=str(history[-1].get("revision") or "") if history else "",
        compared=_time(status.get("reconciledAt")),
        refreshing=REFRESH in annotations,
        asked=_asked(obj["operation"]) if obj.get("operation") else None,
        operation=_operation(status["operationState"]) if status.get("operationState") else None,
        different=tuple(
            f"{each.get('kind')} {each.get('name')}"
            for each in status.get("resources") or ()
            if each.get("status") not in (None, "Synced") and not each.get("requiresPruning")
        ),
        problems=tuple(c.get("message", "") for c in conditions if c.get("type", "").endswith("Error")),
        history=tuple(str(each.get("revision") or "") for each in history),
        automated=itself,
        prunes=itself and bool(automated.get("prune")),
        replaces=bool({"Replace=true", "Force=true"} & set(policy.get("syncOptions") or ())),
        frozen=annotations.get(SKIP_RECONCILE) == "true",
        deleting="deletionTimestamp" in metadata,
    )


def _asked(operation: Object) -> Operation:
    info = {each.get("name"): str(each.get("value") or "") for each in operation.get("info") or ()}
    return Operation(
        revision=str((operation.get("sync") or {}).get("revision") or ""),
        run=info.get(RUN_INFO, ""),
        step=info.get(STEP_INFO, ""),
        by=str((operation.get("initiatedBy") or {}).get("username") or ""),
        automatic=bool((operation.get("initiatedBy") or {}).get("automated")),
    )


def _operation(state: Object) -> Operation:
    asked = _asked(state.get("operation") or {})
    return Operation(
        phase=state.get("phase", ""),
        message=state.get("message", ""),
        revision=str((state.get("syncResult") or {}).get("revision") or asked.revision),
        run=asked.run,
        step=asked.step,
        by=asked.by,
        automatic=asked.automatic,
        finished=_time(state.get("finishedAt")),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def refresh(kubernetes: Kubernetes, action: Refresh, clock: Clock = SYSTEM) -> None:
    """Ask for a comparison; the annotations go away when it was made."""
    stamp = clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
    annotations = {REFRESH: "hard" if action.hard else "normal", REFRESH_TIMESTAMP: stamp}
    kubernetes.patch(
        APPLICATION, action.application, action.namespace, {"metadata": {"annotations": annotations}}
    )


def after_its_own(get: Callable[[], Object], clock: Clock) -> Object:
    """Return an Application when no sync that Argo CD began by itself is under way, or after a while."""
    until = clock.monotonic() + OWN_S
    while True:
        obj = get()
        busy = application(obj).busy
        if busy is None or not busy.automatic or clock.monotonic() > until:
            return obj
        clock.sleep(0.5)


def sync(kubernetes: Kubernetes, action: Sync, revision: str, who: str, clock: Clock = SYSTEM) -> None:
    """Set the operation, unless it is set already by this run; Argo CD's own sync is waited for.

    Raises
    ------
    RefusedError
        Another operation is under way (``sync-under-way``), or the application is frozen or being deleted
        (``application-frozen``).
    StoppedError
        The Application kept changing.
    """
    for _ in range(TRIES):
        obj = after_its_own(lambda: kubernetes.get(APPLICATION, action.application, action.namespace), clock)
        found = application(obj)
        if found.busy is not None:
            if (found.busy.run, found.busy.step) == (action.mark, action.step):
                return
            raise RefusedError(
                "sync-under-way",
                f"another sync of {found.name} is under way, by {found.busy.by or 'somebody'}",
                where=f"Application {found.namespace}/{found.name}",
                next="wait for its end",
            )
        if found.frozen or found.deleting:
            raise RefusedError(
                "application-frozen",
                f"{found.name} is {'being deleted' if found.deleting else 'not reconciled (skip-reconcile)'}",
                where=f"Application {found.namespace}/{found.name}",
            )
        body = {
            "metadata": {"resourceVersion": obj["metadata"]["resourceVersion"]},
            "operation": action.operation(revision, who=who, spec=obj.get("spec") or {}),
            "status": {"operationState": None},
        }
        try:
            kubernetes.patch(APPLICATION, action.application, action.namespace, body)
        except Conflict:
            continue
        return
    raise StoppedError(
        f"Application {action.application} kept changing while its sync was to be set", next="try again"
    )
