"""Keeps a run's record while the run acts: here first, then in the cluster, which is the one authority.

When the API does not answer, a recovery goes on with the local record as authority, because the API may come
back only by what the recovery does; it is uploaded with the next record that gets through. Any other run is
stopped, resumable.
"""

from __future__ import annotations

from collections.abc import Callable

from prompt_kafka.adapters.journal import Journal
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import RefusedError, StoppedError, UnreachableError
from prompt_kafka.core.run import RunRecord

PATIENCE_S = 15.0
"""So long a silent API is waited for before a run stops."""


class Keeper:
    """Keeps one run's record.

    Parameters
    ----------
    store, journal
        Where: in the cluster, and on this machine.
    lost
        Tells whether somebody else has taken the Lease.
    """

    def __init__(
        self, store: RunStore, journal: Journal, lost: Callable[[], bool], clock: Clock = SYSTEM
    ) -> None:
        self._store = store
        self._journal = journal
        self._lost = lost
        self._clock = clock

    def keep(self, record: RunRecord) -> None:
        """Keep a record; return when it is safe.

        Raises
        ------
        RefusedError
            Somebody else has taken the run over, or the cluster's Lease (``run-taken-over``).
        StoppedError
            The API does not answer, and this is no recovery.
        """
        if self._lost():
            raise RefusedError(
                "run-taken-over",
                f"somebody else has taken the Lease: run {record.id} does nothing more here",
                next=f"prompt-kafka run list -e {record.plan.target.environment}",
            )
        here = self._journal.keep(record)
        try:
            self._save(record, 0.0 if record.plan.recovery and here else PATIENCE_S)
        except UnreachableError as error:
            if record.plan.recovery and here:
                self._journal.note(record.id, 0, "kept here", f"the record is kept here only: {error.what}")
                return
            raise StoppedError(
                f"the run's record cannot be kept, so nothing more is done: {error.what}",
                where=error.where,
                next="take it up when it answers",
            ) from error
        self._journal.uploaded(record)

    def _save(self, record: RunRecord, patience_s: float) -> None:
        end = self._clock.monotonic() + patience_s
        while True:
            try:
                return self._store.save(record)
            except UnreachableError:
                if self._clock.monotonic() >= end:
                    raise
                self._clock.sleep(1.0)


def upload(store: RunStore, journal: Journal, run: str = "") -> list[str]:
    """Upload the records that a recovery could keep on this machine only; return the ids of their runs.

    A run that somebody has taken over meanwhile, or that is further in the cluster, is left as it is there.
    Those of other clusters wait for theirs.
    """
    uploaded = []
    there = {record.id: record for record in store.list()}
    for record in journal.waiting():
        found = there.get(record.id)
        if found is None or run not in ("", record.id):
            continue
        if found.open and found.updated < record.updated and found.owner == record.owner:
            store.save(record)
            uploaded.append(record.id)
        journal.uploaded(record)
    return uploaded
