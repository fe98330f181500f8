"""What is wrong with a service, as values: each cause with the command that mends it.

A *cause* is what somebody has to know; what follows from it is not said a second time. The kinds are closed:
whoever is on call learns them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be the cause, the most urgent first."""

    ANOTHER_CLUSTER = "another cluster"
    API_UNREACHABLE = "Kubernetes API unreachable"
    SHUT_DOWN = "shut down"
    POWER_LOSS = "power loss"
    HOST_DOWN = "machine down"
    QUORUM_LOST = "quorum lost"
    QUORUM_WEDGED = "quorum wedged"
    OPERATOR_DOWN = "operator down"
    PAUSED = "reconciliation paused"
    OPERATOR_REFUSES = "operator refuses"
    POD_PENDING = "pod pending"
    POD_CRASHING = "pod crashing"
    POD_DOWN = "pod down"
    POD_FROZEN = "pod frozen"
    CONTROLLER_BEHIND = "controller behind"
    BROKER_FENCED = "broker fenced"
    BROKER_UNREGISTERED = "broker unregistered"
    OFFLINE = "partitions offline"
    UNDER_MIN_ISR = "partitions under min ISR"
    VOLUME_FULL = "volume nearly full"
    ROLL_GIVEN_UP = "roll given up"
    RESTARTING = "pod restarting"
    LOG_RECOVERY = "log recovery"
    QUORUM_FORMING = "quorum forming"
    ROLL_UNDER_WAY = "roll under way"
    CATCHING_UP = "replicas catching up"
    OPERATOR_BEHIND = "operator behind"
    GROUP_STOPPED = "group stopped"
    GROUP_SLOW = "group slow"
    ENTITY_OPERATOR_DOWN = "entity operator down"
    NOT_SEEN = "not seen"
    RESOURCE_REFUSED = "resource refused"
    SYNC_FAILED = "sync failed"
    DEGRADED = "application degraded"
    NOT_DEPLOYED = "not deployed"
    DRIFTED = "drifted"
    CANARY_MISSING = "canary missing"
    CERTIFICATE_ENDS = "certificate ends"

    @property
    def rank(self) -> int:
        """How urgent it is: 0 is first."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(Kind)}

NOTICES = frozenset(
    {
        Kind.RESOURCE_REFUSED,
        Kind.SYNC_FAILED,
        Kind.DEGRADED,
        Kind.NOT_DEPLOYED,
        Kind.DRIFTED,
        Kind.CANARY_MISSING,
        Kind.CERTIFICATE_ENDS,
    }
)
"""Kinds that do not touch the data that flows now: somebody's work, not tonight's fire."""

WAITS = frozenset(
    {
        Kind.RESTARTING,
        Kind.LOG_RECOVERY,
        Kind.QUORUM_FORMING,
        Kind.ROLL_UNDER_WAY,
        Kind.CATCHING_UP,
        Kind.OPERATOR_BEHIND,
    }
)
"""Kinds that end by themselves: the mend is to wait, and nothing else."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong, and what to do.

    Attributes
    ----------
    kind
        Which kind of cause it is.
    objects
        Names of what is meant: pods, machines, topics, groups …
    what
        What is wrong, one sentence that names the object.
    mend
        The command that mends it.
    follows
        What is not said apart because it follows from this, in words.
    first
        What must be mended before the command can work; empty when nothing.
    """

    kind: Kind
    objects: tuple[str, ...]
    what: str
    mend: str
    follows: tuple[str, ...] = ()
    first: str = ""

    @property
    def is_notice(self) -> bool:
        """It does not touch the data that flows now."""
        return self.kind in NOTICES

    @property
    def waits(self) -> bool:
        """It ends by itself."""
        return self.kind in WAITS
