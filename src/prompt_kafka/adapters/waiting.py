"""Threads that have notices which are not posted yet: those of runs, and the maintenance's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prompt_kafka.adapters.maintenance import MaintenanceStore
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.maintenance import Maintenance
from prompt_kafka.core.notices import Thread
from prompt_kafka.core.run import RunRecord, StepState

JUST = timedelta(seconds=90)
"""A maintenance that was changed so lately may be in somebody's hands: it needs no Lease."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread with notices that wait.

    Attributes
    ----------
    id
        First part of its notices' marks.
    since
        When it began.
    keep
        Keeps the changed thread.
    """

    id: str
    since: datetime
    thread: Thread
    keep: Callable[[Thread], None]


def waiting(kubernetes: Kubernetes, namespace: str, now: datetime, besides: str = "") -> list[Waiting]:
    """Return what waits, the oldest first, without one run's."""
    found = []
    store = RunStore(kubernetes, namespace)
    for record in store.waiting():
        if record.thread is not None and record.id != besides and _may_be_sent(record):
            found.append(Waiting(record.id, record.started, record.thread, _keeper(store, record)))
    kept = MaintenanceStore(kubernetes, namespace)
    maintenance = kept.load()
    if maintenance is not None and now - maintenance.updated > JUST:
        thread = maintenance.thread
        if thread.waiting and thread.announced:
            keep = _keeper_of(kept, maintenance)
            found.append(Waiting(maintenance.id, maintenance.began, thread, keep))
    return found


def _keeper(store: RunStore, record: RunRecord) -> Callable[[Thread], None]:
    return lambda thread: store.save(replace(record, thread=thread))


def _keeper_of(store: MaintenanceStore, maintenance: Maintenance) -> Callable[[Thread], None]:
    return lambda thread: store.save(replace(maintenance, thread=thread))


def _may_be_sent(record: RunRecord) -> bool:
    """Return whether others may post for a run: not when it stopped before it began, untold."""
    thread = record.thread
    began = any(step.state is not StepState.PENDING for step in record.steps)
    return began or (thread is not None and thread.announced) or not record.open
