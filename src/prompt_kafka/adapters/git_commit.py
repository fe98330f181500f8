"""A commit, made in a worktree of its own and pushed: with the hooks and the identity of its author."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from prompt_kafka.adapters.git_command import GitError, run
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import TRAILER


def make(folder: Path, action: CommitFiles, settings: Sequence[str], where: str) -> str:
    """Commit the files of an action in a worktree; return the commit.

    Parameters
    ----------
    folder
        The worktree.
    settings
        Words for git: the author's hooks and identity.
    where
        The repository, for errors.

    Raises
    ------
    GitError
        No identity, or a hook that says no.
    """
    for change in action.files:
        path = folder / change.path
        if not path.resolve().is_relative_to(folder.resolve()):
            raise GitError(f"{change.path} is not inside of the repository", where=where)
        if change.after is None:
            path.unlink()
            continue
        if change.before is None and (path.exists() or path.is_symlink()):
            said = "a link" if path.is_symlink() else "no text that can be edited"
            raise GitError(f"{change.path} is there, and is {said}", where=where, next="edit it by hand")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.after.encode())
    inside = ("-C", str(folder), *settings, "-c", "user.useConfigOnly=true")
    run(*inside, "add", "--all", "--", *(change.path for change in action.files), where=where)
    try:
        run(*inside, "var", "GIT_COMMITTER_IDENT", where=where)
    except GitError:
        raise GitError(
            "Git does not know who you are",
            where=where,
            next="git config --global user.name 'Your Name' and user.email you@example.org",
        ) from None
    trailer = [f"--trailer={TRAILER}: {action.mark}"] if action.mark else []
    message = action.message.encode() + b"\n"
    try:
        run(*inside, "commit", "--quiet", *trailer, "-F", "-", given=message, where=where)
    except GitError as error:
        raise GitError(
            f"a commit hook said no, or the commit failed: {error.what}",
            where=where,
            next="mend what it names; nothing was pushed",
        ) from None
    return run("-C", str(folder), "rev-parse", "HEAD", where=where).decode().strip()


def push(folder: Path, branch: str, settings: Sequence[str], where: str) -> bool:
    """Push a worktree's commit to a branch; False when somebody else was quicker.

    Raises
    ------
    GitError
        It is refused.
    """
    words = ("-C", str(folder), *settings, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    try:
        run(*words, where=where)
    except GitError as error:
        if re.search(r"\[rejected\]|fetch first|non-fast-forward|cannot lock ref", error.what):
            return False
        raise GitError(
            f"the push to {branch} was refused: {error.what}",
            where=where,
            next="get the right, or mend what your hook names; or set `delivery: pull-request`",
        ) from None
    return True
