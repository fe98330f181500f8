"""Which repository at GitHub an environment means, and where its token is found. The token is never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from prompt_kafka.core.doctor import GITHUB_TOKEN
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.forge import Project, project_of
from prompt_kafka.core.service import Environment


def token_of(environment: Environment, variables: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the token for an environment, or an empty one and why there is none."""
    if environment.pull_request.token_file:
        path = Path(environment.pull_request.token_file).expanduser()
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            return "", f"the token file {path} cannot be read: {getattr(error, 'strerror', 'not text')}"
        return token, "" if token else f"the token file {path} is empty"
    token = (os.environ if variables is None else variables).get(GITHUB_TOKEN, "").strip()
    return token, "" if token else f"no token in {GITHUB_TOKEN}"


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
