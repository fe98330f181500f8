"""What wears out by itself and has gone too far: volumes nearly full, certificates near their end."""

from __future__ import annotations

from datetime import timedelta

from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.diagnosis.evidence import Evidence, Found

NEARLY_FULL = 0.1
"""A volume with less free than this is nearly full."""
OVERDUE = timedelta(days=2)
"""So long after its time a renewal is overdue; a maintenance window may have held it back."""


def volumes(evidence: Evidence, found: Found) -> None:
    """Find volumes that are nearly full."""
    for volume in evidence.world.volumes.known or ():
        if volume.free is None or volume.free >= NEARLY_FULL:
            continue
        pod = evidence.nodes.node(volume.broker)
        name = pod.name if pod else f"broker {volume.broker}"
        days = volume.days_left
        when = f", full in {days:.0f} days at the present rate" if days is not None else ""
        free = f"{volume.free * 100:.0f} % free"
        what = f"the volume of {name} is nearly full: {free}{when}; find the biggest topics"
        found.add(Cause(Kind.VOLUME_FULL, (name,), what, evidence.command("topic list")))


def certificates(evidence: Evidence, found: Found) -> None:
    """Find certificates that were not renewed in time, or that nobody renews."""
    kafka = evidence.nodes.kafka
    for each in evidence.world.certificates.known or ():
        late = evidence.now - each.renewed
        if late < (timedelta(0) if each.unmanaged else OVERDUE):
            continue
        over = each.ends <= evidence.now
        when = f"{'ended' if over else 'ends'} on {each.ends:%Y-%m-%d}"
        why = (
            "it is your own: replace it" if each.unmanaged else f"its renewal is overdue by {late.days} days"
        )
        what = f"the certificate {each.name} {when}, and {why}"
        mend = evidence.kubectl(f"describe kafka {kafka.name}")
        found.add(Cause(Kind.CERTIFICATE_ENDS, (each.name,), what, mend))
