"""Carries a plan out: look, act, wait until the proof holds. It knows plans, not Kafka.

Each step is looked at before anything is done: what is proved already is not done again, and a step whose
needs no longer hold stops the run, because the plan was made for another world. The intent is kept before the
act, so a run that was killed anywhere is taken up where it was: the proof is looked at first, then the marks
by which an act that nobody recorded is recognised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from prompt_kafka.core.actions import Action, Observe
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.conditions import Condition, Finished
from prompt_kafka.core.errors import (
    InterruptedRunError,
    PromptKafkaError,
    StoppedError,
    TimedOutError,
    UnreachableError,
)
from prompt_kafka.core.in_flight import in_flight
from prompt_kafka.core.plan import Step
from prompt_kafka.core.run import RunRecord, RunState, StepRecord, StepState
from prompt_kafka.core.verdict import Verdict, unknown
from prompt_kafka.core.world import Look, Part, World
from prompt_kafka.engine import looking
from prompt_kafka.engine.listeners import Listener
from prompt_kafka.engine.notifier import Nobody, Notifier

TRIES = 3
"""How often something is asked for that is given up each time."""

AGAIN_S = 5.0
"""Before something is asked for again the first time; longer each time, for what passes."""

DAY_S = 86400.0
"""So long a person may take for a step by hand."""

BRIEF_S = 20.0
"""So long a silent API is waited for before a step; a recovery waits as long as for its proof."""

SILENCE_S = 60.0
"""So long a silent API is waited for while a proof is waited for, unless it is a recovery: the Lease is not
renewed meanwhile."""

INTERVAL_S = 0.5
"""Between two looks at Kafka; a change in Kubernetes shortens the wait."""


class Runner:
    """Runs plans.

    Parameters
    ----------
    observe
        Returns a World with the parts asked for.
    perform
        Carries out an action.
    keep
        Keeps the record; returns only when it is safe. Called before each act and after each proof.
    listener
        Is told what happens.
    changed
        Set by others when something changed, to look again sooner.
    allowed
        Around everything during which the run may be interrupted: looking and waiting, never an act.
    notifier
        Tells people who are not at the terminal.
    """

    def __init__(
        self,
        observe: Callable[[frozenset[Look]], World],
        perform: Callable[[Action], None],
        keep: Callable[[RunRecord], None],
        listener: Listener,
        clock: Clock,
        changed: threading.Event | None = None,
        allowed: Callable[[], AbstractContextManager[None]] = nullcontext,
        notifier: Notifier | None = None,
    ) -> None:
        self._observe = observe
        self._perform = perform
        self._keep = keep
        self._listener = listener
        self._clock = clock
        self._changed = changed
        self._allowed = allowed
        self._notifier = notifier or Nobody()
        self._kept: RunRecord | None = None

    def run(self, record: RunRecord) -> RunRecord:
        """Carry out every step that is not proved yet; begin anywhere, also where another process died.

        Returns
        -------
        RunRecord
            The record of the finished run.

        Raises
        ------
        StoppedError
            The world has moved: what a step needs does not hold.
        TimedOutError
            A proof did not come in time.
        InterruptedRunError
            A person or the machine ended it.
        """
        self._kept = record
        try:
            record = self._notifier.started(record, self._save)
            for index, step in enumerate(record.plan.steps):
                if record.steps[index].state is not StepState.PROVED:
                    began = self._clock.monotonic()
                    record = self._step(record, index, step)
                    took_s = self._clock.monotonic() - began
                    record = self._notifier.stepped(record, index, took_s, self._save)
        except PromptKafkaError as error:
            self._stop(error.what)
            raise
        except (KeyboardInterrupt, BrokenPipeError):
            stopped = self._stop("interrupted")
            raise InterruptedRunError(in_flight(stopped)) from None
        return self._end(record.ended(RunState.DONE, self._clock.now(), record.plan.ends_with))

    def _step(self, record: RunRecord, index: int, step: Step) -> RunRecord:
        began = self._clock.monotonic()
        self._listener.step_began(index + 1, step)
        state = record.steps[index].state
        acts = not isinstance(step.action, Observe)
        give_up = began + (step.timeout_s if record.plan.recovery else BRIEF_S)
        while acts and state in (StepState.PENDING, StepState.INTENDED):
            world = self._see(step, give_up)
            if not looking.unmet(step.proof, world):
                resumed = state is StepState.INTENDED
                return self._proved(record, index, step, resumed, looking.evidence(step.proof, world), began)
            if state is StepState.PENDING or not looking.begun(step, world):
                looking.refuse_a_moved_world(index, step, world)
                record, state = self._mark(record, index, StepState.INTENDED), StepState.INTENDED
                if not self._asked(step, give_up):
                    continue
            record, state = self._mark(record, index, StepState.ACTED), StepState.ACTED
        self._listener.acted(step)
        evidence = self._wait(index + 1, step, began)
        return self._proved(record, index, step, acts, evidence, began)

    def _see(self, step: Step, give_up: float) -> World:
        """Look before a step; an API that does not answer is waited for until it is time to give up."""
        parts = looking.parts((*step.needs, *step.proof, *step.marks))
        while True:
            try:
                with self._allowed():
                    return self._observe(parts)
            except UnreachableError as error:
                self._wait_for_answer(step, error, give_up)

    def _asked(self, step: Step, give_up: float) -> bool:
        """Ask for what a step does; False when nobody answered: look then whether it was heard."""
        if step.by_hand:
            self._listener.handed_over(step)
            return True
        try:
            self._perform(step.action)
        except UnreachableError as error:
            self._wait_for_answer(step, error, give_up)
            return False
        return True

    def _wait_for_answer(self, step: Step, error: UnreachableError, give_up: float) -> None:
        if self._clock.monotonic() >= give_up:
            raise StoppedError(error.what, where=error.where, next="take it up when it answers") from error
        self._listener.looked(step, None, (unknown(error.what),))
        self._pause()

    def _mark(self, record: RunRecord, index: int, state: StepState) -> RunRecord:
        return self._save(record.step(index, StepRecord(state), self._clock.now()))

    def _stop(self, because: str) -> RunRecord:
        assert self._kept is not None
        return self._end(self._kept.ended(RunState.STOPPED, self._clock.now(), because))

    def _end(self, record: RunRecord) -> RunRecord:
        """Keep the end with what is to be told of it, then tell; a notice that fails changes nothing."""
        record = self._save(self._notifier.ending(record))
        with suppress(PromptKafkaError):
            return self._notifier.ended(record, self._save)
        return record

    def _save(self, record: RunRecord) -> RunRecord:
        """Keep a record; how far it is is not forgotten when the run stops afterwards."""
        self._keep(record)
        self._kept = record
        return record

    def _proved(
        self, record: RunRecord, index: int, step: Step, acted: bool, evidence: tuple[str, ...], began: float
    ) -> RunRecord:
        proved = StepRecord(StepState.PROVED, acted, evidence)
        record = self._save(record.step(index, proved, self._clock.now()))
        self._listener.step_ended(step, proved, self._clock.monotonic() - began)
        return record

    def _wait(self, number: int, step: Step, began: float) -> tuple[str, ...]:
        """Look until the proof holds without a break for as long as it asks."""
        stable_s = max((c.stable_s for c in step.proof if isinstance(c, Finished)), default=0.0)
        cheap = looking.without_canary(step.proof)
        holds_since: float | None = None
        asked_again: list[str] = []
        watched = step.given_up is not None and not step.by_hand
        patience = looking.Patience(step, self._clock)
        looks = (*cheap, step.given_up) if watched and step.given_up is not None else cheap
        timeout_s = DAY_S if step.by_hand else step.timeout_s
        heard = self._clock.monotonic()
        while True:
            world, unmet = self._look(looks, cheap)
            now = self._clock.monotonic()
            heard = self._heard(world, unmet, heard)
            if unmet:
                holds_since = None
            elif holds_since is None:
                holds_since = now
            if holds_since is not None and now - holds_since >= stable_s:
                world, unmet = self._look(step.proof, step.proof)
                if world is not None and not unmet:
                    self._listener.looked(step, world, ())
                    return (*asked_again, *looking.evidence(step.proof, world))
                holds_since = None
            self._listener.looked(step, world, unmet)
            if watched and unmet and world is not None and patience.ends(world):
                asked_again += self._ask_again(number, step, world, len(asked_again) + 1)
            if now - began > timeout_s:
                missing = unmet[0].because if unmet else f"it did not hold for {stable_s:.0f} s"
                raise TimedOutError(
                    f"no proof within {timeout_s:.0f} s: {missing}",
                    where=f"step {number}: {step.title}",
                    next="prompt-kafka status names what is wrong",
                )
            self._pause()

    def _heard(self, world: World | None, unmet: tuple[Verdict, ...], last: float) -> float:
        """Return when an answer came last; stop when that is too long ago, unless it is a recovery."""
        now = self._clock.monotonic()
        if world is not None:
            return now
        if now - last > SILENCE_S and self._kept is not None and not self._kept.plan.recovery:
            raise StoppedError(
                f"no answer for {SILENCE_S:.0f} s: {unmet[0].because}", next="take it up when it answers"
            )
        return last

    def _ask_again(self, number: int, step: Step, world: World, asked: int) -> tuple[str, ...]:
        """Ask again for what was given up, after a pause that grows; return why it was, for the record."""
        if step.given_up is None or not (given_up := step.given_up.judge(world)).holds:
            return ()
        if step.again is None:
            raise StoppedError(given_up.because, where=f"step {number}: {step.title}", next=step.lost)
        if asked >= TRIES:
            raise StoppedError(
                f"asked {TRIES} times: {given_up.because}",
                where=f"step {number}: {step.title}",
                next="the operator's log says why; prompt-kafka status names what is wrong",
            )
        self._listener.asked_again(step, given_up)
        self._clock.sleep(AGAIN_S * asked)
        self._perform(step.again)
        return (f"asked again: {given_up.because}",)

    def _look(
        self, looks: tuple[Condition, ...], conditions: tuple[Condition, ...]
    ) -> tuple[World | None, tuple[Verdict, ...]]:
        """Return what was seen and which conditions are not met; a silent API is waited for, no failure."""
        try:
            with self._allowed():
                world = self._observe(looking.parts(looks) | (self._listener.also - {Part.CANARY}))
        except UnreachableError as error:
            return None, (unknown(error.what),)
        return world, looking.unmet(conditions, world)

    def _pause(self) -> None:
        with self._allowed():
            self._clock.sleep(INTERVAL_S, self._changed)
        if self._changed is not None:
            self._changed.clear()
