"""An announced maintenance: from when until when, what, by whom, and the one thread in which it is told.

It belongs to the cluster, so anyone can extend or end it. Its window may not touch production hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.hours import Hours
from prompt_kafka.core.notices import Thread
from prompt_kafka.core.world import Seen

SCHEMA = 1
REMINDER = timedelta(minutes=15)
"""So long before its end a maintenance reminds, or a quarter of it where it is short."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A maintenance.

    Attributes
    ----------
    began, until
        UTC; `until` moves when it is extended.
    override_hours
        Why it may touch production hours.
    ended
        When somebody ended it; None while it is open.
    updated
        When somebody last changed it.
    """

    id: str
    environment: str
    what: str
    who: str
    began: datetime
    until: datetime
    thread: Thread
    updated: datetime
    override_hours: str = ""
    ended: datetime | None = None
    schema: int = SCHEMA

    def covers(self, at: datetime) -> bool:
        """Return whether it is open, and announced for this time."""
        return self.ended is None and at < self.until

    def remind_at(self, now: datetime) -> datetime | None:
        """Return when to remind; None when that is over, or too near to be scheduled."""
        at = self.until - min(REMINDER, (self.until - self.began) / 4)
        return at if at > now + timedelta(seconds=30) else None

    def extended(
        self, until: datetime, who: str, now: datetime, zone: str, override: str = ""
    ) -> Maintenance:
        """Return it with a later end, which is to be told."""
        late = " (after its announced end)" if now >= self.until else ""
        lines = [f"*Extended*{late} until {said(until, zone)}, by {who}"]
        if override:
            lines.append(f"In production hours, because: {override}")
        number = 1 + sum(notice.key.startswith("extended-") for notice in self.thread.notices)
        thread = self.thread.queue(f"extended-{number}", "\n".join(lines))
        return replace(
            self, until=until, thread=thread, updated=now, override_hours=override or self.override_hours
        )

    def closed(self, who: str, now: datetime) -> Maintenance:
        """Return it ended, which is to be told."""
        took = span(now - self.began)
        text = f"*Ended* after {took}, by {who}: {self.what}"
        return replace(self, ended=now, updated=now, thread=self.thread.queue("ended", text))


def announced(maintenance: Maintenance, zone: str) -> str:
    """Return the first notice."""
    lines = [
        f"*Kafka {maintenance.environment}: maintenance*",
        f"What: {maintenance.what}",
        f"When: {said(maintenance.began, zone)} until {said(maintenance.until, zone)} "
        f"({span(maintenance.until - maintenance.began)})",
        "Expect: clients may reconnect and see delays",
    ]
    if maintenance.override_hours:
        lines.append(f"In production hours, because: {maintenance.override_hours}")
    return "\n".join([*lines, f"Who: {maintenance.who}"])


def reminder_begin(environment: str) -> str:
    """Return how every reminder of an environment begins: they are recognised by it."""
    return f"Kafka {environment}: this maintenance is announced until"


def reminder(maintenance: Maintenance, zone: str) -> str:
    """Return the text that reminds of the end; with the maintenance and its end in it, it is its own mark."""
    command = "`prompt-kafka maintenance"
    return (
        f"{reminder_begin(maintenance.environment)} {said(maintenance.until, zone)}. When it is over: "
        f"{command} end -e {maintenance.environment}`; when it is not: {command} extend --for 1h "
        f"-e {maintenance.environment}`. ({maintenance.id})"
    )


def refuse_touching_hours(
    hours: Seen[Hours], environment: str, now: datetime, until: datetime, override: str
) -> None:
    """Refuse a window that touches production hours, or may (``touches-production-hours``)."""
    if override:
        return
    rule = "touches-production-hours"
    take = 'take it upon you: --override-hours "why"'
    if hours.known is None:
        raise RefusedError(
            rule, f"cannot tell whether {environment} is in production then: {hours.because}", next=take
        )
    touched = hours.known.touches(now, until - now)
    if touched is None:
        return
    zone = hours.known.zone
    closes = hours.known.changes_at(now) if hours.known.production_at(now) is None else None
    window = hours.known.next_window(now, until - now)
    ways = [f"it has to end before {said(closes, zone)}"] if closes is not None else []
    ways += [f"the next window with so much room begins {said(window.begin, zone)}"] if window else []
    raise RefusedError(
        rule,
        f"until {said(until, zone)} it touches production hours",
        where=f"hours of {environment}: {hours.known.rule}",
        next="; or ".join([*ways, take]),
    )


def said(at: datetime, zone: str) -> str:
    """Return a time in UTC and at the site."""
    text = f"{at:%Y-%m-%d %H:%M} UTC"
    if zone in ("", "UTC"):
        return text
    there = at.astimezone(ZoneInfo(zone))
    return f"{text} ({there:%H:%M} {zone.rpartition('/')[2].replace('_', ' ')})"


def span(length: timedelta) -> str:
    """Return a length of time in hours and minutes."""
    minutes = round(length.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
