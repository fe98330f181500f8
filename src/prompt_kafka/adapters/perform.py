"""Carries out the actions of a plan. Nothing else in the runbook writes to a service."""

from __future__ import annotations

from collections.abc import Callable

from prompt_kafka.adapters import argocd
from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.clients.kinds import KAFKA, POD, POD_SET, Kind
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound
from prompt_kafka.core.actions import Action, Annotate, Delete, Observe
from prompt_kafka.core.changes import CommitFiles, Manual, Refresh, Sync
from prompt_kafka.core.errors import StoppedError

_KINDS: dict[str, Kind] = {"pod": POD, "strimzipodset": POD_SET, "kafka": KAFKA}


def perform(action: Action, kubernetes: Kubernetes, *, git: Callable[[], GitRepository], who: str) -> None:
    """Carry out one action.

    Parameters
    ----------
    action, kubernetes
        What to do, to which cluster.
    git
        Gives the repository that the service follows.
    who
        Who does it; shown in Argo CD's history.

    Raises
    ------
    StoppedError
        The object is no longer the one that the plan was made for.
    KubernetesError, UnreachableError
        The API refused it, or did not answer.
    """
    match action:
        case Annotate(resource, name, namespace, key, value, uid):
            kind = _KINDS[resource]
            metadata: dict[str, object] = {"annotations": {key: value}}
            if uid:
                found = kubernetes.get(kind, name, namespace)["metadata"]
                if found["uid"] != uid:
                    raise _moved(resource, name, namespace)
                metadata["resourceVersion"] = found["resourceVersion"]
            kubernetes.patch(kind, name, namespace, {"metadata": metadata})
        case Delete(resource, name, namespace, uid):
            try:
                kubernetes.delete(_KINDS[resource], name, namespace, uid=uid)
            except NotFound:
                return
            except Conflict as error:
                raise _moved(resource, name, namespace) from error
        case CommitFiles():
            git().commit(action)
        case Refresh():
            argocd.refresh(kubernetes, action)
        case Sync():
            argocd.sync(kubernetes, action, git().look().pinned(action.mark), who)
        case Manual() | Observe():
            return


def _moved(resource: str, name: str, namespace: str) -> StoppedError:
    return StoppedError(
        f"{resource} {name} is not the one that the plan was made for",
        where=f"namespace {namespace}",
        next="plan again",
    )
