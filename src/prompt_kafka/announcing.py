"""Where an environment's changes are announced, and who posts: the engine's announcer meets Slack here.

Part of the composition root. Slack's SDK is imported when something is to be posted, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from prompt_kafka.adapters.lease import RunLease
from prompt_kafka.adapters.slack_token import token_of
from prompt_kafka.adapters.waiting import waiting
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core import announcement
from prompt_kafka.core.announcement import Preview
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, RefusedError
from prompt_kafka.core.notices import Thread
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment
from prompt_kafka.engine.announcer import Announcer
from prompt_kafka.engine.notifier import Keep
from prompt_kafka.engine.teller import Teller
from prompt_kafka.targets import owner

if TYPE_CHECKING:
    from datetime import datetime

    from prompt_kafka.adapters.slack import Slack

PATIENCE_S = 20.0
"""So long a planned run tries to reach Slack before it stops."""

RECOVERY_PATIENCE_S = 3.0
SEND_WAITING_S = 10.0
"""So long a run cares for what others left waiting."""

Say = Callable[[str], None]
Allowed = Callable[[], AbstractContextManager[None]]


class Announcing:
    """How an environment's changes are announced.

    Parameters
    ----------
    environment
        Which.
    below
        Finds the thread of a maintenance that is announced for now: runs reply there.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        below: Callable[[], Thread | None] = lambda: None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._environment = environment
        self.namespace = environment.namespace
        self._below = cache(below)
        self._clock = clock
        self._token, self.why_not = "", ""
        if environment.channel:
            self._token, self.why_not = token_of(environment)

    def thread(self, terms: Terms) -> Thread | None:
        """Return the thread of a run that begins; None where nobody is told."""
        channel = self._environment.channel
        if not channel:
            return None
        if terms.announced:
            return Thread.below(channel, terms.announced)
        below = self._below()
        if below is not None and below.announced:
            return replace(below, notices=())
        return Thread(channel)

    def preview(self, plan: Plan, terms: Terms) -> Preview:
        """Return what a run of a plan will tell."""
        thread = self.thread(terms)
        if thread is None or not plan.steps:
            return Preview()
        return Preview(
            thread.channel, announcement.started(plan, terms, owner()), self.why_not, replies_to=thread.link
        )

    def must_be_posted_by_hand(self, plan: Plan, terms: Terms) -> str:
        """Return why a person must announce the plan before it may run; empty where that is not so."""
        thread = self.thread(terms)
        by_hand = thread is not None and not self._token and not thread.announced
        if by_hand and plan.target.production and announcement.needs_announcement(plan):
            return self.why_not
        return ""

    def refuse_untold(self, plan: Plan, terms: Terms) -> None:
        """Refuse a planned run in production that nobody announced (``not-announced``)."""
        why = self.must_be_posted_by_hand(plan, terms)
        if why:
            raise RefusedError(
                "not-announced",
                f"clients may notice this, and nobody has announced it on {self._environment.channel}: {why}",
                where=f"environment {self._environment.name}",
                next="paste the text and give its link with --announced LINK\n\n"
                + announcement.started(plan, terms, owner()),
            )

    def teller(self, record: RunRecord, say: Say, allowed: Allowed = nullcontext) -> Teller:
        """Return who tells about a run; `allowed` is around waits that a person may interrupt."""
        patience = RECOVERY_PATIENCE_S if record.plan.recovery else PATIENCE_S
        return Teller(self.announcer(record.id, record.started, patience), owner(), say, self._clock, allowed)

    def beside(
        self, record: RunRecord, writer: Kubernetes, run: Callable[[RunRecord], RunRecord], say: Say
    ) -> RunRecord:
        """Run, and send what other runs left waiting: before a planned run, after a recovery."""
        if not record.plan.recovery:
            with suppress(PromptKafkaError):
                self.send_waiting(writer, say, besides=record.id)
            return run(record)
        record = run(record)
        with suppress(PromptKafkaError):
            self.send_waiting(writer, say, besides=record.id)
        return record

    def aborted(
        self, record: RunRecord, undone: tuple[str, ...], stays: tuple[str, ...], keep: Keep, say: Say
    ) -> RunRecord:
        """Keep a run's record as aborted, and tell it where its beginning was told."""
        thread = record.thread
        if thread is not None and thread.notices:
            told_of = thread.announced or bool(undone or stays)
            text = announcement.aborted(undone, stays, owner())
            thread = thread.queue("aborted", text) if told_of else thread.without_waiting()
            record = replace(record, thread=thread)
        keep(record)
        with suppress(PromptKafkaError):
            return self.teller(record, say).ended(record, keep)
        return record

    def send_waiting(self, writer: Kubernetes, say: Say, *, besides: str = "") -> int:
        """Send what runs and the maintenance left waiting, for a bounded time; return how many notices.

        The caller holds the cluster's Lease, so nobody else sends the same.
        """
        if not self._token:
            return 0
        end, count = self._clock.monotonic() + SEND_WAITING_S, 0
        for each in waiting(writer, self._environment.namespace, self._clock.now(), besides):
            announcer = self.announcer(each.id, each.since, RECOVERY_PATIENCE_S)
            left = end - self._clock.monotonic()
            if announcer is None or left <= 0:
                break
            try:
                sent = announcer.send(each.thread, each.keep, wait_s=left)
            except PromptKafkaError:
                continue  # somebody else has taken it up
            count += len(each.thread.waiting) - len(sent.waiting)
            if announcer.problem is not None:
                say(f"notices of {each.id} wait: {announcer.problem.what}")
                break
        if count:
            say(f"sent to {self._environment.channel}: {count} that waited")
        return count

    @property
    def has_token(self) -> bool:
        """A bot posts; else a person does."""
        return bool(self._token)

    def slack(self, patience_s: float) -> Slack | None:
        """Return the way to Slack; None without a token."""
        if not self._token:
            return None
        from prompt_kafka.adapters.slack import Slack

        return Slack(self._token, self._environment.slack_url, patience_s=patience_s, clock=self._clock)

    def announcer(self, thread_id: str, since: datetime, patience_s: float) -> Announcer | None:
        """Return who posts the notices of a thread; None without a token."""
        slack = self.slack(patience_s)
        return Announcer(slack, thread_id, since, self._clock) if slack is not None else None


def send_waiting(announcing: Announcing, writer: Kubernetes, cluster: str, say: Say) -> int:
    """Take the cluster's Lease and send what waits; 0 when somebody else is acting: they send it."""
    namespace = announcing.namespace
    if not announcing.has_token or not waiting(writer, namespace, SYSTEM.now()):
        return 0
    try:
        with RunLease(writer, namespace, cluster, run="notices", owner=owner()):
            return announcing.send_waiting(writer, say)
    except RefusedError:
        return 0


def told(record: RunRecord, announced: str, not_announced: bool) -> RunRecord:
    """Return a record with what a person says about its announcement."""
    thread = record.thread
    if thread is None or not (announced or not_announced):
        return record
    terms = replace(record.terms, announced=announced or record.terms.announced)
    return replace(record, terms=terms, thread=thread.by_hand(announced) if announced else thread.missing())
