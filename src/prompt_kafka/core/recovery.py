"""Whether a service is serving at all. Guards that protect a serving service do not stop its recovery."""

from __future__ import annotations

from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.world import World


def not_serving(world: World) -> str:
    """Return why the service does not serve; empty when it serves or when that cannot be told.

    A service does not serve when its controllers answer and none leads, or when a partition has no leader.
    """
    answers = world.quorum.known
    answering = [a for a in answers or () if not a.unreachable]
    if answering and quorum_of(answering) is None:
        return "no controller leads the quorum"
    topics = world.topics.known
    offline = [str(p) for topic in topics or () for p in topic.without_leader]
    if offline:
        return f"{len(offline)} partitions have no leader: {', '.join(offline[:3])}"
    return ""
