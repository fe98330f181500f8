"""Differences between Git, the cluster and the brokers, as values: each with its owner and its command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Where a difference comes from."""

    GIT = "in Git, not deployed"
    HAND = "changed by hand in the cluster"
    PENDING = "the operator has not done it yet"
    REFUSED = "the operator refuses it"
    BROKER = "changed on the brokers"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference.

    Attributes
    ----------
    what, field
        The object, as ``Kind name``, and the field in it.
    values
        What each side has: ``Git``, ``cluster``, ``brokers``; a side that has nothing to say is not in it.
    owner
        Where it comes from.
    who
        Who did it, where that is known; or what the operator says.
    command
        The line that closes it.
    """

    what: str
    field: str
    values: Mapping[str, str]
    owner: Owner
    command: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of a comparison.

    Attributes
    ----------
    head, deployed
        The branch's newest commit, and the one that is deployed.
    objects
        How many objects were compared.
    unknown
        What could not be compared, and why.
    """

    head: str
    deployed: str
    differences: tuple[Drift, ...]
    objects: int
    unknown: tuple[str, ...] = ()
