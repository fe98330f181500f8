"""Conditions on the way from Git to the cluster: committed, compared, synced. Part of the closed union."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core.delivery import Application, GitState, blob
from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import BranchOf, FilesIn, Look, Part, World, unseen

_BOTH: frozenset[Look] = frozenset({Part.GIT, Part.APPLICATIONS})


def _folders(blobs: tuple[tuple[str, str], ...]) -> frozenset[Look]:
    """Return the folders in which these files are: those of their applications, or the first of the path."""
    parts = [path.split("/") for path, _ in blobs if "/" in path]
    return frozenset(FilesIn("/".join(each[: 2 if each[0] == "applications" else 1])) for each in parts)


def _seen(world: World, name: str) -> tuple[GitState, Application] | Verdict:
    git, applications = world.git.known, world.applications.known
    if git is None:
        return unknown(world.git)
    if applications is None:
        return unknown(world.applications)
    found = next((each for each in applications if each.name == name), None)
    return (git, found) if found is not None else no(f"there is no application {name}")


@dataclass(frozen=True, slots=True)
class FilesAre:
    """The files on the branch are those that the plan was made for.

    Attributes
    ----------
    blobs
        Path and Git id of each; an empty id for a file that does not exist.
    """

    branch: str
    blobs: tuple[tuple[str, str], ...]

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({Part.GIT}) | _folders(self.blobs)

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        git = world.git.known
        if git is None:
            return unknown(world.git)
        moved = [path for path, wanted in self.blobs if blob(git.files.get(path)) != wanted]
        return judge([f"{path} has changed on {self.branch}" for path in moved], f"{self.branch} as planned")


@dataclass(frozen=True, slots=True)
class Committed:
    """The change is on the branch: a commit bears the run's mark, or the files are as planned.

    Attributes
    ----------
    blobs
        Path and Git id of each file after the change; true also when somebody made it by hand.
    mark
        The run.
    own
        The branch is one of the change's own, not the one that Argo CD follows.
    """

    branch: str
    blobs: tuple[tuple[str, str], ...]
    mark: str = ""
    own: bool = False

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({BranchOf(self.branch) if self.own else Part.GIT}) | _folders(self.blobs)

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = world.branches.get(self.branch, unseen()) if self.own else world.git
        git = seen.known
        if git is None:
            return unknown(seen)
        if self.mark and self.mark in git.marks:
            return yes(f"commit {git.marks[self.mark][:12]} is on {self.branch}")
        lacking = [path for path, wanted in self.blobs if blob(git.files.get(path)) != wanted]
        if lacking:
            return no(f"the change is not on {self.branch}: {lacking[0]}")
        return yes(f"{self.branch} at {git.head[:12]} has the files as planned")


@dataclass(frozen=True, slots=True)
class Compared:
    """Argo CD has compared the application with a commit, the run's where none is named, or a newer one."""

    application: str
    mark: str = ""
    revision: str = ""

    needs_to_see: ClassVar[frozenset[Look]] = _BOTH

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = _seen(world, self.application)
        if isinstance(seen, Verdict):
            return seen
        git, application = seen
        if application.refreshing:
            return no(f"the refresh of {application.name} is not answered yet")
        if application.problems:
            return no(f"{application.name}: {application.message}")
        wanted = self.revision or git.pinned(self.mark)
        if not git.contains(application.revision, wanted):
            return no(f"{application.name} was compared with {application.revision[:12] or 'nothing'}")
        return yes(f"{application.name} compared with {application.revision[:12]}")


@dataclass(frozen=True, slots=True)
class SyncBegun:
    """The run's operation is asked for, under way or has ended well."""

    application: str
    step: str
    mark: str = ""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.APPLICATIONS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        ours = [each for each in world.applications.known or () if each.name == self.application]
        for operation in (*(each.asked for each in ours), *(each.operation for each in ours)):
            if operation is None or (operation.run, operation.step) != (self.mark, self.step):
                continue
            if operation.phase not in ("Failed", "Error"):
                return yes(f"sync of {self.step}: {operation.phase or 'asked for'}")
        return no(f"no sync of {self.step} by this run")


@dataclass(frozen=True, slots=True)
class SyncSucceeded:
    """The run's operation has ended well. That only means that its objects were accepted."""

    application: str
    step: str
    mark: str = ""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.APPLICATIONS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.applications.known is None:
            return unknown(world.applications)
        for application in world.applications.known:
            operation = application.operation
            if application.name != self.application or operation is None or application.asked is not None:
                continue
            if (operation.run, operation.step) != (self.mark, self.step):
                continue
            if operation.phase == "Succeeded":
                return yes(f"sync of {self.step} at {operation.revision[:12]}: {operation.message}")
            return no(f"sync of {self.step}: {operation.phase}: {operation.message}")
        return no(f"no sync of {self.step} by this run")


PASSING = re.compile(
    r"webhook|no matches for kind|could not find|the server could not find|not yet|modified; please|conflict"
    r"|already exists|connection (refused|reset)|timed? ?out|timeout|eof|unavailable|no endpoints|etcdserver"
    r"|too many requests|internal error",
    re.IGNORECASE,
)
"""What a sync says when it failed for a reason that passes: a webhook or a kind that is not there yet, …"""


@dataclass(frozen=True, slots=True)
class SyncFailed:
    """The run's operation has failed, for a reason that passes: it is worth another try."""

    application: str
    step: str
    mark: str = ""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.APPLICATIONS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        for application in world.applications.known or ():
            operation = application.operation
            if application.name != self.application or operation is None or application.asked is not None:
                continue
            if (operation.run, operation.step) != (self.mark, self.step):
                continue
            if operation.phase in ("Failed", "Error") and PASSING.search(operation.message):
                return yes(f"sync of {self.step}: {operation.phase}: {operation.message}")
        return no(f"the sync of {self.step} has not failed for a passing reason")


@dataclass(frozen=True, slots=True)
class ApplicationSynced:
    """All of the application is in the cluster as a commit has it, and its history says so.

    Attributes
    ----------
    revision
        The commit; the run's where none is named.
    besides
        Objects, as ``Kind name``, that a commit after that one changes.
    """

    application: str
    mark: str = ""
    revision: str = ""
    besides: tuple[str, ...] = ()

    needs_to_see: ClassVar[frozenset[Look]] = _BOTH

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = _seen(world, self.application)
        if isinstance(seen, Verdict):
            return seen
        git, application = seen
        wanted = self.revision or git.pinned(self.mark)
        if busy := application.busy:
            return no(f"a sync is under way: {busy.phase or 'asked for'} {busy.message}".rstrip())
        if application.problems:
            return no(f"{application.name}: {application.message}")
        if not git.contains(application.deployed, wanted):
            return no(f"the last full sync brought {application.deployed[:12] or 'nothing'}")
        if not git.contains(application.revision, wanted):
            return no(f"{application.name} was compared with {application.revision[:12] or 'nothing'}")
        ended = application.operation.finished if application.operation else None
        if ended and application.compared and application.compared < ended:
            return no("it has not been compared since the sync ended")
        different = [each for each in application.different if each not in self.besides]
        if different or application.sync == "Unknown":
            return no(f"{application.name} is {application.sync}: {', '.join(different[:3])}")
        return yes(f"{application.name} synced at {application.deployed[:12]}")
