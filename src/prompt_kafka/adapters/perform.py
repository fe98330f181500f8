"""Carries out the actions of a plan. Nothing else in the runbook writes to a service."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from prompt_kafka.adapters import shutdown
from prompt_kafka.adapters.argocd_way import ArgoCd, ByResources
from prompt_kafka.adapters.forge import Forge
from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.clients.kinds import CONFIG_MAP, DEPLOYMENT, KAFKA, POD, POD_SET, TOPIC, USER, Kind
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound
from prompt_kafka.core.actions import (
    Action,
    Annotate,
    AnnotateEach,
    Delete,
    DeleteEach,
    KeepState,
    Observe,
    Scale,
)
from prompt_kafka.core.changes import CommitFiles, Manual, Refresh, Sync
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.pull_requests import (
    AtForge,
    ClosePullRequest,
    DeleteBranch,
    MergePullRequest,
    OpenPullRequest,
)
from prompt_kafka.core.world import Look, World

_KINDS: dict[str, Kind] = {
    "pod": POD,
    "strimzipodset": POD_SET,
    "kafka": KAFKA,
    "configmap": CONFIG_MAP,
    "kafkatopic": TOPIC,
    "kafkauser": USER,
}


def perform(
    action: Action,
    kubernetes: Kubernetes,
    *,
    git: Callable[[], GitRepository],
    who: str,
    forge: Callable[[], Forge] | None = None,
    argocd: Callable[[], ArgoCd] | None = None,
    observe: Callable[[frozenset[Look]], World] | None = None,
) -> None:
    """Carry out one action.

    Parameters
    ----------
    action, kubernetes
        What to do, to which cluster.
    git, forge, argocd
        Give the repository that the service follows, its forge, and the way to Argo CD (its resources when
        not given).
    who
        Who does it; shown in Argo CD's history.
    observe
        Looks at the service, for what is written down.

    Raises
    ------
    StoppedError
        The object is no longer the one that the plan was made for.
    KubernetesError, UnreachableError
        The API refused it, or did not answer.
    """
    match action:
        case Annotate(resource, name, namespace, key, value, uid):
            if not _annotate(kubernetes, resource, name, namespace, {key: value}, uid):
                raise _moved(resource, name, namespace)
        case AnnotateEach(resource, objects, namespace, key, value):
            for name, uid in objects:
                _annotate(kubernetes, resource, name, namespace, {key: value}, uid)
        case Delete(resource, name, namespace, uid):
            try:
                kubernetes.delete(_KINDS[resource], name, namespace, uid=uid or None)
            except NotFound:
                return
            except Conflict as error:
                raise _moved(resource, name, namespace) from error
        case DeleteEach(resource, objects, namespace):
            for name, uid in objects:
                with suppress(NotFound, Conflict):
                    kubernetes.delete(_KINDS[resource], name, namespace, uid=uid or None)
        case Scale(name, namespace, replicas):
            kubernetes.patch(DEPLOYMENT, name, namespace, {"spec": {"replicas": replicas}})
        case KeepState():
            shutdown.keep(kubernetes, action, observe)
        case CommitFiles():
            git().commit(action)
        case OpenPullRequest() | MergePullRequest() | DeleteBranch() | ClosePullRequest():
            assert forge is not None, "a run has a forge"
            _at_forge(action, forge())
        case Refresh():
            _argocd(argocd, kubernetes, action.namespace).refresh(action)
        case Sync():
            revision = action.revision or git().look().pinned(action.mark)
            _argocd(argocd, kubernetes, action.namespace).sync(action, revision, who)
        case Manual() | Observe():
            return


def _at_forge(action: AtForge, forge: Forge) -> None:
    match action:
        case OpenPullRequest():
            forge.open(action)
        case MergePullRequest():
            forge.merge(action)
        case DeleteBranch():
            forge.delete(action)
        case ClosePullRequest():
            forge.close(action)


def _argocd(way: Callable[[], ArgoCd] | None, kubernetes: Kubernetes, namespace: str) -> ArgoCd:
    return way() if way is not None else ByResources(kubernetes, namespace)


def _annotate(
    kubernetes: Kubernetes, resource: str, name: str, namespace: str, annotations: dict[str, str], uid: str
) -> bool:
    """Annotate an object; return False when it is not the one of that UID any more."""
    metadata: dict[str, object] = {"annotations": annotations}
    if uid:
        found = kubernetes.find(_KINDS[resource], name, namespace)
        if found is None or found["metadata"]["uid"] != uid:
            return False
        metadata["uid"] = uid
    kubernetes.patch(_KINDS[resource], name, namespace, {"metadata": metadata})
    return True


def _moved(resource: str, name: str, namespace: str) -> StoppedError:
    return StoppedError(
        f"{resource} {name} is not the one that the plan was made for",
        where=f"namespace {namespace}",
        next="plan again",
    )
