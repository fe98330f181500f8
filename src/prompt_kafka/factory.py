"""The composition root: the only place where adapters meet the engine, and where the lab is reached.

Commands and pages ask here for a session on an environment; what a session is made of is nobody else's
business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from prompt_kafka.core.actions import Action, Observe
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Request, RestartRequest, TopicRequest
from prompt_kafka.core.run import RunRecord, RunState, StepState
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import Look, World
from prompt_kafka.targets import TargetOptions, environment_of, kubeconfig_of, owner

if TYPE_CHECKING:
    from datetime import datetime

    from prompt_kafka.adapters.access import Entry
    from prompt_kafka.adapters.lease import RunLease
    from prompt_kafka.adapters.runs import RunStore
    from prompt_kafka.clients.kafka import KafkaConnection
    from prompt_kafka.clients.kubernetes import Kubernetes
    from prompt_kafka.core.doctor import Examined
    from prompt_kafka.core.history import History
    from prompt_kafka.engine.runner import Listener, Runner
    from prompt_kafka.procedures.rendered import Render


class Session:
    """A look at one environment, and the means to change it.

    Reading goes over connections that refuse to write; writing connections are opened only when a plan runs.
    """

    def __init__(self, environment: Environment, *, allow_exec: bool = False) -> None:
        from prompt_kafka.adapters.observe import Observer
        from prompt_kafka.clients.kubernetes import Kubernetes

        self.environment = environment
        self.kubernetes = Kubernetes.connect(
            kubeconfig_of(environment), environment.context, read_only=True, allow_exec=allow_exec
        )
        self._observer = Observer(self.kubernetes, environment, reads_only=True)

    def close(self) -> None:
        """Close every connection."""
        self._observer.close()
        self.kubernetes.close()

    def observe(self, parts: frozenset[Look]) -> World:
        """Look at parts of the service; writes nothing."""
        return self._observer.observe(parts)

    def kafka(self) -> KafkaConnection:
        """Return a connection to the brokers that refuses every write; it is closed with the session."""
        return self._observer.kafka()

    def entry(self, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect; passwords stay in memory."""
        return self._observer.entry(users)

    def has_canary(self) -> bool:
        """Return whether the charts brought a canary topic and a user for it."""
        from prompt_kafka.clients.kinds import TOPIC, USER

        access, namespace = self.environment.kafka, self.environment.namespace
        return (
            bool(access.canary_topic and access.canary_user)
            and self.kubernetes.find(TOPIC, access.canary_topic, namespace) is not None
            and self.kubernetes.find(USER, access.canary_user, namespace) is not None
        )

    def plan(self, request: Request) -> Plan:
        """Look at what a procedure must see, and plan it.

        Raises
        ------
        RefusedError, UsageError
            A guard said no, or the request is wrong.
        """
        from prompt_kafka.procedures import create_topic, restart

        match request:
            case RestartRequest():
                world = self.observe(restart.NEEDS_TO_SEE)
                return restart.plan(request, world, canary=self.has_canary())
            case TopicRequest():
                world = self.observe(create_topic.needs_to_see(request))
                application, canary = self.environment.application, self.has_canary()
                with self.charts(world) as render:
                    return create_topic.plan(
                        request, world, render=render, application=application, canary=canary
                    )

    def handed(self, plan: Plan, *, by_hand: bool) -> Plan:
        """Return the plan with what a person has to do: every step, or those for which a right is missing."""
        reasons = {
            index: why
            for index, step in enumerate(plan.steps)
            if not isinstance(step.action, Observe)
            and (why := "asked for" if by_hand else self._missing_right(step.action))
        }
        return plan.handed(reasons)

    def _missing_right(self, action: Action) -> str:
        from prompt_kafka.clients.kinds import Kind
        from prompt_kafka.core.abilities import rights_of

        for right in rights_of(action, self.environment):
            kind = Kind(right.group, "v1", "", right.resource)
            if not self.kubernetes.can(right.verb, kind, right.namespace, subresource=right.subresource):
                return f"you may not {right}"
        return ""

    def run(self, plan: Plan, listener: Listener) -> RunRecord:
        """Carry a plan out as a new run.

        Raises
        ------
        RefusedError
            Another run is acting on this cluster.
        StoppedError, TimedOutError
            It did not come to its end; the record says how far it is.
        """
        from prompt_kafka.adapters.runs import new_id

        now = SYSTEM.now()
        run_id = new_id(plan.procedure, now)
        record = RunRecord.begin(run_id, plan.marked(run_id), owner(), now)
        with self._writer() as writer, self._lease(writer, plan, record.id, take_over=False):
            store = self._store(writer)
            store.create(record)
            with self._runner(writer, store.save, listener) as runner:
                return runner.run(record)

    def resume(self, run_id: str, listener: Listener, *, take_over: bool = False) -> RunRecord:
        """Take up a run that stopped or died, here or on another machine.

        Raises
        ------
        UsageError
            There is no such run.
        RefusedError
            It is at its end, or whoever carries it out is alive.
        """
        with self._writer() as writer:
            store = self._store(writer)
            record = _open_run(store, run_id)
            with self._lease(writer, record.plan, run_id, take_over=take_over):
                record = replace(record, owner=owner(), state=RunState.RUNNING, because="")
                store.save(record)
                with self._runner(writer, store.save, listener) as runner:
                    return runner.run(record)

    def abort(self, run_id: str, say: Callable[[str], None], *, take_over: bool = False) -> RunRecord:
        """End a run that is not at its end: undo what can be undone, the last step first; say what stays.

        Raises
        ------
        UsageError
            There is no such run.
        RefusedError
            It is at its end, or whoever carries it out is alive (the step in flight is waited for by them).
        """
        with self._writer() as writer:
            store = self._store(writer)
            record = _open_run(store, run_id)
            with (
                self._lease(writer, record.plan, run_id, take_over=take_over),
                self._performer(writer) as perform,
            ):
                for step, done in reversed(list(zip(record.plan.steps, record.steps, strict=True))):
                    if done.state is StepState.PENDING or not (
                        done.acted or done.state is not StepState.PROVED
                    ):
                        continue
                    if step.undo is not None:
                        say(f"undoing: {step.title}")
                        perform(step.undo)
                    elif not isinstance(step.action, Observe):
                        say(f"stays: {step.title}")
                record = record.ended(RunState.ABORTED, SYSTEM.now(), f"aborted by {owner()}")
                store.save(record)
        return record

    def prove(self, step: Step, listener: Listener) -> RunRecord:
        """Wait for a step's proof without doing or keeping anything."""
        plan = Plan(
            "prove",
            Target(self.environment.name, False, "", "", ""),
            step.title,
            (replace(step, action=Observe()),),
        )
        record = RunRecord.begin("prove", plan, owner(), SYSTEM.now())
        with self._writer() as writer, self._runner(writer, lambda _: None, listener) as runner:
            return runner.run(record)

    @contextmanager
    def charts(self, world: World) -> Iterator[Render]:
        """Give a renderer of the application's charts, at the commit that was seen and with edits."""
        from prompt_kafka.adapters.charts import Charts

        head = world.git.known.head if world.git.known else ""
        with Charts(self._observer.git(), self.environment.application, head) as charts:
            yield charts

    def history(self, since: datetime) -> History:
        """Return what changed since a time, from every source that can be read."""
        from prompt_kafka.adapters import history

        commits = self._observer.git().log if self.environment.repository else None
        return history.read(self.kubernetes, self.environment, since, commits=commits)

    def runs(self) -> RunStore:
        """Return the runs that are kept with this cluster, to be read."""
        return self._store(self.kubernetes)

    @contextmanager
    def _writer(self) -> Iterator[Kubernetes]:
        from prompt_kafka.clients.kubernetes import Kubernetes

        with Kubernetes.connect(kubeconfig_of(self.environment), self.environment.context) as writer:
            yield writer

    def _store(self, kubernetes: Kubernetes) -> RunStore:
        from prompt_kafka.adapters.runs import RunStore

        return RunStore(kubernetes, self.environment.namespace)

    def _lease(self, writer: Kubernetes, plan: Plan, run_id: str, *, take_over: bool) -> RunLease:
        from prompt_kafka.adapters.lease import RunLease

        return RunLease(
            writer,
            self.environment.namespace,
            plan.target.cluster,
            run=run_id,
            owner=owner(),
            take_over=take_over,
        )

    @contextmanager
    def _performer(self, writer: Kubernetes) -> Iterator[Callable[[Action], None]]:
        from prompt_kafka.adapters.observe import Observer
        from prompt_kafka.adapters.perform import perform

        with Observer(writer, self.environment, reads_only=False) as observer:
            yield lambda action: perform(
                action, writer, git=observer.git, argocd=observer.argocd, who=owner()
            )

    @contextmanager
    def _runner(
        self, writer: Kubernetes, keep: Callable[[RunRecord], None], listener: Listener
    ) -> Iterator[Runner]:
        from prompt_kafka.adapters.changes import Changes
        from prompt_kafka.adapters.observe import Observer
        from prompt_kafka.engine.runner import Runner

        with (
            Observer(writer, self.environment, reads_only=False) as observer,
            self._performer(writer) as perform,
            Changes(self.kubernetes, self.environment.namespace) as changes,
        ):
            yield Runner(observer.observe, perform, keep, listener, SYSTEM, changed=changes.event)


def _open_run(store: RunStore, run_id: str) -> RunRecord:
    """Return a run that can be resumed or aborted; refuse one that is at its end (``run-at-its-end``)."""
    record = store.load(run_id)
    if not record.open:
        raise RefusedError("run-at-its-end", f"run {run_id} is {record.state}", next="plan again")
    return record


def examine(options: TargetOptions) -> tuple[Environment, Examined]:
    """Try what works from here; an environment that cannot be told is the first thing that does not."""
    from prompt_kafka.adapters import doctor

    environment = environment_of(options, changes=False)
    return environment, doctor.examine(environment, allow_exec=options.allow_exec)


@contextmanager
def session(options: TargetOptions, *, changes: bool = False) -> Iterator[Session]:
    """Open a session on the environment that is meant."""
    opened = Session(environment_of(options, changes=changes), allow_exec=options.allow_exec)
    try:
        yield opened
    finally:
        opened.close()
