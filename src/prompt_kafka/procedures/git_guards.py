"""Refusals of everything that goes through Git and Argo CD, each by the name of its rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.world import Seen, World
from prompt_kafka.procedures import guards
from prompt_kafka.procedures.rendered import Key, Render, difference


def one(world: World, name: str) -> Application:
    """Return the Application; refuse when it is not there (``not-seen``)."""
    found = next((each for each in world.applications.known or () if each.name == name), None)
    if found is None:
        raise RefusedError(
            "not-seen",
            f"Argo CD has no application {name}",
            where=f"context {world.target.context}",
            next="correct `application` and `argocd_namespace` in service.yaml",
        )
    return found


def application(world: World, name: str) -> Application:
    """Return the Application; refuse when it is not there or cannot be synced now."""
    found = one(world, name)
    where = f"Application {found.namespace}/{found.name}"
    if found.frozen or found.deleting:
        raise RefusedError(
            "application-frozen",
            f"{name} is {'being deleted' if found.deleting else 'not reconciled (skip-reconcile)'}",
            where=where,
            next="nothing reaches the cluster until that is over",
        )
    if found.busy is not None and not found.busy.automatic:  # Argo CD's own is waited for
        raise RefusedError(
            "sync-under-way",
            f"a sync of {name} is under way, by {found.busy.by or 'somebody'}",
            where=where,
            next="wait for its end",
        )
    return found


def ground(
    world: World, name: str, *seen: tuple[str, Seen[Any]], folder: str = ""
) -> tuple[GitState, Application]:
    """Return what a change through Git begins with: the branch, and the Application that follows it.

    Parameters
    ----------
    name, folder
        As of `reached`.
    seen
        What must have been seen besides: its name and the part of the World.
    """
    guards.right_cluster(world)
    guards.seen(world, ("Git", world.git), ("Argo CD's applications", world.applications), *seen)
    git = world.git.known
    assert git is not None
    return git, reached(git, world, name, folder=folder)


def reached(git: GitState, world: World, name: str, *, folder: str = "") -> Application:
    """Return the Application by which a change of this branch reaches the cluster; refuse what is in its way.

    Parameters
    ----------
    name
        Of the Application.
    folder
        The one that it must render; the state's own when not given.
    """
    found = application(world, name)
    clean(git)
    followed(replace(git, folder=folder) if folder else git, found)
    return found


def clean(git: GitState) -> None:
    """Refuse a working copy with changes that Git does not have (``dirty-work-tree``, ``diverged-branch``).

    It is never written to, but whoever made them expects them in the plan.
    """
    if git.changed:
        more = f" and {len(git.changed) - 3} more" if len(git.changed) > 3 else ""
        raise RefusedError(
            "dirty-work-tree",
            f"the working copy has uncommitted changes: {', '.join(git.changed[:3])}{more}",
            where=git.checkout,
            next="commit and push them, or put them aside",
        )
    if git.unpushed:
        raise RefusedError(
            "diverged-branch",
            f"the working copy's {git.branch} has {git.unpushed} commits that {git.repository} lacks",
            where=git.checkout,
            next="push them, or move them to a branch",
        )


def followed(git: GitState, argo: Application) -> None:
    """Refuse when Argo CD follows another branch or folder (``branch-not-followed``)."""
    if argo.target not in ("HEAD", git.branch, git.head):
        raise RefusedError(
            "branch-not-followed",
            f"Argo CD follows {argo.target}, not {git.branch}",
            where=f"Application {argo.namespace}/{argo.name}",
            next="correct `branch` in service.yaml, or end the test of that branch",
        )
    if argo.folder and argo.folder.strip("/") != git.folder:
        raise RefusedError(
            "branch-not-followed",
            f"Argo CD renders {argo.folder}, not {git.folder}",
            where=f"Application {argo.namespace}/{argo.name}",
            next="correct `application` in service.yaml",
        )


def nothing_else_comes(
    git: GitState, argo: Application, here: str, render: Render, ours: frozenset[Key], what: str = ""
) -> None:
    """Refuse when Git has more that the cluster has not: the full sync would bring it (``undeployed``).

    Parameters
    ----------
    ours
        What the change is about, by kind and name.
    what
        The change in a word: ``topic``.
    """
    pending = {each for each in argo.different if tuple(each.split(" ", 1)) not in ours}
    if argo.deployed and argo.deployed != git.head and argo.deployed in git.commits:
        since = difference(render(here, {}, argo.deployed), render(here, {}))
        pending |= {f"{kind} {name}" for kind, name in since.all if (kind, name) not in ours}
    if pending:
        listed = sorted(pending)
        more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
        raise RefusedError(
            "undeployed",
            f"a sync would bring more than this{what and f' {what}'}: {', '.join(listed[:5])}{more}",
            where=f"Application {argo.namespace}/{argo.name}",
            next="deploy or revert that first; or give --with-undeployed to bring it along",
        )
