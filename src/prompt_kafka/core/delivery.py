"""What is seen of the way from Git to the cluster: the branch and Argo CD's Application, as values.

Files are here with their whole text, so that authoring is a function of the World: text in, text out. Which
revision a sync is to bring is found by the run's mark, because a plan is made before its commit exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

TERMINAL = ("Succeeded", "Failed", "Error")
"""Phases in which an operation has ended; *Running* with a finish time is waiting to be tried again."""

TRAILER = "Prompt-Kafka-Run"
"""The trailer by which a commit of a run is recognised."""

ROLLBACK = "Prompt-Kafka-Rollback"
"""The trailer by which a commit says to which commit it takes the application's folder back."""

SHORTEST = 4
"""Fewer digits do not name a commit."""

RUN_INFO, STEP_INFO = "prompt-kafka-run", "prompt-kafka-step"
"""The entries of ``operation.info`` by which an operation of a run is recognised."""


def blob(text: str | None) -> str:
    """Return the id that Git gives a file of this text; empty for a file that is not there."""
    if text is None:
        return ""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that touches the application's folder.

    Attributes
    ----------
    restores
        The commit to which it takes the folder back, where it is a rollback of the runbook's.
    """

    id: str
    subject: str
    author: str = ""
    at: datetime | None = None
    restores: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """All files of a folder at a commit.

    Attributes
    ----------
    texts
        Text of each file, by its path in the repository.
    others
        What is no plain text file (a link, a binary or executable file), each with its mode and Git id.
    """

    texts: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GitState:
    """The branch that Argo CD follows, at one commit.

    Attributes
    ----------
    repository
        Where it is, without a password.
    folder
        The application's folder.
    files
        Text of each file of the folder, and of the other folders that were asked for, by its path in the
        repository.
    environments
        Names of the environments that the tree has.
    commits
        The newest commits of the branch, the newest first.
    log
        Those of them that touch the folder, the newest first.
    marks
        The commit that bears a run's trailer, by run.
    checkout
        The user's own working copy, where the service is configured by one; it is looked at, never touched.
    changed
        Files with uncommitted changes in it.
    unpushed
        How many commits its branch has that the branch here lacks.
    """

    repository: str
    branch: str
    head: str
    folder: str
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    environments: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict, hash=False)
    checkout: str = ""
    changed: tuple[str, ...] = ()
    unpushed: int = 0
    log: tuple[Commit, ...] = ()

    def resolve(self, revision: str) -> str:
        """Return the commit on the branch that is meant by a word; empty when there is none, or several."""
        if revision in ("HEAD", self.branch):
            return self.head
        short = len(revision) < SHORTEST
        found = [each for each in self.commits if each.startswith(revision.lower()) and not short]
        return found[0] if len(found) == 1 else ""

    def pinned(self, mark: str) -> str:
        """Return the commit that a run brings: the one with its mark, or the head when it made none."""
        return self.marks.get(mark, self.head)

    def contains(self, revision: str, commit: str) -> bool:
        """Return whether `revision` is `commit` or newer on this branch."""
        if revision not in self.commits or commit not in self.commits:
            return False
        return self.commits.index(revision) <= self.commits.index(commit)


@dataclass(frozen=True, slots=True)
class Tip:
    """How far the branch is that Argo CD follows, at a glance: nothing of what it holds.

    Attributes
    ----------
    commits
        Its newest commits, the newest first.
    operator
        Version of the operator's chart that it asks for; empty when there is none.
    """

    head: str
    commits: tuple[str, ...] = ()
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A sync that is asked for, runs, or has ended.

    Attributes
    ----------
    phase
        Empty while it is only asked for.
    revision
        The commit that it brought.
    run, step
        Which run's it is; empty for anybody else's.
    by
        Who asked for it.
    automatic
        Argo CD itself did, because auto-sync is on.
    """

    phase: str = ""
    message: str = ""
    revision: str = ""
    run: str = ""
    step: str = ""
    by: str = ""
    finished: datetime | None = None
    automatic: bool = False

    @property
    def ended(self) -> bool:
        """It has come to its end, good or bad."""
        return self.phase in TERMINAL


@dataclass(frozen=True, slots=True)
class Application:
    """An Argo CD Application.

    Attributes
    ----------
    revision
        The commit that its status was compared with; not the one that is deployed.
    deployed
        The commit of the last full sync.
    refreshing
        A refresh is asked for and not answered.
    asked
        An operation that has not been taken up.
    operation
        The one under way, or the last.
    different
        Objects whose state in the cluster is not the one in Git, as ``Kind name``; without those that only a
        prune would touch.
    problems
        Errors among its conditions.
    history
        The commits of its full syncs, the newest last.
    automated, prunes
        It syncs by itself; and then deletes what Git no longer has.
    replaces
        Its options replace objects instead of changing them: that can delete them.
    """

    name: str
    namespace: str
    repository: str = ""
    target: str = ""
    folder: str = ""
    value_files: tuple[str, ...] = ()
    sync: str = "Unknown"
    health: str = "Unknown"
    revision: str = ""
    deployed: str = ""
    compared: datetime | None = None
    refreshing: bool = False
    asked: Operation | None = None
    operation: Operation | None = None
    different: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    automated: bool = False
    prunes: bool = False
    replaces: bool = False
    frozen: bool = False
    deleting: bool = False

    @property
    def ready(self) -> bool:
        """Synced and Healthy, which proves nothing about Kafka."""
        return self.sync == "Synced" and self.health == "Healthy"

    @property
    def reason(self) -> str:
        """Sync and health in two words."""
        return f"{self.sync}, {self.health}"

    @property
    def message(self) -> str:
        """What is wrong with it."""
        return "; ".join(self.problems)

    @property
    def environment(self) -> str:
        """The environment whose values file it takes; empty when it takes none."""
        names = (name.rpartition("/")[2] for name in self.value_files)
        found = [n.removeprefix("values-").removesuffix(".yaml") for n in names if n.startswith("values-")]
        return found[-1] if found else ""

    @property
    def busy(self) -> Operation | None:
        """The operation that has not ended."""
        if self.asked is not None:
            return self.asked
        return self.operation if self.operation is not None and not self.operation.ended else None
