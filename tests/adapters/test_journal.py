"""The local journal: written ahead, kept over a crash, from an older version and not from a newer one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from prompt_kafka.adapters.journal import MIGRATIONS, Journal
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.run import RunRecord
from tests.worlds import NOW, healthy

OLD = (
    "CREATE TABLE entry (run TEXT NOT NULL, at TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL,"
    " what TEXT NOT NULL); CREATE INDEX entry_run ON entry (run);"
    "INSERT INTO entry VALUES ('run-0', '2026-11-01T10:00:00+00:00', 2, 'asks', 'kubectl annotate');"
    "PRAGMA user_version = 1;"
)
"""What the first version left behind."""


def _record(run: str) -> RunRecord:
    return RunRecord.begin(run, Plan("restart", healthy().target, "test"), "a@b", NOW)


def test_what_was_noted_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "state/journal.sqlite"
    with Journal(path, ManualClock(NOW)) as journal:
        assert journal.note("run-1", 1, "asks", "kubectl annotate pod x")
        journal.note("run-2", 1, "asks", "another")
        assert journal._sql.execute("PRAGMA synchronous").fetchone() == (2,)
        assert journal._sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        with Journal(path) as other:
            (entry,) = other.entries("run-1")
    assert (entry.at, entry.step, entry.kind, entry.what) == (NOW, 1, "asks", "kubectl annotate pod x")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_waits_until_it_is_uploaded(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.keep(_record("run-1"))
        journal.keep(_record("run-2"))
        journal.uploaded(_record("run-1"))
        assert journal.waiting() == [_record("run-2")]
        journal.keep(_record("run-1"))
        assert [each.id for each in journal.waiting()] == ["run-1", "run-2"]


def test_an_older_journal_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    old = sqlite3.connect(path)
    old.executescript(OLD)
    old.close()
    with Journal(path) as journal:
        assert [each.what for each in journal.entries("run-0")] == ["kubectl annotate"]
        journal.keep(_record("run-1"))
        assert len(journal.waiting()) == 1


def test_a_newer_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(UsageError, match="a newer version wrote the journal"):
        Journal(path)


def test_a_file_that_is_no_journal_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("something else entirely, and long enough to be taken for a header of a page")
    with pytest.raises(UsageError, match="cannot be written"):
        Journal(path)
