"""The local journal: every detail of the runs that this machine carried out, in SQLite, written ahead.

What a run is and how far it is says its ConfigMap in the cluster, the one authority. The journal has the rest
(looks, actions begun and ended, evidence, errors, times), and, while the API does not answer during a
recovery, the record itself, until it can be uploaded. Each entry is on the disk before what it tells of.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from prompt_kafka.clients.files import state_home
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.run import RunRecord

NAME = "journal.sqlite"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE entry (run TEXT NOT NULL, at TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL,"
        " what TEXT NOT NULL)",
        "CREATE INDEX entry_run ON entry (run)",
    ),
    (
        "CREATE TABLE record (run TEXT PRIMARY KEY, at TEXT NOT NULL, json TEXT NOT NULL,"
        " uploaded INTEGER NOT NULL)",
    ),
    (
        "CREATE TABLE reading (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
        " of INTEGER NOT NULL, json TEXT NOT NULL, chain TEXT NOT NULL)",
        "CREATE TRIGGER reading_unchanged BEFORE UPDATE ON reading"
        " BEGIN SELECT RAISE(ABORT, 'the journal of readings is append-only'); END",
        "CREATE TRIGGER reading_kept BEFORE DELETE ON reading"
        " BEGIN SELECT RAISE(ABORT, 'the journal of readings is append-only'); END",
    ),
)
"""What leads from each version of the schema to the next; a new file goes through all of them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened in a run.

    Attributes
    ----------
    kind
        ``begins``, ``asks``, ``asked``, ``sees``, ``proved``, ``kept``, ``error`` …
    """

    at: datetime
    step: int
    kind: str
    what: str


class Journal:
    """The journal of this machine; a context. Safe to use from several threads and processes.

    Parameters
    ----------
    path
        The file; the usual one when not given.

    Raises
    ------
    UsageError
        A newer version of the product wrote it.
    """

    def __init__(self, path: Path | None = None, clock: Clock = SYSTEM) -> None:
        self.path = path or state_home() / NAME
        self._clock = clock
        self._lock = threading.Lock()
        try:
            self._sql = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"the journal of this machine cannot be written: {error}",
                where=str(self.path),
                next="make room or mend the file; or name another folder in XDG_STATE_HOME",
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._sql.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def note(self, run: str, step: int, kind: str, what: str) -> bool:
        """Write down that something happens; it is on the disk when this returns True."""
        row = (run, self._clock.now().isoformat(), step, kind, what)
        return self._write("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", row)

    def entries(self, run: str) -> list[Entry]:
        """Return what happened in a run on this machine, the oldest first."""
        rows = self._sql.execute(
            "SELECT at, step, kind, what FROM entry WHERE run = ? ORDER BY rowid", (run,)
        )
        return [Entry(datetime.fromisoformat(at), step, kind, what) for at, step, kind, what in rows]

    def keep(self, record: RunRecord) -> bool:
        """Keep a run's record here, as not uploaded; return whether it is on the disk."""
        text = json.dumps(encode(record))
        row = (record.id, record.updated.isoformat(), text)
        return self._write("INSERT OR REPLACE INTO record VALUES (?, ?, ?, 0)", row)

    def uploaded(self, record: RunRecord) -> None:
        """Note that the cluster has a run's record as it is here, or newer."""
        self._write("UPDATE record SET uploaded = 1 WHERE run = ?", (record.id,))

    def waiting(self) -> list[RunRecord]:
        """Return the records that are here and not in their cluster yet."""
        rows = self._sql.execute("SELECT json FROM record WHERE uploaded = 0 ORDER BY run")
        found = (decode(json.loads(text), RunRecord) for (text,) in rows)
        return [record for record in found if isinstance(record, RunRecord)]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the file to one writer: all that it writes, or nothing, also when another process writes."""
        with self._lock:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield self._sql
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a query, one at a time."""
        return iter(self._sql.execute(query))

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        sql = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            sql.execute("PRAGMA journal_mode=WAL")
            sql.execute("PRAGMA synchronous=FULL")
            self._migrate(sql)
        except (sqlite3.Error, UsageError):
            sql.close()
            raise
        return sql

    def _write(self, statement: str, row: tuple[object, ...]) -> bool:
        """Write; a full disk here stops no run, because the cluster has its record."""
        try:
            with self._lock:
                self._sql.execute(statement, row)
        except sqlite3.Error:
            return False
        return True

    def _migrate(self, sql: sqlite3.Connection) -> None:
        sql.execute("BEGIN IMMEDIATE")
        (version,) = sql.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            sql.execute("ROLLBACK")
            raise UsageError(
                f"a newer version wrote the journal (schema {version}, this one knows {len(MIGRATIONS)})",
                where=str(self.path),
                next="use that version of prompt-kafka, or move the file away: it is detail only",
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                sql.execute(statement)
        sql.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        sql.execute("COMMIT")
