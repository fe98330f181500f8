"""How a lab is told from everything else: by its own word, never by a name in a file."""

from __future__ import annotations

LAB_MARK = "+prompt-kafka-lab"
"""What a lab's Kubernetes API has at the end of its version."""


def says_lab(version: str) -> bool:
    """Return whether a Kubernetes API's version is a lab's."""
    return version.endswith(LAB_MARK)
