"""The Application's status: what is written, when it is due, what an operation leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from prompt_kafka.lab.argocd.comparison import Comparison
from prompt_kafka.lab.argocd.health import Health

REFRESH = "argocd.argoproj.io/refresh"
REFRESH_TIMESTAMP = "argocd.argoproj.io/refresh-timestamp"
SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
TERMINAL = ("Succeeded", "Failed", "Error")
HISTORY_LIMIT = 10

Status = dict[str, Any]
Conditions = Sequence[tuple[str, str]]


def stamp(now: datetime) -> str:
    """Return a time as Kubernetes writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str | None) -> datetime | None:
    """Read a time as Kubernetes writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def source_of(application: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source of an application; the first of several."""
    spec = application["spec"]
    found: dict[str, Any] = (spec.get("sources") or [spec.get("source") or {}])[0]
    return found


def compared_to(application: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a comparison was made against: a change of it makes a new one due."""
    spec = application["spec"]
    found = {"destination": spec.get("destination") or {}, "source": source_of(application)}
    if spec.get("ignoreDifferences"):
        found["ignoreDifferences"] = spec["ignoreDifferences"]
    return found


def refresh_reason(application: Mapping[str, Any], now: datetime, period: float) -> str | None:
    """Return why a comparison against the latest revision is due, None when it is not.

    Parameters
    ----------
    application
        The Application.
    now
        The time.
    period
        Seconds between two periodic refreshes.
    """
    asked = (application["metadata"].get("annotations") or {}).get(REFRESH)
    if asked is not None:
        return f"{'hard' if asked == 'hard' else 'normal'} refresh requested"
    status = application.get("status") or {}
    reconciled = parse_time(status.get("reconciledAt"))
    if reconciled is None:
        return "never compared"
    if (status.get("sync") or {}).get("comparedTo") != compared_to(application):
        return "spec has changed"
    if (now - reconciled).total_seconds() >= period:
        return "comparison expired"
    if outdated(status) and now.replace(microsecond=0) > reconciled:
        return "an operation has ended"
    return None


def outdated(status: Mapping[str, Any]) -> bool:
    """Return whether the comparison does not tell by its time stamp that it is newer than the last operation.

    Time stamps have whole seconds, the lab is quicker, and people wait until ``reconciledAt`` is greater.
    """
    state = status.get("operationState") or {}
    finished, reconciled = parse_time(state.get("finishedAt")), parse_time(status.get("reconciledAt"))
    done = state.get("phase") in TERMINAL and finished is not None and reconciled is not None
    return bool(done and finished and reconciled and reconciled <= finished)


def conditions(old: Iterable[Mapping[str, Any]], new: Conditions, now: datetime) -> list[Status]:
    """Return conditions with the transition times of those that were there before."""
    since = {(each["type"], each.get("message")): each.get("lastTransitionTime") for each in old}
    return [
        {"type": kind, "message": message, "lastTransitionTime": since.get((kind, message)) or stamp(now)}
        for kind, message in dict.fromkeys(new)
    ]


def _health(old: Mapping[str, Any], health: Health, now: datetime) -> Status:
    """Return the health entry; its transition time changes only with the status."""
    entry: Status = {"status": health.status}
    if health.message:
        entry["message"] = health.message
    same = old.get("status") == health.status and old.get("lastTransitionTime")
    entry["lastTransitionTime"] = old["lastTransitionTime"] if same else stamp(now)
    return entry


def compared(
    application: Mapping[str, Any],
    comparison: Comparison,
    *,
    revision: str,
    notes: Conditions,
    images: Sequence[str],
    now: datetime,
    latest: bool,
) -> Status:
    """Return the status after a comparison.

    Parameters
    ----------
    application
        As it was.
    comparison
        The outcome.
    revision
        The commit compared with.
    notes
        More conditions.
    images
        Of the application's pods.
    now
        The time.
    latest
        Whether the latest revision was compared with: only then `reconciledAt` moves.
    """
    old: Status = dict(application.get("status") or {})
    new: Status = {
        **old,
        "sync": {
            "status": comparison.status,
            "revision": revision,
            "comparedTo": compared_to(application),
        },
        "health": _health(old.get("health") or {}, comparison.health, now),
        "resources": [dict(each) for each in comparison.resources],
        "sourceType": "Helm",
        "controllerNamespace": application["metadata"]["namespace"],
        "summary": {"images": list(images)} if images else {},
        "conditions": conditions(old.get("conditions") or (), [*comparison.conditions, *notes], now),
    }
    if latest or "reconciledAt" not in old:
        new["reconciledAt"] = stamp(now)
    return new


def failed(application: Mapping[str, Any], problems: Conditions, now: datetime) -> Status:
    """Return the status after a comparison that could not be made: everything is Unknown."""
    old: Status = dict(application.get("status") or {})
    resources = [{**each, "status": "Unknown"} for each in old.get("resources") or ()]
    sync = {"status": "Unknown", "comparedTo": compared_to(application)}
    if revision := (old.get("sync") or {}).get("revision"):
        sync["revision"] = revision
    return {
        **old,
        "sync": sync,
        "health": _health(old.get("health") or {}, Health("Unknown"), now),
        "resources": resources,
        "controllerNamespace": application["metadata"]["namespace"],
        "conditions": conditions(old.get("conditions") or (), problems, now),
        "reconciledAt": stamp(now),
    }


def history(
    old: Sequence[Mapping[str, Any]],
    *,
    revision: str,
    source: Mapping[str, Any],
    started: str,
    finished: str,
    initiated_by: Mapping[str, Any],
    limit: int | None,
) -> list[Status]:
    """Return the history with one more deployment, cut to its limit from the old end."""
    number = int(old[-1]["id"]) + 1 if old else 0
    entry = {
        "id": number,
        "revision": revision,
        "source": dict(source),
        "deployStartedAt": started,
        "deployedAt": finished,
        "initiatedBy": dict(initiated_by),
    }
    kept = HISTORY_LIMIT if limit is None else limit
    return [*(dict(each) for each in old), entry][-kept:] if kept else []


def in_progress(application: Mapping[str, Any]) -> bool:
    """Return whether an operation has begun and not ended."""
    state = (application.get("status") or {}).get("operationState")
    return state is not None and bool(state) and state.get("phase") not in TERMINAL
