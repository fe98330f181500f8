"""Announces, extends and ends a maintenance: its record, the thread, and the reminder before its end.

Part of the composition root. A maintenance holds no Lease: it is extended while a run acts. Two people who
change it at once are told apart by the record's resource version.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from prompt_kafka.adapters.maintenance import MaintenanceStore
from prompt_kafka.announcing import PATIENCE_S, Announcing
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core import maintenance as texts
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, StoppedError
from prompt_kafka.core.maintenance import Maintenance
from prompt_kafka.core.notices import DoubtfulPostError, NotPostedError, Thread
from prompt_kafka.core.service import Environment
from prompt_kafka.targets import kubeconfig_of, owner

Say = Callable[[str], None]
JUST = timedelta(seconds=90)
"""A notice whose sending began so lately may still be on its way."""


class Maintaining:
    """The maintenance of one environment.

    Parameters
    ----------
    environment
        Which.
    zone
        IANA name of the site's time zone, in which times are shown beside UTC.
    patience_s
        So long Slack is tried to be reached.
    """

    def __init__(
        self,
        environment: Environment,
        zone: str,
        say: Say,
        kubernetes: Kubernetes,
        clock: Clock = SYSTEM,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._environment = environment
        self._zone = zone
        self._say = say
        self._clock = clock
        self._patience_s = patience_s
        self._store = MaintenanceStore(kubernetes, environment.namespace)
        self._announcing = Announcing(environment, clock=clock)
        self._problem: PromptKafkaError | None = None

    def drafted(self, what: str, length: timedelta, override: str, link: str = "") -> Maintenance:
        """Return the maintenance that would be announced now."""
        now = self._clock.now()
        channel = self._environment.channel
        draft = Maintenance(
            f"maintenance-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            self._environment.name,
            what,
            owner(),
            now,
            now + length,
            Thread.below(channel, link) if link else Thread(channel),
            now,
            override,
        )
        text = texts.announced(draft, self._zone)
        return replace(draft, thread=draft.thread.queue("announced", text))

    def open(self) -> Maintenance | None:
        """Return the maintenance that nobody has ended; None when there is none."""
        found = self._store.load()
        return found if found is not None and found.ended is None else None

    def announce(self, draft: Maintenance, *, only: bool = False) -> Maintenance:
        """Announce a maintenance; `only` tells it, and leaves nothing open.

        Raises
        ------
        RefusedError
            One is open already (``maintenance-open``).
        StoppedError
            The channel could not be told; nothing is open then, unless that is in doubt.
        """
        found = self.open()
        if found is not None and (found.thread.announced or not found.thread.waiting):
            self._remind(found)  # whoever announced it may have been killed before that
            raise RefusedError(
                "maintenance-open",
                f"a maintenance is open already, until {texts.said(found.until, self._zone)}: {found.what}",
                where=found.thread.link or f"channel {found.thread.channel}",
                next=f"prompt-kafka maintenance extend or end -e {self._environment.name}",
            )
        if found is not None:  # somebody's, or ours: killed before it was told; the same mark is looked for
            self._refuse_in_flight(found)
            thread = found.thread
            if draft.thread.link:
                thread = thread.by_hand(draft.thread.link)
            draft = replace(draft, id=found.id, thread=thread)
        elif draft.thread.link:
            draft = replace(draft, thread=draft.thread.by_hand(draft.thread.link))
        self._store.save(draft)
        told = self._tell(draft)
        if self._announcing.has_token and not told.thread.announced:
            self._stop(told)
        if only:
            return self._kept(replace(told, ended=self._now, updated=self._now))
        return self._remind(told)

    def extend(self, found: Maintenance, length: timedelta, override: str) -> Maintenance:
        """Extend a maintenance from its end, or from now where that is over."""
        self._refuse_in_flight(found)
        until = self.later(found, length)
        return self._remind(
            self._tell(self._kept(found.extended(until, owner(), self._now, self._zone, override)))
        )

    def later(self, found: Maintenance, length: timedelta) -> datetime:
        """Return the end that an extension gives."""
        return max(found.until, self._now) + length

    def end(self, found: Maintenance) -> Maintenance:
        """End a maintenance."""
        self._refuse_in_flight(found)
        closed = self._kept(found.closed(owner(), self._now))
        self._forget(closed)
        return self._tell(closed)

    @property
    def _now(self) -> datetime:
        return self._clock.now()

    def _kept(self, maintenance: Maintenance) -> Maintenance:
        self._store.save(maintenance)
        return maintenance

    def _tell(self, maintenance: Maintenance) -> Maintenance:
        """Send what waits; without a token or a thread print it to be pasted."""
        announcer = self._announcing.announcer(maintenance.id, maintenance.began, self._patience_s)
        thread = maintenance.thread
        if announcer is None or thread.paste_only:
            for notice in thread.waiting:
                self._say(f"to paste on {thread.channel or 'the channel'}:\n{notice.text}")
            return self._kept(replace(maintenance, thread=thread.pasted(), updated=self._now))
        latest = maintenance

        def keep(changed: Thread) -> None:
            nonlocal latest
            latest = self._kept(replace(maintenance, thread=changed, updated=self._now))

        announcer.send(thread, keep)
        self._problem = announcer.problem
        if latest.thread.waiting and latest.thread.announced and announcer.problem is not None:
            self._say(f"not told yet, the next change on this cluster tells it: {announcer.problem.what}")
        return latest

    def _stop(self, maintenance: Maintenance) -> None:
        problem = self._problem
        because = problem.what if problem is not None else "Slack takes too long"
        text = maintenance.thread.notices[0].text
        doubt = bool(maintenance.thread.intended)
        if not doubt:
            self._kept(replace(maintenance, ended=self._now, thread=maintenance.thread.without_waiting()))
        said = "nobody knows whether it is announced" if doubt else "it could not be announced"
        raise StoppedError(
            f"{said} on {maintenance.thread.channel}: {because}",
            where=problem.where if problem is not None else None,
            next="try again, it is never posted twice; or paste the text and give its link with --announced "
            f"LINK\n\n{text}",
        )

    def _remind(self, maintenance: Maintenance) -> Maintenance:
        """Schedule the reminder before the end, once, in place of the one before; else say when to look."""
        at = maintenance.remind_at(self._now)
        if at is None:
            self._forget(maintenance)
            return maintenance
        thread, slack = maintenance.thread, self._announcing.slack(self._patience_s)
        if slack is not None and thread.root and thread.channel_id:
            text = texts.reminder(maintenance, self._zone)
            try:
                slack.remind(thread.channel_id, text, thread.root, at)
                self._forget(maintenance, besides=text)
                self._say(f"Slack reminds in the thread at {texts.said(at, self._zone)}")
                return maintenance
            except (NotPostedError, DoubtfulPostError) as error:
                self._forget(maintenance)
                self._say(f"no reminder could be scheduled: {error.what}")
        self._say(f"remind yourself at {texts.said(at, self._zone)}: extend or end it")
        return maintenance

    def _forget(self, maintenance: Maintenance, besides: str = "") -> None:
        """Take back the reminders that are scheduled, also one that a killed process could not write down."""
        slack, channel = self._announcing.slack(self._patience_s), maintenance.thread.channel_id
        if slack is not None and channel:
            with suppress(PromptKafkaError):
                slack.forget(channel, texts.reminder_begin(maintenance.environment), besides=besides)

    def _refuse_in_flight(self, found: Maintenance) -> None:
        """Refuse while somebody's notice may still be on its way (``maintenance-changed``)."""
        if found.thread.intended and self._now - found.updated < JUST:
            raise RefusedError(
                "maintenance-changed",
                "a notice of this maintenance may be on its way just now",
                next=f"try again in {JUST.total_seconds():.0f} s",
            )


def covering(kubernetes: Kubernetes, environment: Environment, now: datetime) -> Thread | None:
    """Return the thread of a maintenance that is announced for this time; None also when nobody can tell."""
    try:
        found = MaintenanceStore(kubernetes, environment.namespace).load()
    except PromptKafkaError:
        return None
    return found.thread if found is not None and found.covers(now) and found.thread.announced else None


def announcing_of(kubernetes: Kubernetes, environment: Environment) -> Announcing:
    """Return how an environment's changes are announced: below a maintenance that is announced for now."""
    return Announcing(environment, below=lambda: covering(kubernetes, environment, SYSTEM.now()))


@contextmanager
def maintaining(environment: Environment, zone: str, say: Say) -> Iterator[Maintaining]:
    """Give the maintenance of an environment, over a connection that may write."""
    with Kubernetes.connect(kubeconfig_of(environment), environment.context) as writer:
        yield Maintaining(environment, zone, say, writer)
