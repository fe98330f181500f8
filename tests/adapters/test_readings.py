"""The journal of readings: begun and ended, append-only, chained, and never in the way of a look."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from prompt_kafka.adapters import readings
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.reading import Act, Asked, Ended, Range, Reading, ranges
from prompt_kafka.core.service import Environment
from tests.worlds import NOW

HERE = Environment("usdfdev")
SEARCH = Reading(
    Act.SEARCH,
    "butler-writer",
    "id",
    (Range(0, 5, 90), Range(2, 0, 7)),
    (Asked("value contains", "exposure"),),
)
DONE = Ended("end of range", (Range(0, 5, 90), Range(2, 0, 7)), records=92, bytes=40_000, found=1)
LONG_AGO = NOW - timedelta(days=1)


def test_a_reading_is_noted_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    path, clock = tmp_path / "state/journal.sqlite", ManualClock(NOW)
    noted = readings.note(SEARCH, HERE, "ana@here", kafka_user="kafka-reader", path=path, clock=clock)
    (begun,) = readings.read(LONG_AGO, path=path).noted
    assert noted.problem == ""
    assert (begun.reading, begun.ended, begun.at) == (SEARCH, None, NOW)
    assert (begun.who, begun.environment, begun.kafka_user) == ("ana@here", "usdfdev", "kafka-reader")
    assert noted.ended(DONE) == ""
    (whole,) = readings.read(LONG_AGO, path=path).noted
    assert (whole.reading, whole.ended) == (SEARCH, DONE)


def test_readings_are_told_newest_first_of_one_environment_and_since_a_time(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.sqlite", ManualClock(NOW)
    for name in ("usdfdev", "usdfprod", "usdfdev"):
        readings.note(SEARCH, Environment(name), "ana", path=path, clock=clock).ended(DONE)
        clock.sleep(60)
    assert [each.environment for each in readings.read(LONG_AGO, path=path).noted] == [
        "usdfdev",
        "usdfprod",
        "usdfdev",
    ]
    assert len(readings.read(LONG_AGO, environment="usdfdev", path=path).noted) == 2
    (last,) = readings.read(NOW + timedelta(seconds=90), path=path).noted
    assert last.ended == DONE


def test_the_text_of_a_filter_is_cut_or_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    silent = Environment("usdfdev", journal_filters=False)
    secret = Reading(Act.SEARCH, "t", filters=(Asked("key =", "hunter2"),))
    readings.note(secret, silent, "ana", path=path)
    assert b"hunter2" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    readings.note(Reading(Act.SEARCH, "t", filters=(Asked("where", "x" * 10_000),)), HERE, "ana", path=path)
    long, short = readings.read(LONG_AGO - timedelta(days=9999), path=path).noted
    assert len(long.reading.filters[0].text or "") == 501
    assert str(short.reading.filters[0]) == "key = (text not kept)"


@pytest.mark.parametrize("statement", ["DELETE FROM reading WHERE number = 2", "UPDATE reading SET at = 'x'"])
def test_an_entry_can_neither_be_changed_nor_taken_out(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "journal.sqlite"
    readings.note(SEARCH, HERE, "ana", path=path).ended(DONE)
    sql = sqlite3.connect(path)
    with pytest.raises(sqlite3.DatabaseError, match="append-only"):
        sql.execute(statement)
    sql.close()


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("DELETE FROM reading WHERE number = 3", 3),
        ("DELETE FROM reading WHERE number = 1", 1),
        ("UPDATE reading SET json = replace(json, 'ana', 'bob') WHERE number = 3", 3),
        ("UPDATE reading SET at = '2020-01-01T00:00:00+00:00' WHERE number = 1", 1),
    ],
)
def test_who_edits_the_file_all_the_same_is_found_out(tmp_path: Path, statement: str, first: int) -> None:
    path = tmp_path / "journal.sqlite"
    for _ in range(3):
        readings.note(SEARCH, HERE, "ana", path=path).ended(DONE)
    assert readings.read(LONG_AGO, path=path).broken == ""
    sql = sqlite3.connect(path)
    sql.executescript(f"DROP TRIGGER reading_kept; DROP TRIGGER reading_unchanged; {statement};")
    sql.close()
    assert readings.read(LONG_AGO, path=path).broken.startswith(f"entry {first} is not as it was written")


def test_many_at_once_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: readings.note(SEARCH, HERE, f"u{n}", path=path).ended(DONE), range(24)))
    found = readings.read(LONG_AGO - timedelta(days=9999), path=path)
    assert found.broken == ""
    assert len(found.noted) == 24
    assert all(each.ended == DONE for each in found.noted)


def test_a_journal_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    noted = readings.note(SEARCH, HERE, "ana", path=tmp_path / "file" / "journal.sqlite")
    assert noted.problem.startswith("this reading could not be noted in the journal: ")
    assert noted.ended(DONE) == noted.problem


def test_ranges_are_joined_where_they_touch() -> None:
    spans = [(1, 5, 9), (0, 10, 20), (0, 0, 10), (1, 9, 9), (0, 30, 40)]
    assert ranges(spans) == (Range(0, 0, 20), Range(0, 30, 40), Range(1, 5, 9))
    assert str(Range(0, 0, 20)) == "0: 0–19"
