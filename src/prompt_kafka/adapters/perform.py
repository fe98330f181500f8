"""Carries out the actions of a plan. Nothing else in the runbook writes to a service."""

from __future__ import annotations

from prompt_kafka.clients.kinds import KAFKA, POD, POD_SET, Kind
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound
from prompt_kafka.core.actions import Action, Annotate, Delete, Observe
from prompt_kafka.core.errors import StoppedError

_KINDS: dict[str, Kind] = {"pod": POD, "strimzipodset": POD_SET, "kafka": KAFKA}


def perform(action: Action, kubernetes: Kubernetes) -> None:
    """Carry out one action.

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
        case Observe():
            return


def _moved(resource: str, name: str, namespace: str) -> StoppedError:
    return StoppedError(
        f"{resource} {name} is not the one that the plan was made for",
        where=f"namespace {namespace}",
        next="plan again",
    )
