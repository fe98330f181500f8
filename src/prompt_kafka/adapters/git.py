"""The Git repository that Argo CD follows, read and changed through a private clone.

The user's own working copy is never written to. Where the service is configured by one, its remote is what is
cloned, and its hooks and its identity are the ones that a commit passes. Everything goes through the ``git``
command, so credentials work as the user has set them up; addresses are never on its command line, because
they may hold a password.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from prompt_kafka.adapters import git_commit, git_read
from prompt_kafka.adapters.checkout import Checkout
from prompt_kafka.adapters.git_command import GitError, run
from prompt_kafka.adapters.threads import Threads
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import Folder, GitState, Tip, blob
from prompt_kafka.core.errors import StoppedError, UnreachableError, UsageError

GLANCE = 100
"""How many commits a glance at the branch goes back."""
PUSHES = 3
"""How often a push is tried when somebody else was quicker."""

_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
[gc]
\tauto = 0
[remote "origin"]
\turl = "{url}"
"""


class GitRepository:
    """One branch of a repository.

    Parameters
    ----------
    repository
        An address, the path of a bare repository, or the path of a working copy whose remote ``origin`` is
        meant.
    branch
        The branch that Argo CD follows.
    folder
        The application's folder in it.
    cache
        Where the private clone is kept; the user's XDG cache when not given.
    """

    def __init__(self, repository: str, branch: str, folder: str, *, cache: Path | None = None) -> None:
        self.branch = branch
        self.folder = folder
        path = Path(repository).expanduser()
        self._checkout = Checkout(path.resolve()) if (path / ".git").exists() else None
        plain = str(path.resolve()) if path.is_dir() else repository
        self._url = self._checkout.remote() if self._checkout else plain
        home = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka"
        self._home = home / "git"
        self._clone = self._home / f"{hashlib.sha256(self._url.encode()).hexdigest()[:16]}.git"
        self._files: tuple[str, dict[str, dict[str, str]]] = ("", {})

    @property
    def shown(self) -> str:
        """Where it is, without a password."""
        return re.sub(r"//[^/@]*@", "//", self._url)

    def look(self, folders: Iterable[str] = ()) -> GitState:
        """Fetch the branch and return its state.

        The files are those of the application's folder, and of `folders`.

        Raises
        ------
        UnreachableError
            The repository does not answer.
        UsageError
            It has no such branch.
        """
        with self._locked():
            head = self._fetch()
        # Each of these is a process or two of git; they do not wait for each other.
        threads, checkout = Threads("git"), self._checkout
        history = threads.submit(git_read.history, self._git, head)
        log = threads.submit(git_read.log, self._git, head, self.folder)
        environments = threads.submit(git_read.environments, self._git, head)
        files = self._texts(head, folders)
        commits, marks = history.result()
        return GitState(
            repository=self.shown,
            branch=self.branch,
            head=head,
            folder=self.folder,
            files=files,
            environments=environments.result(),
            commits=commits,
            marks=marks,
            checkout=str(checkout.path) if checkout else "",
            changed=self._changed(checkout, folders) if checkout else (),
            unpushed=self._unpushed(checkout, head) if checkout else 0,
            log=log.result(),
        )

    def tip(self, operator: str) -> Tip:
        """Fetch the branch and return how far it is; nothing of the application's files is read.

        Parameters
        ----------
        operator
            Folder whose ``Chart.yaml`` names the operator's chart.

        Raises
        ------
        UnreachableError, UsageError
            As for `look`.
        """
        with self._locked():
            head = self._fetch()
        commits = self._git("log", f"-n{GLANCE}", "--format=%H", head).decode().split()
        return Tip(head, tuple(commits), git_read.operator(self._git, head, operator))

    def log(self, since: datetime) -> list[tuple[datetime, str, str]]:
        """Return time, subject and author of the branch's commits since a time, the newest first."""
        with self._locked():
            head = self._fetch()
        form = "--format=%cI%x00%s%x00%an"
        lines = self._git("log", f"--since={since.isoformat()}", form, head).decode().splitlines()
        entries = (line.split("\0") for line in lines)
        return [(datetime.fromisoformat(at).astimezone(UTC), what, who) for at, what, who in entries]

    def folder_at(self, commit: str) -> Folder:
        """Return all files of the application's folder at a commit that is here."""
        return git_read.folder(self._git, commit, self.folder)

    def export(self, commit: str, target: Path, *paths: str) -> None:
        """Lay the files of a commit below `paths` out in a folder."""
        listed = self._git("ls-tree", "--name-only", commit, "--", *paths).decode().splitlines()
        archive = self._git("archive", "--format=tar", commit, "--", *listed)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(target, filter="data")

    def commit(self, action: CommitFiles) -> str:
        """Commit files to the branch and push them; return the commit.

        A commit that bears the mark already is the answer, and so is a branch that has the files. When
        somebody else pushed meanwhile, the change is made again on theirs, as long as they left these files
        alone. A branch of its own is made from its base when it is not there yet.

        Raises
        ------
        StoppedError
            A file is no longer the one that the plan was made for.
        GitError
            No identity, a hook that says no, or a push that is refused.
        """
        with self._locked():
            for _ in range(PUSHES):
                head = self._fetch(action.branch, action.base)
                marks = git_read.history(self._git, head)[1]
                if action.mark and action.mark in marks:
                    return marks[action.mark]
                if self._has_files(head, action):
                    return head
                self._same_files(head, action)
                with self._worktree(head) as folder:
                    commit = git_commit.make(folder, action, self._own_settings(), self.shown)
                    if git_commit.push(folder, action.branch, self._own_settings(), self.shown):
                        return commit
        raise GitError(
            f"others keep pushing to {action.branch}: it was tried {PUSHES} times",
            where=self.shown,
            next="try again",
        )

    def try_push(self, head: str) -> str:
        """Ask whether a push to the branch would be let in, without one; return the branch.

        Raises
        ------
        GitError
            It would not. (Rules that only look at real commits, such as protected branches, are not asked.)
        """
        reference = f"refs/heads/{self.branch}"
        with self._locked():
            self._git("push", "--dry-run", "--quiet", "origin", f"{head}:{reference}")
        return self.branch

    # The private clone

    def _git(
        self, *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> bytes:
        variables = {"GIT_DIR": str(self._clone), **(environment or {})}
        return run(*arguments, given=given, environment=variables, where=self.shown)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._home / f"{self._clone.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self._clone / "HEAD").is_file():
                self._make_clone()
            yield

    def _make_clone(self) -> None:
        scratch = Path(mkdtemp(dir=self._home, prefix="new-"))
        run("init", "--quiet", "--bare", str(scratch), where=self.shown)
        quoted = self._url.replace("\\", "\\\\").replace('"', '\\"')
        (scratch / "config").write_text(_CONFIG.format(url=quoted))
        (scratch / "config").chmod(0o600)
        scratch.rename(self._clone)

    def _fetch(self, branch: str = "", base: str = "") -> str:
        """Fetch a branch, or its base where it is not there yet, and return its commit."""
        branch = branch or self.branch
        reference = f"refs/remotes/origin/{branch}"
        try:
            self._git("fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{branch}:{reference}")
        except GitError as error:
            if "couldn't find remote ref" in error.what and base:
                return self._fetch(base)
            if "couldn't find remote ref" in error.what:
                raise UsageError(
                    f"the repository has no branch {branch}",
                    where=self.shown,
                    next="correct `branch` in service.yaml",
                ) from None
            raise UnreachableError(
                f"the Git repository does not answer: {error.what}",
                where=self.shown,
                next="check `repository` in service.yaml and your access to it",
            ) from None
        return self._git("rev-parse", "--verify", reference).decode().strip()

    def _texts(self, head: str, folders: Iterable[str] = ()) -> dict[str, str]:
        if self._files[0] != head:
            self._files = (head, {})
        read = self._files[1]
        wanted = {self.folder, *folders}
        for folder in wanted - read.keys():
            read[folder] = dict(git_read.texts(self._git, head, folder))
        return {path: text for folder in sorted(wanted) for path, text in read[folder].items()}

    def _changed(self, checkout: Checkout, folders: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({path for each in (self.folder, *folders) for path in checkout.changed(each)}))

    def _texts_of(self, head: str, action: CommitFiles) -> dict[str, str]:
        return self._texts(head, {str(Path(change.path).parent) for change in action.files})

    def _unpushed(self, checkout: Checkout, head: str) -> int:
        """Return how many commits a working copy's branch has that the repository lacks."""
        tip = checkout.tip(self.branch)
        more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(checkout.objects)}
        return int(self._git("rev-list", "--count", tip, f"^{head}", environment=more)) if tip else 0

    def _own_settings(self) -> list[str]:
        return self._checkout.settings() if self._checkout else []

    # A commit

    def _has_files(self, head: str, action: CommitFiles) -> bool:
        texts = self._texts_of(head, action)
        return all(blob(texts.get(change.path)) == change.blobs[1] for change in action.files)

    def _same_files(self, head: str, action: CommitFiles) -> None:
        texts = self._texts_of(head, action)
        for change in action.files:
            if blob(texts.get(change.path)) != change.blobs[0]:
                raise StoppedError(
                    f"{change.path} is not the one that the plan was made for",
                    where=f"{self.shown}, {action.branch} at {head[:12]}",
                    next="plan again",
                )

    @contextmanager
    def _worktree(self, head: str) -> Iterator[Path]:
        folder = Path(mkdtemp(dir=self._home, prefix="work-")) / "tree"
        try:
            self._git("worktree", "prune")
            self._git("worktree", "add", "--quiet", "--detach", str(folder), head)
            yield folder
        finally:
            shutil.rmtree(folder.parent, ignore_errors=True)
            self._git("worktree", "prune")
