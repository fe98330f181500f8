"""Runs that this console carries out, in the background, by the same acting path as the command line."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from prompt_kafka.acting import Acting
from prompt_kafka.adapters.runs import new_id
from prompt_kafka.console.audit import Audit
from prompt_kafka.console.going import Going
from prompt_kafka.console.live import Channel
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Request, Terms
from prompt_kafka.core.run import RunRecord
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions, acting_for

KEPT = 50
ENDS_S = 20.0
"""So long a console that ends waits until its runs have stopped where they can be taken up."""


@dataclass(slots=True)
class Run:
    """A run of this console.

    Attributes
    ----------
    record
        How it ended; None while it goes on, or when it did not.
    error
        Why it stopped; None when it did not.
    """

    id: str
    person: str
    seen: Going
    channel: Channel
    record: RunRecord | None = None
    error: PromptKafkaError | None = None
    over: bool = False
    acting: Acting | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class Running:
    """Starts runs, and knows them while the console lives.

    Parameters
    ----------
    target
        The service that is changed.
    """

    def __init__(self, target: TargetOptions, audit: Audit) -> None:
        self._target, self._audit = target, audit
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def find(self, run_id: str) -> Run | None:
        """Return a run of this console."""
        with self._lock:
            return self._runs.get(run_id)

    def start(self, person: str, plan: Plan, request: Request, terms: Terms) -> str:
        """Carry a plan out as a new run; return its id at once."""
        run_id = new_id(plan.procedure, SYSTEM.now())

        def act(acting: Acting, seen: Going) -> RunRecord:
            return acting.run(plan, seen, request, terms, run_id=run_id)

        self._begin(run_id, person, plan, act)
        return run_id

    def resume(
        self, person: str, record: RunRecord, *, take_over: str, announced: str, override: str
    ) -> None:
        """Take a run up that stopped."""

        def act(acting: Acting, seen: Going) -> RunRecord:
            return acting.resume(
                record.id, seen, take_over=take_over, announced=announced, override_hours=override
            )

        self._begin(record.id, person, record.plan, act)

    def stop(self) -> None:
        """Let every run stop at its next wait: it is kept, and can be taken up."""
        with self._lock:
            going = [run for run in self._runs.values() if not run.over]
        for run in going:
            if run.acting is not None:
                run.acting.interrupts.ask("the console's end")
        for run in going:
            run.channel.close()
            if run.thread is not None:
                run.thread.join(ENDS_S)

    def _begin(self, run_id: str, person: str, plan: Plan, act: Callable[[Acting, Going], RunRecord]) -> None:
        channel = Channel()
        run = Run(run_id, person, Going(plan, channel.publish), channel)
        run.thread = threading.Thread(target=partial(self._carry_out, run, act), name=f"run {run_id}")
        with self._lock:
            for old in [key for key, each in self._runs.items() if each.over][
                : max(0, len(self._runs) - KEPT)
            ]:
                del self._runs[old]
            self._runs[run_id] = run
        run.thread.start()

    def _carry_out(self, run: Run, act: Callable[[Acting, Going], RunRecord]) -> None:
        self._audit.note("runs", run.person, f"run {run.id}: {run.seen.plan.summary}")
        try:
            with acting_for(run.person), session(self._target, changes=True) as service:
                run.acting = service.acting
                run.record = act(run.acting, run.seen)
        except PromptKafkaError as error:
            run.error = error
        except Exception as error:  # its record says how far it is; the page says that it is our mistake
            traceback.print_exc(file=sys.stderr)
            run.error = PromptKafkaError(f"the console failed: {type(error).__name__}")
        finally:
            run.over = True
            said = run.error.what if run.error else "done"
            self._audit.note("ran", run.person, f"run {run.id}: {said}")
            run.channel.publish()
