"""Actions at the forge: open a pull request, merge it, close it, delete its branch. Part of the closed union.

Each is recognised as done by what the forge has: the branch's request with the run's line, merged, closed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from prompt_kafka.core.forge import Project, text_of

_END = "END_OF_TEXT"


@dataclass(frozen=True, slots=True)
class OpenPullRequest:
    """Open a pull request of a branch. The one that is open already is taken, and its text is brought up.

    Attributes
    ----------
    project
        ``host/owner/name``.
    body
        Its text as Markdown; the run's line is added.
    mark
        The run.
    """

    project: str
    branch: str
    base: str
    title: str
    body: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class MergePullRequest:
    """Merge a pull request, as the branch's rules allow it.

    Attributes
    ----------
    head
        The commit that was looked at: nothing newer is merged unseen.
    method
        ``merge``, ``squash`` or ``rebase``.
    of
        The run that opened it; its line stays in the commit.
    """

    project: str
    branch: str
    base: str
    number: int
    head: str
    method: str = "merge"
    of: str = ""


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """Delete a branch that is merged.

    Attributes
    ----------
    repository
        For people.
    head
        The commit that was merged: a branch with more than that stays.
    """

    project: str
    repository: str
    branch: str
    head: str


@dataclass(frozen=True, slots=True)
class ClosePullRequest:
    """Close the open pull request of a branch that a run has opened, and delete the branch."""

    project: str
    branch: str
    base: str


AtForge = OpenPullRequest | MergePullRequest | DeleteBranch | ClosePullRequest


def by_hand(action: AtForge) -> str:
    """Return the lines for a shell that do the same, with the address for a browser."""
    match action:
        case OpenPullRequest():
            return "\n".join(_open_by_hand(action))
        case MergePullRequest(project, _, _, number, head, method):
            words = ["gh", "pr", "merge", str(number), "--repo", project, f"--{method}"]
            page = Project(*project.split("/", 2)).page
            return f"{shlex.join([*words, '--match-head-commit', head])}\n# or: {page}/pull/{number}"
        case DeleteBranch(_, repository, branch, head):
            return shlex.join(
                ["git", "push", f"--force-with-lease={branch}:{head}", repository, f":{branch}"]
            )
        case ClosePullRequest(project, branch):
            return shlex.join(["gh", "pr", "close", branch, "--repo", project, "--delete-branch"])


def _open_by_hand(action: OpenPullRequest) -> Iterator[str]:
    words = ["gh", "pr", "create", "--repo", action.project, "--base", action.base, "--head", action.branch]
    yield f"{shlex.join([*words, '--title', action.title])} --body-file - <<'{_END}'"
    yield f"{text_of(action.body, action.mark)}\n{_END}"
    yield f"# or: {Project(*action.project.split('/', 2)).comparison(action.base, action.branch)}"
