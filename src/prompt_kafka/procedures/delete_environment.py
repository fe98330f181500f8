"""*Reproduce Service*, the way back: an environment taken out of Git, when nothing runs from it any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_tree import EnvironmentDeleteRequest
from prompt_kafka.core.world import Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards
from prompt_kafka.procedures import environment_guards as rules
from prompt_kafka.procedures.environment_files import LOOKS, files_of, mentions
from prompt_kafka.procedures.environment_pages import PAGES, without_page
from prompt_kafka.procedures.table import Means


def needs_to_see(request: EnvironmentDeleteRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return LOOKS | {Part.APPLICATIONS}


def plan(request: EnvironmentDeleteRequest, world: World, means: Means) -> Plan:
    """Plan to take an environment out of Git.

    Raises
    ------
    RefusedError
        ``applications-there``: Argo CD still has applications for it; ``not-seen``.
    """
    guards.seen(world, ("Git", world.git), ("Argo CD's applications", world.applications))
    git = world.git.known
    assert git is not None
    name = request.name
    summary = f"delete environment {name}"
    rules.legal(name)
    git_guards.clean(git)
    gone = files_of(git.files, name)
    if not gone:
        because = f"{git.branch} has no file of an environment {name}"
        return Plan("environment delete", world.target, summary, nothing_because=because)
    running = [each for each in world.applications.known or () if each.environment == name]
    if running or name == world.target.environment:
        said = ", ".join(each.name for each in running) or "this very service"
        raise RefusedError(
            "applications-there",
            f"Argo CD still has applications of {name}: {said}",
            where=f"context {world.target.context}, namespace {means.environment.argocd_namespace}",
            next="delete them there first, the parent last; their data goes with the volumes' reclaim policy",
        )
    changes = [FileChange(path, git.files[path], None) for path in gone]
    if PAGES in git.files and (listed := without_page(git.files[PAGES], name)) != git.files[PAGES]:
        changes.append(FileChange(PAGES, git.files[PAGES], listed))
    step = delivery.commit(git, f"Delete environment {name}", tuple(sorted(changes, key=lambda c: c.path)))
    return Plan(
        procedure="environment delete",
        target=world.target,
        summary=summary,
        steps=(replace(step, irreversible=True, typed=name),),
        notes=tuple(_notes(name, mentions(git.files, name), world)),
    )


def _notes(name: str, elsewhere: list[str], world: World) -> Iterator[str]:
    yield f"only the Argo CD of {world.target.environment} was asked whether something runs from {name}"
    if elsewhere:
        yield f"{name} is named in {', '.join(elsewhere)} too: take it out there by hand"
    yield "it is a commit like any other: git revert brings the files back"
