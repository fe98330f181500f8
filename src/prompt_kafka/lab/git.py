"""The lab's Git: a local bare repository that holds a GitOps tree.

Argo CD deploys from Git and from nothing else, so a lab starts by putting its tree there. The tree is taken
as it stands on disk, uncommitted changes included, because that is what somebody who edits a chart wants to
see running; the commit says where it came from. What people commit to the lab afterwards is theirs: a later
seed never rewrites it.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from prompt_kafka.core.errors import PromptKafkaError

log = logging.getLogger(__name__)

BRANCH = "refs/heads/main"
SEEDED = "refs/lab/seeded"
_WHO = {"NAME": "Prompt Kafka lab", "EMAIL": "lab@localhost"}


class GitError(PromptKafkaError):
    """Git cannot do what was asked."""

    code = "git"


def git(
    *arguments: str, directory: Path | None = None, extra: Mapping[str, str] | None = None, given: str = ""
) -> str:
    """Run Git without the user's configuration; return what it printed.

    Parameters
    ----------
    arguments
        Of the command.
    directory
        The repository (``GIT_DIR``).
    extra
        More environment.
    given
        Standard input.

    Raises
    ------
    GitError
        Git failed or is not installed.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    environment |= {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()
    }
    if directory is not None:
        environment["GIT_DIR"] = str(directory)
    try:
        done = subprocess.run(
            ["git", *arguments],
            env={**environment, **(extra or {})},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("git is not installed", next="install git") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise GitError(f"git {arguments[0]} failed: {said}", where=str(directory or ""))
    return done.stdout.strip()


def seed(
    repo: Path,
    bare: Path,
    *,
    edits: Mapping[str, str] | None = None,
    say: Callable[[str], None] = log.info,
) -> str:
    """Put a GitOps tree into a lab's Git.

    Parameters
    ----------
    repo
        A folder, or a Git working copy: taken as it stands, uncommitted changes included.
    bare
        The bare repository; made when it is not there.
    edits
        Texts of files that are to be other than they stand there.
    say
        Told, in one sentence each time, what was done or why nothing was.

    Returns
    -------
    str
        The URL that Applications name.
    """
    if not (bare / "HEAD").is_file():
        bare.mkdir(parents=True, exist_ok=True, mode=0o700)
        git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    tree = _tree(repo, bare, edits or {})
    seeded, head = _commit(bare, SEEDED), _commit(bare, BRANCH)
    if seeded and tree == git("rev-parse", f"{seeded}^{{tree}}", directory=bare):
        if head != seeded:
            say("the lab's Git has commits of its own; its tree was not changed")
    elif head != seeded:
        say(f"{repo} has changed, but the lab's Git has commits of its own: Git was left alone")
    else:
        commit = _add(
            bare, tree, head, f"{'Take up changes of' if head else 'Seed from'} {_origin(repo, say)}"
        )
        say(f"the lab's Git holds {repo} as it stands: commit {commit[:12]}")
    return bare.resolve().as_uri()


def local(url: str) -> Path | None:
    """Return the folder that a repository URL names, None when it is not on this machine."""
    if url.startswith("/"):
        return Path(url)
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return None


def resolve(directory: Path, revision: str) -> str:
    """Return the commit of a branch, a tag or a commit id; of ``HEAD`` when empty.

    Raises
    ------
    GitError
        There is no such revision.
    """
    wanted = revision or "HEAD"
    try:
        return git("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}", directory=directory)
    except GitError:
        raise GitError(
            f"unable to resolve {wanted!r} to a commit",
            where=str(directory),
            next="push it, or correct the name",
        ) from None


def export(directory: Path, commit: str, target: Path, *paths: str) -> None:
    """Lay the files of a commit out in the folder `target`, those below `paths` when given."""
    there = set(git("ls-tree", "--name-only", commit, "--", *paths, directory=directory).splitlines())
    wanted = [each for each in paths if each in there] if paths else ["."]
    if not wanted:
        return
    with TemporaryDirectory(prefix="prompt-kafka-index-") as scratch:
        extra = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_WORK_TREE": str(target)}
        git("checkout", "--quiet", "--force", commit, "--", *wanted, directory=directory, extra=extra)


def _tree(repo: Path, bare: Path, edits: Mapping[str, str]) -> str:
    if not repo.is_dir():
        raise GitError("there is no such folder", where=str(repo), next="give the folder of a GitOps tree")
    with TemporaryDirectory(prefix="prompt-kafka-index-") as scratch:
        extra = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_WORK_TREE": str(repo.resolve())}
        git("-C", str(repo.resolve()), "add", "--all", ".", directory=bare.resolve(), extra=extra)
        for path, text in edits.items():
            blob = git("hash-object", "-w", "--stdin", directory=bare, given=text)
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", directory=bare, extra=extra)
        return git("write-tree", directory=bare, extra=extra)


def _add(bare: Path, tree: str, parent: str, message: str) -> str:
    parents = ["-p", parent] if parent else []
    commit = git("commit-tree", tree, *parents, "-F", "-", directory=bare, given=message + "\n")
    for ref in (BRANCH, SEEDED):
        git("update-ref", ref, commit, directory=bare)
    return commit


def _commit(bare: Path, ref: str) -> str:
    try:
        return git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", directory=bare)
    except GitError:
        return ""


def _origin(repo: Path, say: Callable[[str], None]) -> str:
    if not (repo / ".git").exists():
        return str(repo)
    directory = repo / ".git" if (repo / ".git").is_dir() else None
    where = ["-C", str(repo)]
    try:
        head = git(*where, "rev-parse", "--short=12", "HEAD", directory=directory)
        changed = git(*where, "status", "--porcelain", directory=directory)
    except GitError:
        return str(repo)
    if changed:
        say(f"{repo} has uncommitted changes; they are part of what the lab runs")
    return f"{repo} at {head}{' with uncommitted changes' if changed else ''}"
