"""Where the objects are kept: one SQLite file with a versioned schema.

Write-ahead logging with ``synchronous=NORMAL``: a killed server loses nothing that it acknowledged (only a
power cut could). The file is held exclusively, so two servers never share one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from prompt_kafka.core.errors import PromptKafkaError

SCHEMA = 1

#: One step per schema version: statements that bring a file of version N to version N + 1.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    0: (
        """CREATE TABLE objects (
            api_group TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            version INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (api_group, plural, namespace, name)
        ) WITHOUT ROWID""",
        "CREATE TABLE counter (version INTEGER NOT NULL)",
        # Low versions stay free, so that a client that makes one up is told that it is too old.
        "INSERT INTO counter VALUES (100)",
    ),
}

Row = tuple[str, str, str, str, int, bytes]
Key = tuple[str, str, str, str]


class DatabaseError(PromptKafkaError):
    """The file of the API server cannot be used."""

    code = "lab-database"


class Database:
    """The open file.

    Parameters
    ----------
    path
        The file; made when it is not there, migrated when it is older.

    Raises
    ------
    DatabaseError
        It is damaged, written by a newer version, or in use by another server.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._migrate()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DatabaseError(
                    "another API server has this lab's objects open",
                    where=str(path),
                    next="stop it first: prompt-kafka lab down",
                ) from None
            raise self._damaged(error) from None
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> DatabaseError:
        return DatabaseError(
            f"the lab's objects cannot be read: {error}",
            where=str(self._path),
            next="start over: prompt-kafka lab down --purge",
        )

    def _migrate(self) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > SCHEMA:
            raise DatabaseError(
                f"the lab was written by a newer prompt-kafka (schema {found}, this one knows {SCHEMA})",
                where=str(self._path),
                next="use that version, or start over: prompt-kafka lab down --purge",
            )
        for version in range(found, SCHEMA):
            self._db.execute("BEGIN IMMEDIATE")
            for statement in MIGRATIONS[version]:
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={version + 1}")
            self._db.execute("COMMIT")

    def version(self) -> int:
        """Return the resource version of the last write."""
        row = self._db.execute("SELECT version FROM counter").fetchone()
        if row is None:
            raise self._damaged(ValueError("no resource version in it"))
        return int(row[0])

    def rows(self) -> Iterator[Row]:
        """Yield all objects."""
        yield from self._db.execute("SELECT api_group, plural, namespace, name, version, body FROM objects")

    def write(self, key: Key, version: int, body: bytes | None) -> None:
        """Keep an object, or forget it when `body` is None, as one transaction."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            if body is None:
                db.execute(
                    "DELETE FROM objects WHERE api_group=? AND plural=? AND namespace=? AND name=?", key
                )
            else:
                db.execute("INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?,?)", (*key, version, body))
            db.execute("UPDATE counter SET version=?", (version,))
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()
