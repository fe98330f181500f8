"""Carries plans out on an environment: where the engine meets the adapters that write.

Part of the composition root, apart from :mod:`prompt_kafka.factory` so that a look loads none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from functools import partial

from prompt_kafka.adapters.journal import NAME, Entry, Journal
from prompt_kafka.adapters.keeper import Keeper, upload
from prompt_kafka.adapters.observe import Observer
from prompt_kafka.adapters.pulse import Pulse
from prompt_kafka.adapters.runs import RunStore, new_id
from prompt_kafka.announcing import Say, send_waiting, told
from prompt_kafka.clients.files import state_home
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.actions import Observe
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.conditions import Finished
from prompt_kafka.core.errors import ExitCode, PromptKafkaError, RefusedError
from prompt_kafka.core.hours_guard import overridden
from prompt_kafka.core.in_flight import resume_line
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import USUAL_TERMS, Request, Terms
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import Part
from prompt_kafka.engine.interrupts import Interrupts
from prompt_kafka.engine.listeners import Listener, Noting
from prompt_kafka.engine.undoing import take_back
from prompt_kafka.maintaining import announcing_of
from prompt_kafka.targets import owner
from prompt_kafka.wiring import Wiring


class Acting:
    """The means to change one environment.

    Parameters
    ----------
    environment
        Which.
    kubernetes
        A connection that reads; the one that writes is opened when a plan runs.
    """

    def __init__(self, environment: Environment, kubernetes: Kubernetes) -> None:
        self._environment = environment
        self._wiring = Wiring(environment, kubernetes)
        self.announcing = announcing_of(kubernetes, environment)
        self.interrupts = Interrupts()

    def run(
        self,
        plan: Plan,
        listener: Listener,
        request: Request | None = None,
        terms: Terms | None = None,
        continues: str = "",
        run_id: str = "",
    ) -> RunRecord:
        """Carry a plan out as a new run; the request is kept with it, and whose rest it is.

        Parameters
        ----------
        run_id
            From :func:`prompt_kafka.adapters.runs.new_id`, for whoever must know it before; else made here.

        Raises
        ------
        RefusedError
            Another run is acting on this cluster, or nobody has announced what clients may notice
            (``not-announced``).
        StoppedError, TimedOutError
            It did not come to its end; the record says how far it is.
        """
        now = SYSTEM.now()
        run_id = run_id or new_id(plan.procedure, now)
        self.announcing.refuse_untold(plan, terms or USUAL_TERMS)
        record = RunRecord.begin(run_id, plan.marked(run_id), owner(), now, request, terms, continues)
        record = replace(record, thread=self.announcing.thread(record.terms))
        return self._act(record, listener, new=True)

    def resume(
        self,
        run_id: str,
        listener: Listener,
        *,
        take_over: str = "",
        override_hours: str = "",
        announced: str = "",
        not_announced: bool = False,
    ) -> RunRecord:
        """Take up a run that stopped or died, here or on another machine.

        Parameters
        ----------
        take_over
            Why it is taken from its owner, although the Lease is held; kept in the journal.
        override_hours
            Why it may go on in production hours; kept in the record.
        announced
            Link of the announcement: a person posted it, or found it there.
        not_announced
            A person has looked: what may have been posted is not there.

        Raises
        ------
        UsageError
            There is no such run.
        RefusedError
            It is at its end, whoever carries it out is alive, or nobody has announced it (``not-announced``).
        """

        def changed(record: RunRecord) -> RunRecord:
            record = replace(record, owner=owner(), state=RunState.RUNNING, because="")
            record = overridden(record, override_hours) if override_hours else record
            return told(record, announced, not_announced)

        with self._wiring.writer() as writer, Journal() as journal:
            store = RunStore(writer, self._environment.namespace)
            upload(store, journal, run_id)
            record = changed(_open_run(store, run_id))
        if record.thread is not None and not record.thread.announced:
            self.announcing.refuse_untold(record.plan, record.terms)
        return self._act(record, listener, take_over=take_over, changed=changed)

    def upload(self) -> list[str]:
        """Upload what a recovery could keep on this machine only; return the ids of its runs."""
        if not (state_home() / NAME).exists():
            return []
        with Journal() as journal:
            if not journal.waiting():
                return []
            with self._wiring.writer() as writer:
                return upload(RunStore(writer, self._environment.namespace), journal)

    def journal(self, run_id: str) -> list[Entry]:
        """Return what this machine's journal has of a run."""
        if not (state_home() / NAME).exists():
            return []
        with Journal() as journal:
            return journal.entries(run_id)

    def _act(
        self,
        record: RunRecord,
        listener: Listener,
        *,
        new: bool = False,
        take_over: str = "",
        changed: Callable[[RunRecord], RunRecord] | None = None,
    ) -> RunRecord:
        """Carry a record out under the Lease; however it ends, record and Lease are left in order."""
        with self.interrupts as interrupts, ExitStack() as stack:
            journal = stack.enter_context(Journal())
            writer = stack.enter_context(self._wiring.writer())
            lease = stack.enter_context(
                self._wiring.lease(writer, record.plan, record.id, take_over=bool(take_over))
            )
            store = RunStore(writer, self._environment.namespace)
            if new:
                journal.keep(record)
                store.create(record)
                journal.uploaded(record)
            else:
                record = _open_run(store, record.id)
                record = changed(record) if changed is not None else record
            keeper = Keeper(store, journal, lease.lost.is_set)
            noting = Noting(listener, partial(journal.note, record.id))
            if take_over:
                journal.note(record.id, 0, "taken over", take_over)
            try:
                keeper.keep(record)
                if _sings(record.plan) and Part.CANARY in listener.also:
                    beside = stack.enter_context(Observer(writer, self._environment, reads_only=False))
                    stack.enter_context(Pulse(beside.observe, listener.beat))
                teller = self.announcing.teller(record, noting.noticed, interrupts.allowed)
                runner = stack.enter_context(
                    self._wiring.runner(writer, keeper.keep, noting, interrupts, teller)
                )
                return self.announcing.beside(record, writer, runner.run, noting.noticed)
            except PromptKafkaError as error:
                if not (isinstance(error, RefusedError) and error.rule == "run-taken-over"):
                    error.resume = resume_line(record)
                    if error.exit_code in (ExitCode.FAILED, ExitCode.USAGE):  # of what was asked on the way
                        error.exit_code = ExitCode.STOPPED
                noting.failed(str(error))
                raise

    def send_waiting(self, cluster: str, say: Say) -> int:
        """Send the notices that wait on this cluster, unless a run is acting there; return how many.

        One who may not write here sends none.
        """
        if not self.announcing.has_token:
            return 0
        with suppress(PromptKafkaError), self._wiring.writer() as writer:
            return send_waiting(self.announcing, writer, cluster, say)
        return 0

    def abort(self, run_id: str, say: Say, *, take_over: bool = False) -> RunRecord:
        """End a run that is not at its end: undo what can be undone, the last step first; say what stays.

        Raises
        ------
        UsageError
            There is no such run.
        RefusedError
            It is at its end, or whoever carries it out is alive (the step in flight is waited for by them).
        """
        with Interrupts(), self._wiring.writer() as writer:
            store = RunStore(writer, self._environment.namespace)
            record = _open_run(store, run_id)
            with (
                self._wiring.lease(writer, record.plan, run_id, take_over=take_over),
                self._wiring.performer(writer) as perform,
            ):
                undone, stays = take_back(record, perform, say)
                record = record.ended(RunState.ABORTED, SYSTEM.now(), f"aborted by {owner()}")
                return self.announcing.aborted(record, undone, stays, store.save, say)

    def prove(self, step: Step, listener: Listener) -> RunRecord:
        """Wait for a step's proof without doing or keeping anything."""
        plan = Plan(
            "prove",
            Target(self._environment.name, False, "", "", ""),
            step.title,
            (replace(step, action=Observe()),),
        )
        record = RunRecord.begin("prove", plan, owner(), SYSTEM.now())
        with (
            Interrupts() as interrupts,
            self._wiring.writer() as writer,
            self._wiring.runner(writer, lambda _: None, listener, interrupts) as runner,
        ):
            return runner.run(record)

    def kafka(self) -> AbstractContextManager[KafkaConnection]:
        """Give a connection to the brokers that may write."""
        return self._wiring.kafka()


def _sings(plan: Plan) -> bool:
    """Return whether the canary is part of what a plan proves."""
    return any(isinstance(each, Finished) and each.canary for step in plan.steps for each in step.proof)


def _open_run(store: RunStore, run_id: str) -> RunRecord:
    """Return a run that can be resumed or aborted; refuse one that is at its end (``run-at-its-end``)."""
    record = store.load(run_id)
    if not record.open:
        raise RefusedError("run-at-its-end", f"run {run_id} is {record.state}", next="plan again")
    return record
