"""Everything that the runbook can do to a service. The list is closed and fits one screen.

An action is data: what to do, to what. :mod:`prompt_kafka.adapters.perform` carries it out, and
:func:`by_hand` says it as the line that a person would type. Each can be recognised as done by its mark
(an annotation's value, a pod's UID), so that taking a run up again does nothing twice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from prompt_kafka.core import changes, pull_requests
from prompt_kafka.core.changes import CommitFiles, Manual, Refresh, Sync
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest


@dataclass(frozen=True, slots=True)
class Annotate:
    """Set an annotation on an object.

    Attributes
    ----------
    resource
        As kubectl names the kind: ``strimzipodset``, ``pod``, ``kafka``.
    uid
        Only on this very object; empty for whichever has the name.
    """

    resource: str
    name: str
    namespace: str
    key: str
    value: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class AnnotateEach:
    """Set an annotation on each of these objects that is still the one of its UID.

    Attributes
    ----------
    objects
        Name and UID of each.
    """

    resource: str
    objects: tuple[tuple[str, str], ...]
    namespace: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete one object, and only the one of this UID."""

    resource: str
    name: str
    namespace: str
    uid: str


@dataclass(frozen=True, slots=True)
class DeleteEach:
    """Delete several objects at once, each only when it is the one of its UID; an empty UID means any.

    Attributes
    ----------
    objects
        Name and UID of each.
    """

    resource: str
    objects: tuple[tuple[str, str], ...]
    namespace: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Set how many pods a Deployment wants."""

    name: str
    namespace: str
    replicas: int


@dataclass(frozen=True, slots=True)
class KeepState:
    """Look at the service and write down in a ConfigMap what a start is to be compared with.

    Attributes
    ----------
    workloads
        Name and replicas of each Deployment that is scaled down, to be scaled up again.
    mark
        The run that does it.
    """

    name: str
    namespace: str
    workloads: tuple[tuple[str, int], ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Observe:
    """Do nothing; the step only proves something."""


Action = (
    Annotate
    | AnnotateEach
    | Delete
    | DeleteEach
    | Scale
    | KeepState
    | Observe
    | CommitFiles
    | OpenPullRequest
    | MergePullRequest
    | DeleteBranch
    | ClosePullRequest
    | Refresh
    | Sync
    | Manual
)


def by_hand(action: Action, context: str) -> str:
    """Return what does the same by hand, as lines for a shell; empty when there is nothing to do."""
    match action:
        case CommitFiles() | Refresh() | Sync() | Manual():
            return changes.by_hand(action, context)
        case OpenPullRequest() | MergePullRequest() | DeleteBranch() | ClosePullRequest():
            return pull_requests.by_hand(action)
        case Annotate(resource, name, namespace, key, value):
            words = ["annotate", resource, name, f"{key}={value}", "--overwrite", "-n", namespace]
        case AnnotateEach(resource, objects, namespace, key, value):
            names = [name for name, _ in objects]
            words = ["annotate", resource, *names, f"{key}={value}", "--overwrite", "-n", namespace]
        case Delete(resource, name, namespace):
            words = ["delete", resource, name, "-n", namespace]
        case DeleteEach(resource, objects, namespace):
            words = ["delete", resource, *(name for name, _ in objects), "-n", namespace]
        case Scale(name, namespace, replicas):
            words = ["scale", "deployment", name, f"--replicas={replicas}", "-n", namespace]
        case KeepState(name, namespace):
            kubectl = ["kubectl", "--context", context, "-n", namespace]
            old = shlex.join([*kubectl, "delete", "configmap", name, "--ignore-not-found"])
            new = shlex.join([*kubectl, "create", "configmap", name, "--from-file=state=/dev/stdin"])
            return f"{old}\nprompt-kafka cold-shutdown --state | {new}"
        case Observe():
            return ""
    return shlex.join(["kubectl", "--context", context, *words])
