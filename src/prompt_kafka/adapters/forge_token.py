"""Which repository at GitHub an environment means, and where its token is found. The token is never shown."""

from __future__ import annotations

from collections.abc import Mapping

from prompt_kafka.adapters import tokens
from prompt_kafka.core.doctor import GITHUB_TOKEN
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.forge import Project, project_of
from prompt_kafka.core.service import Environment


def token_of(environment: Environment, variables: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the token for an environment, or an empty one and why there is none."""
    return tokens.found(environment.pull_request.token_file, GITHUB_TOKEN, variables)


def project(environment: Environment, address: str = "") -> Project:
    """Return the repository at GitHub that an environment means.

    Parameters
    ----------
    address
        Of its repository, where the configuration names a working copy.

    Raises
    ------
    UsageError
        The address does not tell.
    """
    terms = environment.pull_request
    found = project_of(address or environment.repository, terms.repository, terms.url)
    if found is None:
        raise UsageError(
            f"which repository at GitHub is {address or environment.repository or 'meant'}?",
            next="set `pull_request.repository` (owner/name) in service.yaml",
        )
    return found
