"""Tells a channel how a run goes: before the first step, after each that clients notice, at the end.

A planned run whose readers could not be told stops before anything that they would notice. A recovery never
waits: its notices are queued, and sent beside it, at its end, or with anybody's next run.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from prompt_kafka.core import announcement
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.notices import NoticeState, Thread
from prompt_kafka.core.run import RunRecord, RunState, StepState
from prompt_kafka.engine.announcer import BOUND_S, Announcer
from prompt_kafka.engine.notifier import Keep

FIRST = "started"
LAST_S = 10.0
"""So long a recovery that is done waits for its notices."""


class Teller:
    """Tells about one run.

    Parameters
    ----------
    announcer
        Posts; None without a token: the texts are then printed to be pasted.
    owner
        Who carries the run out.
    allowed
        Around waits that a person may interrupt.
    say
        Shows a person what became of a notice.
    """

    def __init__(
        self,
        announcer: Announcer | None,
        owner: str,
        say: Callable[[str], None],
        clock: Clock,
        allowed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._announcer = announcer
        self._owner = owner
        self._say = say
        self._clock = clock
        self._allowed = allowed

    def started(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell that a run begins, or that it goes on.

        Raises
        ------
        StoppedError
            Nobody could be told, and the run is planned and would be noticed.
        """
        thread = record.thread
        if thread is None:
            return record
        first = thread.find(FIRST)
        if first is not None and (thread.announced or first.state is NoticeState.PASTE):
            return self._go_on(record, thread, keep)
        text = announcement.started(record.plan, record.terms, self._owner, record.started, record.id)
        record = self._tell(record, FIRST, text, keep)
        thread = record.thread
        assert thread is not None
        if self._announcer is None or thread.announced or record.plan.recovery:
            return record
        if not announcement.needs_announcement(record.plan):
            return record
        self._stop(record, thread, text, keep)
        raise AssertionError("unreachable")

    def _go_on(self, record: RunRecord, thread: Thread, keep: Keep) -> RunRecord:
        """Tell that a run goes on, and what the process that died had not written down to be told."""
        for index, (step, done) in enumerate(zip(record.plan.steps, record.steps, strict=True)):
            if step.disruptive and done.state is StepState.PROVED:
                text = announcement.stepped(index + 1, len(record.steps), step, done)
                thread = thread.queue(f"step-{index + 1}", text)
        stops = sum(notice.key.startswith("stopped-") for notice in thread.notices)
        if stops:
            thread = thread.queue(f"resumed-{stops}", announcement.resumed(self._owner, record.terms))
        return self._send(self._kept(record, thread, keep), keep)

    def stepped(self, record: RunRecord, index: int, seconds: float, keep: Keep) -> RunRecord:
        """Tell that a step is proved, where clients may have noticed it."""
        step = record.plan.steps[index]
        if record.thread is None or not step.disruptive:
            return record if record.thread is None or not record.plan.recovery else self._send(record, keep)
        text = announcement.stepped(index + 1, len(record.steps), step, record.steps[index], seconds)
        return self._tell(record, f"step-{index + 1}", text, keep)

    def ending(self, record: RunRecord) -> RunRecord:
        """Return the record with the notice of its end; what never began is told to nobody."""
        thread = record.thread
        if thread is None:
            return record
        if record.state is RunState.STOPPED and self._untold(record, thread):
            return replace(record, thread=thread.without_queued())
        key = "finished"
        if record.state is RunState.STOPPED:
            key = f"stopped-{1 + sum(notice.key.startswith('stopped-') for notice in thread.notices)}"
        return replace(record, thread=thread.queue(key, announcement.ended(record)))

    def ended(self, record: RunRecord, keep: Keep) -> RunRecord:
        """Tell how a run ended, and say what waits now that nothing else comes."""
        thread = record.thread
        if thread is None or (record.state is RunState.STOPPED and self._untold(record, thread)):
            return record
        record = self._send(record, keep, last=True)
        waiting = record.thread.waiting if record.thread is not None else ()
        if waiting:
            problem = self._announcer.problem if self._announcer is not None else None
            because = f": {problem.what}" if problem is not None else ""
            count = "1 notice waits" if len(waiting) == 1 else f"{len(waiting)} notices wait"
            self._say(f"{count} for Slack{because}; the next change on this cluster sends them, each once")
        return record

    @staticmethod
    def _untold(record: RunRecord, thread: Thread) -> bool:
        """Return whether a run stopped before it began and before anybody heard of it."""
        first = thread.find(FIRST)
        told = thread.announced or (first is not None and first.state is NoticeState.PASTE)
        return not told and all(step.state is StepState.PENDING for step in record.steps)

    def _tell(self, record: RunRecord, key: str, text: str, keep: Keep) -> RunRecord:
        thread = record.thread
        assert thread is not None
        record = self._kept(record, thread.queue(key, text), keep)
        return self._send(record, keep)

    def _send(self, record: RunRecord, keep: Keep, *, last: bool = False) -> RunRecord:
        thread = record.thread
        assert thread is not None
        if not thread.waiting:
            return record
        if thread.paste_only or (self._announcer is None and not thread.by_bot):
            return self._leave_to_a_person(record, thread, keep)
        if self._announcer is None:
            return record
        before = thread.waiting

        def keep_thread(changed: Thread) -> None:
            self._kept(record, changed, keep)

        wait_s = BOUND_S
        if last and (record.plan.recovery or record.state is RunState.STOPPED):
            wait_s = LAST_S
        elif record.plan.recovery or (self._announcer.problem is not None and not last):
            wait_s = 0.0
        allowed = nullcontext if last else self._allowed
        thread = self._announcer.send(thread, keep_thread, wait_s=wait_s, allowed=allowed)
        for notice in before:
            if notice not in thread.waiting and notice.key == FIRST:
                self._say(f"announced on {thread.channel}{f': {thread.link}' if thread.link else ''}")
        if self._announcer.problem is not None and not last and wait_s:
            self._say(f"not announced yet: {self._announcer.problem.what}")
        return replace(record, thread=thread)

    def _leave_to_a_person(self, record: RunRecord, thread: Thread, keep: Keep) -> RunRecord:
        for notice in thread.waiting:
            if notice.key != FIRST:  # the plan showed that one
                self._say(f"to paste on {thread.channel}:\n{notice.text}")
        return self._kept(record, thread.pasted(), keep)

    def _kept(self, record: RunRecord, thread: Thread, keep: Keep) -> RunRecord:
        record = replace(record, thread=thread, updated=self._clock.now())
        keep(record)
        return record

    def _stop(self, record: RunRecord, thread: Thread, text: str, keep: Keep) -> None:
        """Stop before anything is noticed; what was certainly not posted is forgotten: nothing began."""
        problem = self._announcer.problem if self._announcer is not None else None
        doubt = bool(thread.intended)
        if not doubt:
            self._kept(record, thread.without_queued(), keep)
        resume = f"prompt-kafka run resume {record.id} -e {record.plan.target.environment}"
        because = problem.what if problem is not None else "Slack takes too long"
        hint = f"{problem.next}; " if problem is not None and problem.next else ""
        if doubt:
            said = f"nobody knows whether the announcement is on {thread.channel}: {because}"
            missing = f"{resume} --not-announced"
            way = f"{hint}if it is there: {resume} --announced LINK; if it is not: {missing}"
        else:
            said = f"the announcement could not be posted on {thread.channel}: {because}"
            way = f"{hint}then: {resume}; or paste the text and give its link: {resume} --announced LINK"
        raise StoppedError(
            f"{said}; nothing was done",
            where=(problem.where if problem is not None else None) or f"channel {thread.channel}",
            next=f"{way}\n\n{text}",
        )
