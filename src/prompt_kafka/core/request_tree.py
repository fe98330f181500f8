"""What a person asks of the tree in Git as a whole: environments, pinned addresses, watched namespaces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnvironmentRequest:
    """Write a new environment like another one.

    Attributes
    ----------
    name, source
        The new one, and the one that it is like.
    settings
        What is to be different: ``[APPLICATION:]path`` and the value.
    applications
        Applications that it is to have besides those of the service and what they need.
    """

    name: str
    source: str
    settings: tuple[tuple[str, str], ...] = ()
    applications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentDeleteRequest:
    """Take an environment out of Git.

    Attributes
    ----------
    name
        The environment.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ListenerPinRequest:
    """Write the addresses that the load balancers have into Git, so that they keep them.

    Attributes
    ----------
    pool
        The range from which they must be; any when empty.
    with_undeployed, stable_s
        As in an upgrade of Kafka.
    """

    pool: str = ""
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """Have the operator watch a namespace, or no longer.

    Attributes
    ----------
    remove
        No longer.
    """

    namespace: str
    remove: bool = False
