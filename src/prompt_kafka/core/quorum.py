"""The KRaft metadata quorum, as its controllers describe it.

Times are milliseconds since the epoch (UTC) by the leader's clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voter:
    """A replica of the metadata log: a controller (voter) or a broker (observer).

    Parameters
    ----------
    log_end_offset
        As the leader last heard it; -1 when it never did.
    last_fetch_ms, last_caught_up_ms
        When the leader last heard it, and when it last had everything; ``None`` when never.
    """

    node_id: int
    log_end_offset: int
    last_fetch_ms: int | None = None
    last_caught_up_ms: int | None = None
    directory_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quorum:
    """The metadata quorum, as its leader describes it.

    Parameters
    ----------
    asked
        Address of the controller that answered, ``host:port``.
    seen_ms
        When it answered.
    """

    asked: str
    leader_id: int
    epoch: int
    high_watermark: int
    voters: tuple[Voter, ...]
    observers: tuple[Voter, ...]
    seen_ms: int = 0

    def lag(self, node_id: int) -> int | None:
        """Return how many records `node_id` is behind the leader; ``None`` for a node not in the quorum."""
        ends = {replica.node_id: replica.log_end_offset for replica in (*self.observers, *self.voters)}
        if node_id not in ends or self.leader_id not in ends:
            return None
        return max(0, ends[self.leader_id] - ends[node_id])

    def behind(self, *, within_s: float) -> tuple[int, ...]:
        """Return the voters that were not caught up at any moment of the last `within_s` seconds."""
        limit = self.seen_ms - within_s * 1000
        return tuple(
            voter.node_id
            for voter in self.voters
            if voter.node_id != self.leader_id and (voter.last_caught_up_ms or 0) < limit
        )


@dataclass(frozen=True, slots=True)
class ControllerAnswer:
    """What one controller says when asked by itself.

    Only the quorum's leader knows the voters; the others say whom they follow.

    Parameters
    ----------
    address
        ``host:port`` of the controller.
    leader_id
        The leader that it knows; ``None`` during an election or when it is cut off.
    quorum
        Its description of the quorum, when it is the leader.
    metadata_version
        Finalized level of ``metadata.version`` that it knows.
    unreachable
        Why it did not answer; empty when it did.
    """

    address: str
    leader_id: int | None = None
    quorum: Quorum | None = None
    metadata_version: int | None = None
    unreachable: str = ""


def quorum_of(answers: Iterable[ControllerAnswer]) -> Quorum | None:
    """Return what the leader with the highest epoch says: a deposed one may still believe in itself."""
    described = [answer.quorum for answer in answers if answer.quorum is not None]
    return max(described, key=lambda quorum: quorum.epoch, default=None)
