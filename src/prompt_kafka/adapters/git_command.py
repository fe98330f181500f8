"""The ``git`` command: as the user has set it up, without questions, in one language."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

from prompt_kafka.core.errors import PromptKafkaError

TIMEOUT_S = 120.0
_OTHERS = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)


class GitError(PromptKafkaError):
    """Git cannot do what was asked."""

    code = "git"


def run(
    *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None, where: str = ""
) -> bytes:
    """Run git and return what it printed.

    Parameters
    ----------
    arguments
        Never an address or a password: others can read them.
    given
        Standard input.
    environment
        More variables.
    where
        The repository, for the error.

    Raises
    ------
    GitError
        With what git said, without passwords.
    """
    variables = {key: value for key, value in os.environ.items() if key not in _OTHERS}
    variables |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_EDITOR": "true", **(environment or {})}
    variables.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    try:
        done = subprocess.run(
            ["git", *arguments],
            input=given,
            env=variables,
            capture_output=True,
            check=False,
            timeout=TIMEOUT_S,
            process_group=0,  # a Ctrl-C at the terminal is for the runbook, which ends what it began
        )
    except FileNotFoundError:
        raise GitError("git is not installed", next="install git") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git did not end within {TIMEOUT_S:.0f} s", where=where) from None
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise GitError(_clean(said) or f"git ended with code {done.returncode}", where=where)
    return done.stdout


def _clean(text: str) -> str:
    lines = [line.removeprefix("remote: ").strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("hint:", "To "))]
    return re.sub(r"//[^/@\s]*@", "//", "; ".join(kept))[:500]
