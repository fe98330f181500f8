"""What comes by itself, with its date: unplanned rolls, volumes that fill, an operator that will refuse.

A certificate that is renewed restarts every node (Strimzi's reasons ``CaCertRenewed`` and
``KafkaCertificatesChanged``), at the operator's next reconciliation after the renewal time, within the
maintenance windows where some are set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from prompt_kafka.core.world import World

HORIZON = timedelta(days=60)
"""What is farther away is not said, except the next roll, which is always."""
VOLUME_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that will happen.

    Attributes
    ----------
    at
        When; None when it depends on somebody's act.
    what
        What will happen, one sentence.
    mend
        The command that plans it, or looks at it; empty where there is nothing to do.
    urgent
        It is worth a mark: soon, or harmful.
    """

    at: datetime | None
    what: str
    mend: str = ""
    urgent: bool = False


def ahead(world: World) -> tuple[Ahead, ...]:
    """Return what comes by itself, the soonest first."""
    found = [*_rolls(world), *_volumes(world), *_operator(world)]
    return tuple(sorted(found, key=lambda each: (each.at is None, each.at or world.at)))


def _rolls(world: World) -> list[Ahead]:
    managed = [c for c in world.certificates.known or () if not c.unmanaged]
    if not managed:
        return []
    soonest = min(managed, key=lambda certificate: certificate.renewed)
    same = [c.name for c in managed if c.renewed - soonest.renewed < timedelta(days=1)]
    names = ", ".join(same[:2]) + (f" and {len(same) - 2} more" if len(same) > 2 else "")
    what = f"next unplanned roll of every node: renewal of {names}"
    days = (soonest.renewed - world.at).days
    mend = f"prompt-kafka restart -e {world.target.environment}" if days <= 14 else ""
    return [Ahead(soonest.renewed, what, mend, urgent=days <= 14)]


def _volumes(world: World) -> list[Ahead]:
    known = [v for v in world.volumes.known or () if v.days_left is not None]
    if not known:
        return []
    first = min(known, key=lambda v: v.days_left or 0.0)
    days = first.days_left or 0.0
    if days > VOLUME_DAYS:
        return []
    what = (
        f"the volume of broker {first.broker} is full, at the present growth and before retention frees any"
    )
    mend = f"prompt-kafka topic list -e {world.target.environment}"
    return [Ahead(world.at + timedelta(days=days), what, mend, urgent=True)]


def _operator(world: World) -> list[Ahead]:
    from prompt_kafka.core.diagnosis.operators import next_version, rejects

    branch, nodes = world.tip.known, world.nodes.known
    if branch is None or nodes is None or not branch.operator:
        return []
    running = nodes.kafka.version or nodes.kafka.wanted_version
    now = nodes.operator.version if nodes.operator else ""
    if branch.operator == now or not running or not rejects(branch.operator, running):
        return []
    version = next_version(running, branch.operator)
    what = (
        f"Git asks for operator {branch.operator}, which does not run Kafka {running}: the sync of "
        f"{world.environment.operator_application} would stop every change to this cluster"
    )
    return [
        Ahead(None, what, f"prompt-kafka upgrade kafka {version} -e {world.target.environment}", urgent=True)
    ]
