"""The steps by which every change reaches the cluster: commit, have Argo CD compare, sync. Nothing prunes."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.core.changes import CommitFiles, FileChange, Refresh, Sync, Synced
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.delivered import (
    ApplicationSynced,
    Committed,
    Compared,
    FilesAre,
    SyncBegun,
    SyncFailed,
    SyncSucceeded,
)
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.plan import Step
from prompt_kafka.procedures.rendered import Manifest

SYNC_S = 180.0
EVERYTHING = "everything"


def commit(
    git: GitState, message: str, files: tuple[FileChange, ...], needs: tuple[Condition, ...] = ()
) -> Step:
    """Return the step that commits files to the branch that Argo CD follows."""
    before = tuple((each.path, each.blobs[0]) for each in files)
    after = tuple((each.path, each.blobs[1]) for each in files)
    action = CommitFiles(git.repository, git.branch, message, files)
    return Step(
        title=f"commit {len(files)} file{'s' if len(files) > 1 else ''} to {git.branch}",
        why="everything reaches the service through Git",
        action=action,
        needs=(*needs, FilesAre(git.branch, before)),
        proof=(Committed(git.branch, after),),
        timeout_s=120.0,
        undo=action.undone,
    )


def compare(
    argo: Application, needs: tuple[Condition, ...] = (), *, hard: bool = False, revision: str = ""
) -> Step:
    """Return the step that has Argo CD read Git again; `hard` also drops what it has rendered."""
    return Step(
        title=f"have Argo CD compare {argo.name} with the commit",
        why="a refresh reads Git again; nothing is changed by it",
        action=Refresh(argo.name, argo.namespace, hard),
        needs=needs,
        proof=(Compared(argo.name, revision=revision),),
        timeout_s=SYNC_S,
    )


def sync_some(
    argo: Application,
    git: GitState,
    what: str,
    resources: Iterable[Synced],
    *,
    needs: tuple[Condition, ...] = (),
    proof: tuple[Condition, ...] = (),
    revision: str = "",
) -> Step:
    """Return the step that syncs a few objects of an application, and what else proves it."""
    chosen = tuple(resources)
    action = Sync(argo.name, argo.namespace, git.repository, git.branch, what, chosen, revision=revision)
    return Step(
        title=f"sync the {what}: {', '.join(each.name for each in chosen)}",
        why="one after the other, and nothing is pruned: no order of this can delete anything",
        action=action,
        needs=(*needs, Compared(argo.name, revision=revision)),
        proof=(SyncSucceeded(argo.name, what), *proof),
        marks=(SyncBegun(argo.name, what),),
        given_up=SyncFailed(argo.name, what),
        again=action,
        timeout_s=SYNC_S,
    )


def sync_everything(
    argo: Application,
    git: GitState,
    needs: tuple[Condition, ...] = (),
    *,
    revision: str = "",
    besides: tuple[str, ...] = (),
) -> Step:
    """Return the step that syncs all of an application, so that its history has the commit.

    Parameters
    ----------
    revision
        The commit; the run's where none is named.
    besides
        Objects that a commit after that one changes: they may be different in the end.
    """
    action = Sync(argo.name, argo.namespace, git.repository, git.branch, EVERYTHING, revision=revision)
    return Step(
        title=f"sync all of {argo.name}, without prune",
        why="selective syncs write no history, so without this there is nothing to roll back to",
        action=action,
        needs=(*needs, Compared(argo.name, revision=revision)),
        proof=(ApplicationSynced(argo.name, revision=revision, besides=besides),),
        marks=(SyncBegun(argo.name, EVERYTHING),),
        given_up=SyncFailed(argo.name, EVERYTHING),
        again=action,
        timeout_s=SYNC_S,
    )


def synced(manifest: Manifest, namespace: str) -> Synced:
    """Return a rendered object as a selective sync names it; `namespace` where it names none."""
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    metadata = manifest["metadata"]
    home = str(metadata.get("namespace") or namespace)
    return Synced(group, str(manifest["kind"]), str(metadata["name"]), home)
