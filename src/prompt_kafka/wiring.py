"""What an acting run is made of: connections that write, the Lease, the performer, the runner.

Part of the composition root; :mod:`prompt_kafka.acting` says in which order they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prompt_kafka.adapters.changes import Changes
from prompt_kafka.adapters.lease import RunLease
from prompt_kafka.adapters.observe import Observer
from prompt_kafka.adapters.perform import perform
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.actions import Action
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment
from prompt_kafka.engine.interrupts import Interrupts
from prompt_kafka.engine.listeners import Listener, Noting
from prompt_kafka.engine.notifier import Notifier
from prompt_kafka.engine.runner import Runner
from prompt_kafka.targets import kubeconfig_of, owner


class Wiring:
    """Makes the parts of a run on one environment.

    Parameters
    ----------
    environment
        Which.
    kubernetes
        A connection that reads, for the watches.
    """

    def __init__(self, environment: Environment, kubernetes: Kubernetes) -> None:
        self._environment = environment
        self._kubernetes = kubernetes

    @contextmanager
    def kafka(self) -> Iterator[KafkaConnection]:
        """Give a connection to the brokers that may write."""
        with self.writer() as writer, Observer(writer, self._environment, reads_only=False) as observer:
            yield observer.kafka()

    @contextmanager
    def writer(self) -> Iterator[Kubernetes]:
        """Give a connection to Kubernetes that may write."""
        with Kubernetes.connect(kubeconfig_of(self._environment), self._environment.context) as writer:
            yield writer

    def lease(self, writer: Kubernetes, plan: Plan, run_id: str, *, take_over: bool) -> RunLease:
        """Return the Lease that lets one run act on a cluster."""
        return RunLease(
            writer,
            self._environment.namespace,
            plan.target.cluster,
            run=run_id,
            owner=owner(),
            take_over=take_over,
        )

    @contextmanager
    def performer(self, writer: Kubernetes) -> Iterator[Callable[[Action], None]]:
        """Give what carries an action out."""
        with Observer(writer, self._environment, reads_only=False) as observer:
            yield lambda action: perform(
                action,
                writer,
                git=observer.git,
                forge=observer.forge,
                argocd=observer.argocd,
                who=owner(),
                observe=observer.observe,
            )

    @contextmanager
    def runner(
        self,
        writer: Kubernetes,
        keep: Callable[[RunRecord], None],
        listener: Listener,
        interrupts: Interrupts,
        notifier: Notifier | None = None,
    ) -> Iterator[Runner]:
        """Give a runner whose waits are woken by what changes in the cluster."""
        with (
            Observer(writer, self._environment, reads_only=False) as observer,
            self.performer(writer) as perform,
            Changes(self._kubernetes, self._environment.namespace) as changes,
        ):
            yield Runner(
                observer.observe,
                listener.asking(perform) if isinstance(listener, Noting) else perform,
                keep,
                listener,
                SYSTEM,
                changed=changes.event,
                allowed=interrupts.allowed,
                notifier=notifier,
            )
