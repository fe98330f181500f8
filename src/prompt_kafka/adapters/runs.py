"""Runs belong to the cluster: each record is a ConfigMap beside the service, and one Lease lets one run act.

A record is saved with the resource version that was read, so two people who resume the same run cannot both
go on. The records stay far below the 1 MiB of a ConfigMap: a plan of a dozen steps takes some ten kilobytes.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from prompt_kafka.clients.kinds import CONFIG_MAP
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.run import SCHEMA, RunRecord

LABEL = "app.kubernetes.io/managed-by=prompt-kafka-run"
WAITING = "prompt-kafka/notices=waiting"
"""Label of a run that has notices which are not posted yet."""

PREFIX = "prompt-kafka-run-"


def new_id(procedure: str, at: datetime) -> str:
    """Return an id for a new run; ids sort by time."""
    return f"{at:%Y%m%d-%H%M%S}-{procedure.replace(' ', '-')}-{secrets.token_hex(2)}"


class RunStore:
    """The runs of one service.

    Parameters
    ----------
    kubernetes, namespace
        Where they are kept.
    """

    def __init__(self, kubernetes: Kubernetes, namespace: str) -> None:
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._versions: dict[str, str] = {}

    def create(self, record: RunRecord) -> None:
        """Keep a new run."""
        created = self._kubernetes.create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": PREFIX + record.id,
                    "namespace": self._namespace,
                    "labels": {key: value for key, value in _labels(record).items() if value is not None},
                },
                "data": _data(record),
            }
        )
        self._versions[record.id] = created["metadata"]["resourceVersion"]

    def save(self, record: RunRecord) -> None:
        """Keep a run's new state.

        Raises
        ------
        RefusedError
            Somebody else has changed it since it was read (``run-taken-over``).
        """
        if record.id not in self._versions:
            self.load(record.id)
        body = {
            "metadata": {"resourceVersion": self._versions[record.id], "labels": _labels(record)},
            "data": _data(record),
        }
        try:
            saved = self._kubernetes.patch(CONFIG_MAP, PREFIX + record.id, self._namespace, body)
        except Conflict as error:
            if self._is_there(record):
                return
            raise RefusedError(
                "run-taken-over",
                f"run {record.id} has been taken over by somebody else",
                next=f"prompt-kafka run show {record.id}",
            ) from error
        self._versions[record.id] = saved["metadata"]["resourceVersion"]

    def _is_there(self, record: RunRecord) -> bool:
        """Return whether the record is kept as it is: it was heard, though the answer did not come back."""
        found = self._kubernetes.get(CONFIG_MAP, PREFIX + record.id, self._namespace)
        if (found.get("data") or {}) != _data(record):
            return False
        self._versions[record.id] = found["metadata"]["resourceVersion"]
        return True

    def load(self, run_id: str) -> RunRecord:
        """Return a run.

        Raises
        ------
        UsageError
            There is none of that id, or a newer version of the product wrote it.
        """
        try:
            found = self._kubernetes.get(CONFIG_MAP, PREFIX + run_id, self._namespace)
        except NotFound as error:
            raise UsageError(
                f"no run {run_id}", where=f"namespace {self._namespace}", next="prompt-kafka run list"
            ) from error
        self._versions[run_id] = found["metadata"]["resourceVersion"]
        return _record(found)

    def waiting(self) -> list[RunRecord]:
        """Return the runs that have notices which are not posted yet, the oldest first, ready to be saved."""
        found = self._kubernetes.list(CONFIG_MAP, self._namespace, labels=f"{LABEL},{WAITING}")
        records = []
        for obj in found:
            record = _record(obj)
            self._versions[record.id] = obj["metadata"]["resourceVersion"]
            records.append(record)
        return sorted(records, key=lambda record: record.id)

    def list(self) -> list[RunRecord]:
        """Return all runs, the newest first."""
        found = self._kubernetes.list(CONFIG_MAP, self._namespace, labels=LABEL)
        return sorted((_record(obj) for obj in found), key=lambda record: record.id, reverse=True)


def _labels(record: RunRecord) -> dict[str, str | None]:
    """Return a record's labels; None takes one away."""
    labels: dict[str, str | None] = {}
    key, _, value = LABEL.partition("=")
    labels[key] = value
    key, _, value = WAITING.partition("=")
    labels[key] = value if record.thread is not None and record.thread.waiting else None
    return labels


def _data(record: RunRecord) -> dict[str, str]:
    return {"state": record.state.value, "record.json": json.dumps(encode(record))}


def _record(obj: Object) -> RunRecord:
    data = json.loads((obj.get("data") or {}).get("record.json", "{}"))
    if data.get("schema") != SCHEMA:
        raise UsageError(
            f"the run was written by another version (schema {data.get('schema')}, this one knows {SCHEMA})",
            where=f"ConfigMap {obj['metadata']['name']}",
            next="use that version of prompt-kafka",
        )
    record = decode(data, RunRecord)
    assert isinstance(record, RunRecord)
    return record
