"""A person's own working copy: its remote, state, hooks and identity are looked at; it is never touched."""

from __future__ import annotations

from pathlib import Path

from prompt_kafka.adapters.git_command import GitError, run
from prompt_kafka.core.errors import UsageError

_IDENTITY = ("user.name", "user.email", "user.signingkey", "commit.gpgsign")


class Checkout:
    """A working copy at a path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _git(self, *arguments: str) -> str:
        where = str(self.path)
        return run("--no-optional-locks", "-C", where, *arguments, where=where).decode()

    def remote(self) -> str:
        """Return the address of ``origin``.

        Raises
        ------
        UsageError
            There is none.
        """
        try:
            url = self._git("remote", "get-url", "origin").strip()
        except GitError:
            raise UsageError(
                "the working copy has no remote called origin",
                where=str(self.path),
                next="give the address of the repository instead",
            ) from None
        local = self.path / url
        return str(local.resolve()) if local.is_dir() else url

    def changed(self, folder: str) -> tuple[str, ...]:
        """Return the files with changes that are not committed; new ones only below `folder`."""
        found = self._git("status", "--porcelain", "-z", "--untracked-files=no")
        found += self._git("status", "--porcelain", "-z", "--", folder)
        return tuple(sorted({entry[3:] for entry in found.split("\0") if entry[2:3] == " "}))

    def tip(self, branch: str) -> str:
        """Return the newest commit of its own branch of that name; empty when it has none."""
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").strip()
        except GitError:
            return ""

    @property
    def objects(self) -> Path:
        """Where Git keeps its objects."""
        return Path(self.path, self._git("rev-parse", "--git-path", "objects").strip())

    def settings(self) -> list[str]:
        """Return its hooks and its identity as words for another ``git`` command."""
        hooks = Path(self.path, self._git("rev-parse", "--git-path", "hooks").strip())
        found = [f"core.hooksPath={hooks}"]
        for key in _IDENTITY:
            try:
                found.append(f"{key}={self._git('config', '--get', key).strip()}")
            except GitError:
                continue
        return [word for setting in found for word in ("-c", setting)]
