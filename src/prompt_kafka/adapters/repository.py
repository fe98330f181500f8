"""Which Git repository an environment means."""

from __future__ import annotations

from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.service import Environment


def repository_of(environment: Environment, branch: str = "") -> GitRepository:
    """Return the repository that an environment follows, at its branch or at another.

    Raises
    ------
    UsageError
        None is configured, or the one that is cannot be used.
    """
    if not environment.repository:
        raise UsageError(
            f"no Git repository is known for {environment.name}",
            next="add `repository` to the environment in service.yaml",
        )
    return GitRepository(environment.repository, branch or environment.branch, environment.folder)
