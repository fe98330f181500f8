"""A change of topics or users that are in the charts: from an edit to the steps that bring it.

The charts are rendered before and after, in every environment that has them, and what is different must be
the objects that the change is about and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.delivered import ApplicationSynced, Compared
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Step
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards
from prompt_kafka.procedures.authoring.show import difference_shown
from prompt_kafka.procedures.passwords import passwords
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.rendered import Difference, Key, Manifest, by_key, difference
from prompt_kafka.procedures.sync_order import syncs
from prompt_kafka.procedures.table import Means

LOOKS: frozenset[Look] = INSTANT | {Part.GIT, Part.APPLICATIONS, Part.RESOURCES}
"""What must be in the World of every such change."""

PROOF_S = 300.0

Edits = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is before the change: seen, and fit to be changed.

    Attributes
    ----------
    here
        The environment whose values Argo CD takes.
    """

    world: World
    git: GitState
    argo: Application
    here: str
    means: Means

    @property
    def cluster(self) -> str:
        """Name of the Kafka cluster."""
        return self.world.target.cluster

    @property
    def others(self) -> tuple[str, ...]:
        """The other environments that have this application."""
        names = (each for each in self.git.environments if each != self.here)
        return tuple(each for each in names if f"{self.git.folder}/values-{each}.yaml" in self.git.files)


def ground(world: World, means: Means) -> Ground:
    """Return what there is to begin with.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.guards` and :mod:`~prompt_kafka.procedures.git_guards`.
    """
    git, argo = git_guards.ground(
        world,
        means.environment.application,
        ("topics and users", world.resources),
        ("the brokers", world.cluster),
        ("the topics on the brokers", world.topics),
    )
    return Ground(world, git, argo, argo.environment or world.target.environment, means)


@dataclass(frozen=True, slots=True)
class Change:
    """An edit of the charts, and what it makes of the objects.

    Attributes
    ----------
    ours
        The objects that it is about.
    before, after
        All objects of the application.
    brought
        What the edit makes different.
    pending
        What is then different from the commit that is deployed.
    elsewhere
        What it makes different in other environments.
    """

    ground: Ground
    ours: frozenset[Key]
    files: tuple[FileChange, ...]
    before: tuple[Manifest, ...]
    after: tuple[Manifest, ...]
    brought: Difference
    pending: Difference
    elsewhere: Mapping[str, Difference]

    @property
    def synced(self) -> bool:
        """There is nothing to commit, and Git is in the cluster."""
        return not self.files and ApplicationSynced(self.ground.argo.name).judge(self.ground.world).holds

    def shown(self, *, removed: bool = False) -> tuple[str, ...]:
        """Return the objects that it brings, those that change as they are before and after."""
        return difference_shown(by_key(self.before), self.brought, removed=removed)


def change(ground: Ground, edits: Edits, ours: Iterable[Key], *, with_undeployed: bool, what: str) -> Change:
    """Return what an edit makes of the objects.

    Parameters
    ----------
    edits
        Files with their new text, None for one that goes.
    ours
        The objects that the change is about.
    what
        The change in a word, for refusals: ``topic``.

    Raises
    ------
    RefusedError
        It would change something else too, here or in another environment (``unexpected-objects``); the
        branch has other changes that are not deployed (``undeployed``).
    """
    render, git, argo = ground.means.render, ground.git, ground.argo
    mine = frozenset(ours)
    edits = {path: text for path, text in edits.items() if git.files.get(path) != text}
    before = render(ground.here, {})
    after = render(ground.here, edits) if edits else before
    brought = difference(before, after)
    elsewhere = (
        {each: difference(render(each, {}), render(each, edits)) for each in ground.others} if edits else {}
    )
    for environment, found in ((ground.here, brought), *elsewhere.items()):
        if strangers := [f"{kind} {name}" for kind, name in found.all if (kind, name) not in mine]:
            raise RefusedError(
                "unexpected-objects",
                f"the edited charts would also change {', '.join(strangers[:3])} in {environment}",
                where=", ".join(sorted(edits)),
                next="edit that subchart by hand",
            )
    if not with_undeployed:
        git_guards.nothing_else_comes(git, argo, ground.here, render, mine, what)
    known = argo.deployed in git.commits and argo.deployed != git.head
    return Change(
        ground=ground,
        ours=mine,
        files=tuple(FileChange(path, git.files.get(path), text) for path, text in sorted(edits.items())),
        before=before,
        after=after,
        brought=brought,
        pending=difference(render(ground.here, {}, argo.deployed), after) if known else brought,
        elsewhere=elsewhere,
    )


@dataclass(frozen=True, slots=True)
class NoReturn:
    """What of a change cannot be taken back.

    Attributes
    ----------
    sync
        The sync that does it: ``users`` or ``topics``; empty where a deletion of its own does.
    typed
        What is typed to confirm it.
    commits
        The commit does it already, because Argo CD syncs by itself.
    """

    sync: str = ""
    typed: str = ""
    commits: bool = False


def steps(
    change: Change,
    message: str,
    *,
    agrees: Callable[[Key], Condition | None] = lambda key: None,
    users: Iterable[str] = (),
    no_return: NoReturn | None = None,
    disruptive: str = "",
) -> Iterator[Step]:
    """Yield commit, comparison, passwords and syncs, as far as they are due.

    Parameters
    ----------
    message
        Of the commit.
    agrees
        What proves that an object is on the brokers as it should be; Ready where it returns None.
    users
        Whose passwords must be in Vault before.
    disruptive
        The sync that clients may notice.
    """
    world, git, argo = change.ground.world, change.ground.git, change.ground.argo
    needs = (TargetIs(world.target.cluster_id),)
    point = no_return or NoReturn()
    if change.files:
        step = delivery.commit(git, message, change.files, needs)
        yield replace(step, irreversible=True, typed=point.typed) if point.commits else step
    if change.files or not Compared(argo.name).judge(world).holds:
        yield delivery.compare(argo, needs)
    yield from passwords(change.after, world, users)
    yield from syncs(
        world,
        git,
        argo,
        after=change.after,
        pending=change.pending,
        ours=change.ours,
        agrees=agrees,
        changed=bool(change.files),
        no_return=(point.sync, point.typed),
        disruptive=disruptive,
    )


def prove(change: Change, title: str, proof: Iterable[Condition], stable_s: float, why: str = "") -> Step:
    """Return the step that proves a change on the brokers."""
    world, canary = change.ground.world, change.ground.means.canary
    return Step(
        title=title,
        why=why or "resources that are Ready prove nothing about what a client can do",
        action=Observe(),
        proof=(*proof, finished(world, canary=canary, stable_s=stable_s)),
        timeout_s=PROOF_S,
    )
