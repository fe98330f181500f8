"""How a lab is told from everything else: by its own word, never by a name in a file."""

from __future__ import annotations

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.service import Environment

LAB_MARK = "+prompt-kafka-lab"
"""What a lab's Kubernetes API has at the end of its version."""


def says_lab(version: str) -> bool:
    """Return whether a Kubernetes API's version is a lab's."""
    return version.endswith(LAB_MARK)


def require_lab(environment: Environment, version: str, server: str) -> None:
    """Refuse what only a lab may suffer.

    Parameters
    ----------
    version, server
        What the environment's Kubernetes API says of itself, and its address.

    Raises
    ------
    RefusedError
        It does not say that it is a lab, or the configuration calls it production (``not-a-lab``).
    """
    if environment.production or not says_lab(version):
        raise RefusedError(
            "not-a-lab",
            f"{environment.name} is no lab: its Kubernetes API does not say so (it is {version})",
            where=server,
            next="records are written into labs only: prompt-kafka lab up",
        )
