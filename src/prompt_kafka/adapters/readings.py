"""The journal of readings: who read which messages, on this machine; append-only, each entry chained.

An entry carries the SHA-256 of itself and of the one before it, and the table refuses changes and deletions:
whoever edits the file by other means breaks the chain, which the next look at it says. Nothing here stops a
look: what could not be written is said, and the reading goes on.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from prompt_kafka.adapters.journal import Journal
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.reading import Ended, Noted, Reading, Readings
from prompt_kafka.core.service import Environment

APPEND = "INSERT INTO reading (at, of, json, chain) VALUES (?, ?, ?, ?)"


class Note:
    """A reading that was noted as begun, and whose end is to be noted.

    Attributes
    ----------
    problem
        Why the journal does not have it, in one sentence to print; empty when it has.
    """

    def __init__(self, number: int | None, problem: str, append: Callable[[int, Any], int]) -> None:
        self._number = number
        self._append = append
        self.problem = problem

    def ended(self, ended: Ended) -> str:
        """Note how it ended; return why that could not be written, or nothing."""
        if self._number is not None:
            _, self.problem = _try(lambda: self._append(self._number or 0, encode(ended)))
        return self.problem


def note(
    reading: Reading,
    environment: Environment,
    who: str,
    *,
    kafka_user: str = "",
    path: Path | None = None,
    clock: Clock = SYSTEM,
) -> Note:
    """Note that somebody begins to read. Never raises: see `Note.problem`.

    Parameters
    ----------
    kafka_user
        As whom the brokers are asked.
    path
        The journal's file; the usual one when not given.
    """

    def append(of: int, data: Any) -> int:
        with Journal(path, clock) as journal:
            return _append(journal, clock.now(), of, data)

    begun = {
        "who": who,
        "environment": environment.name,
        "kafka_user": kafka_user,
        "reading": encode(reading.kept(filters=environment.journal_filters)),
    }
    number, problem = _try(lambda: append(0, begun))
    return Note(number, problem, append)


def _try(write: Callable[[], int]) -> tuple[int | None, str]:
    try:
        return write(), ""
    except (PromptKafkaError, sqlite3.Error, OSError) as error:
        why = error.what if isinstance(error, PromptKafkaError) else str(error)
        return None, f"this reading could not be noted in the journal: {why}"


def _append(journal: Journal, at: datetime, of: int, data: Any) -> int:
    text = json.dumps(data, sort_keys=True)
    with journal.writing() as sql:
        last = sql.execute("SELECT chain FROM reading ORDER BY number DESC LIMIT 1").fetchone()
        chain = _chain(last[0] if last else "", at.isoformat(), of, text)
        return int(sql.execute(APPEND, (at.isoformat(), of, text, chain)).lastrowid or 0)


def _chain(before: str, at: str, of: int, text: str) -> str:
    return hashlib.sha256(json.dumps([before, at, of, text]).encode()).hexdigest()


def read(since: datetime, *, environment: str = "", path: Path | None = None) -> Readings:
    """Return the readings since a time, of one environment or of all.

    Raises
    ------
    UsageError
        There is no reading the journal.
    """
    begun: dict[int, tuple[datetime, Any]] = {}
    ended: dict[int, Ended] = {}
    before, broken, expected = "", "", 1
    with Journal(path) as journal:
        for number, at, of, text, chain in journal.rows(
            "SELECT number, at, of, json, chain FROM reading ORDER BY number"
        ):
            if not broken and (number != expected or chain != _chain(before, at, of, text)):
                broken = f"entry {expected} is not as it was written: the file was edited"
            before, expected = chain, number + 1
            if of:
                if of in begun:
                    ended[of] = decode(json.loads(text), Ended)
            elif datetime.fromisoformat(at) >= since:
                begun[number] = datetime.fromisoformat(at), json.loads(text)
    noted = (
        Noted(
            number,
            at,
            data["who"],
            data["environment"],
            decode(data["reading"], Reading),
            data["kafka_user"],
            ended.get(number),
        )
        for number, (at, data) in sorted(begun.items(), reverse=True)
        if not environment or data["environment"] == environment
    )
    return Readings(since, tuple(noted), broken)
