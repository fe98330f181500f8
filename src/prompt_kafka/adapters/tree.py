"""What an environment has in Git, and at the forge that serves it: one clone, one connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from prompt_kafka.adapters.repository import repository_of
from prompt_kafka.core.delivery import GitState, Tip
from prompt_kafka.core.forge import PullRequest
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import OPERATOR_FILES, FilesIn, Look, RenderOf, RequestsOf

if TYPE_CHECKING:
    from prompt_kafka.adapters.forge import Forge
    from prompt_kafka.adapters.git import GitRepository


class Tree:
    """The repository of an environment; safe to use from several threads."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._git: GitRepository | None = None
        self._forge: Forge | None = None

    def close(self) -> None:
        """Close the connections."""
        if self._forge is not None:
            self._forge.end()

    def git(self) -> GitRepository:
        """Return the repository that the environment follows.

        Raises
        ------
        UsageError
            None is configured.
        """
        with self._lock:
            if self._git is None:
                self._git = repository_of(self._environment)
            return self._git

    def forge(self) -> Forge:
        """Return the repository at the forge.

        Raises
        ------
        UsageError
            It cannot be told which that is.
        """
        from prompt_kafka.adapters.forge import Forge

        address = self.git().shown
        with self._lock:
            if self._forge is None:
                self._forge = Forge.of(self._environment, address)
            return self._forge

    def look(self, asked: Iterable[Look]) -> GitState:
        """Return the branch that is followed, with the folders that are asked for."""
        return self.git().look(self._folders(asked))

    def branch(self, name: str, asked: Iterable[Look]) -> GitState:
        """Return another branch."""
        return repository_of(self._environment, name).look(self._folders(asked))

    def requests(self, look: RequestsOf) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch."""
        return self.forge().look(look.branch, look.base)

    def renders(self, look: RenderOf) -> Mapping[str, int]:
        """Return how many objects each application of an environment renders."""
        from prompt_kafka.adapters import renders  # and Helm with it, which few looks need

        return renders.count(self._environment, look)

    def tip(self) -> Tip:
        """Return how far the branch is that is followed."""
        return self.git().tip(self._environment.operator_folder)

    def _folders(self, asked: Iterable[Look]) -> set[str]:
        asked = set(asked)
        folders = {each.folder for each in asked if isinstance(each, FilesIn) and each != OPERATOR_FILES}
        if OPERATOR_FILES in asked:
            folders.add(self._environment.operator_folder)
        return folders
