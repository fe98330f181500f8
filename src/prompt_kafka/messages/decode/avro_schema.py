"""Avro schemas that are safe to decode with.

A schema may make few bytes unfold into very many values (a list of nulls takes no bytes at all), and decoding
runs in C, where nothing can stop it. So what a schema could do is computed before it is used.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

TOP = 100_000
PER_BYTE = 1000
_EMPTY = ("null",)
_PRIMITIVE = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


class SchemaError(ValueError):
    """A schema that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A schema ready for decoding.

    Parameters
    ----------
    name
        Full name of the record, or the type.
    fingerprint
        CRC-64-AVRO of its canonical form as single-object encoding has it: 8 bytes, the lowest first.
    most
        Values in one datum, without those that take bytes of their own.
    """

    name: str
    fingerprint: bytes
    most: int = 1
    _parsed: Any = field(default=None, repr=False)
    _recursive: bool = False

    def read(self, data: bytes) -> Any:
        """Decode one datum that takes all of `data`.

        Raises
        ------
        ValueError, EOFError, …
            Whatever the library makes of bytes that are something else.
        """
        stream = io.BytesIO(data)
        found = self.read_from(stream)
        if stream.tell() != len(data):
            raise SchemaError("a datum fits the beginning, but bytes are left over")
        return found

    def read_from(self, stream: io.BytesIO) -> Any:
        """Decode the next datum of a stream."""
        import fastavro

        if self._recursive:  # compiled code would exhaust the stack of C: Python's own ends with an error
            from fastavro import _read_py

            return _read_py.schemaless_reader(stream, self._parsed, None)
        return fastavro.schemaless_reader(stream, self._parsed, None)


def prepare(text: str, references: Sequence[str] = ()) -> AvroSchema:
    """Return the schema of a JSON text, which may refer to those of `references`.

    Raises
    ------
    SchemaError
        It is no schema, or few bytes could unfold into very many values.
    """
    import fastavro
    from fastavro.schema import fingerprint, to_parsing_canonical_form

    named: dict[str, Any] = {}
    try:
        for reference in references:
            fastavro.parse_schema(json.loads(reference), named_schemas=named)
        parsed = fastavro.parse_schema(json.loads(text), named_schemas=named)
        # A schema that refers to others is found by its id; it has no canonical form without them.
        digest = "" if references else fingerprint(to_parsing_canonical_form(parsed), "CRC-64-AVRO")
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None
    except Exception as error:  # fastavro's are of many kinds
        raise SchemaError(f"it is no Avro schema: {error}") from error
    measure = _Measure(named)
    try:
        most = measure.top(parsed)
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None
    name = parsed.get("name") if isinstance(parsed, dict) else None
    kind = parsed.get("type") if isinstance(parsed, dict) else parsed
    return AvroSchema(str(name or kind), bytes.fromhex(digest), most, parsed, measure.recursive)


class _Measure:
    """Computes the least bytes that a type takes and the most values that it holds without taking more."""

    def __init__(self, named: dict[str, Any]) -> None:
        self.recursive = False
        self._named = named
        self._known: dict[str, tuple[int, int]] = {}
        self._open: set[str] = set()

    def top(self, schema: Any) -> int:
        most = self.of(schema)[1]
        if most > TOP:
            raise SchemaError("a record of it holds too many values")
        return most

    def of(self, schema: Any) -> tuple[int, int]:
        if isinstance(schema, list):
            sizes = [self.of(each) for each in schema] or [(0, 1)]
            return 1 + min(size for size, _ in sizes), max(nodes for _, nodes in sizes)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, (list, dict)):
            return self.of(kind)
        if kind in _PRIMITIVE:
            return (0 if kind in _EMPTY else 1), 1
        if kind == "array":
            self._many(schema["items"], 0)
            return 1, 1
        if kind == "map":
            self._many(schema["values"], 1)
            return 1, 1
        if kind in ("enum", "fixed"):
            return (1, 1) if kind == "enum" else (int(schema["size"]), 1)
        if kind in ("record", "error"):
            return self._record(schema)
        return self._name(kind)

    def _many(self, schema: Any, extra: int) -> None:
        size, nodes = self.of(schema)
        if nodes > PER_BYTE * (size + extra):
            raise SchemaError("few bytes of it could unfold into very many values")

    def _record(self, schema: Any) -> tuple[int, int]:
        name = schema["name"]
        if name in self._open:
            self.recursive = True
            return 1, 1
        if name not in self._known:
            self._open.add(name)
            sizes = [self.of(each["type"]) for each in schema["fields"]]
            self._open.discard(name)
            self._known[name] = sum(size for size, _ in sizes), 1 + sum(nodes for _, nodes in sizes)
            if self._known[name][1] > TOP:
                raise SchemaError("a record of it holds too many values")
        return self._known[name]

    def _name(self, name: str) -> tuple[int, int]:
        if name in self._open:
            self.recursive = True
            return 1, 1
        if name in self._known:
            return self._known[name]
        if name not in self._named:
            raise SchemaError(f"it refers to {name}, which is not known")
        return self.of(self._named[name])
