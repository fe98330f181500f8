"""Where schemas come from: files by fingerprint, files by a registry's id, and the registry itself."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from prompt_kafka.clients.registry import Registered
from prompt_kafka.core.errors import UnreachableError, UsageError
from prompt_kafka.core.messages import SchemaFiles
from prompt_kafka.messages.decode.avro_schema import AvroSchema, SchemaError, prepare


class Missing(LookupError):
    """A schema that is not to be had; the text says why."""


class Registry(Protocol):
    """What gives schemas by their id."""

    def schema(self, number: int) -> Registered:
        """Return a schema, or raise `UnreachableError` with the reason."""


class Schemas:
    """The Avro schemas that can be used. Thread-safe; files are read when the first one is needed.

    Parameters
    ----------
    files
        From the configuration.
    registry
        Asked for ids that no file has.
    """

    def __init__(self, files: SchemaFiles | None = None, registry: Registry | None = None) -> None:
        self._files, self._registry = files or SchemaFiles(), registry
        self._lock = threading.Lock()
        self._by_fingerprint: dict[bytes, AvroSchema] | None = None
        self._by_id: dict[int, AvroSchema | Registered] = {}

    def load(self) -> None:
        """Read the files now.

        Raises
        ------
        UsageError
            A file cannot be read, or holds no schema that can be used.
        """
        with self._lock:
            if self._by_fingerprint is not None:
                return
            known = (_read(path) for path in (*self._files.avro, *self._files.ids.values()))
            found = {schema.fingerprint: schema for schema in known}
            self._by_id.update({number: _read(path) for number, path in self._files.ids.items()})
            self._by_fingerprint = found

    def by_fingerprint(self, fingerprint: bytes) -> AvroSchema:
        """Return the schema with a fingerprint, as single-object encoding has it."""
        self.load()
        found = (self._by_fingerprint or {}).get(fingerprint)
        if found is None:
            where = (
                "messages.schemas.avro" if self._by_fingerprint else "messages.schemas.avro, which is empty"
            )
            raise Missing(f"no schema with the fingerprint {fingerprint.hex()} in {where}")
        return found

    def by_id(self, number: int) -> AvroSchema | Registered:
        """Return a registry's schema: of Avro ready for use, of other kinds as it was registered."""
        self.load()
        with self._lock:
            found = self._by_id.get(number)
        if found is not None:
            return found
        if self._registry is None:
            raise Missing(
                f"it begins like a registry's schema {number}, but no registry and no such id is configured"
            )
        try:
            registered = self._registry.schema(number)
        except UnreachableError as error:
            raise Missing(f"schema {number}: {error.what}") from error
        found = prepare(registered.text, registered.references) if registered.kind == "AVRO" else registered
        with self._lock:
            self._by_id[number] = found
        return found


def _read(path: str) -> AvroSchema:
    try:
        return prepare(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"a schema cannot be read: {why}", where=path) from error
    except SchemaError as error:
        raise UsageError(f"a schema cannot be used: {error}", where=path) from error
