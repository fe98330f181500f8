"""Avro: container files, single-object encoding and the registry's wire format.

All three begin with a mark, so nothing is guessed: a bare datum, which has none, is not looked for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from prompt_kafka.clients.registry import Registered
from prompt_kafka.messages.decode import avro_container
from prompt_kafka.messages.decode.avro_schema import SchemaError
from prompt_kafka.messages.decode.decoded import EXTRA, Decoded, Limits, Tried
from prompt_kafka.messages.decode.plain import document, plain, said
from prompt_kafka.messages.decode.schemas import Missing, Schemas

NAME = "avro"
SINGLE, WIRE = b"\xc3\x01", b"\x00"
WIRE_HEADER = 5


class Foreign(NamedTuple):
    """A message whose schema, says the registry, is of another kind."""

    kind: str
    number: int
    body: bytes


def decode(data: bytes, raw: bytes, schemas: Schemas, limits: Limits) -> Decoded | Tried | Foreign:
    """Return an Avro document, why it is none, or what kind the registry says that it is."""
    if not data.startswith((avro_container.MAGIC, SINGLE, WIRE)):
        return Tried(NAME, "it has none of Avro's marks: Obj\\x01, c3 01, 00")
    try:
        import fastavro  # noqa: F401
    except ImportError:
        return Tried(NAME, EXTRA)
    try:
        if data.startswith(avro_container.MAGIC):
            name, found = avro_container.read(data, limits)
            return _found(found, raw, f"container file of {name}", limits)
        if data.startswith(SINGLE):
            return _single(data, raw, schemas, limits)
        return _wire(data, raw, schemas, limits)
    except Missing as error:
        return Tried(NAME, str(error))
    except SchemaError as error:
        return Tried(NAME, f"its schema cannot be used: {error}")
    except Exception as error:  # whatever the library makes of hostile bytes
        return Tried(NAME, f"it does not decode ({said(error)})")


def _found(value: Any, raw: bytes, schema: str, limits: Limits) -> Decoded:
    shown = plain(value, limits.output)
    return Decoded(NAME, shown, document(shown), (), (), raw, schema)


def _single(data: bytes, raw: bytes, schemas: Schemas, limits: Limits) -> Decoded | Tried:
    if len(data) < 10:
        return Tried(NAME, "it begins like a single object, but is too short for one")
    schema = schemas.by_fingerprint(data[2:10])
    return _found(schema.read(data[10:]), raw, f"{schema.name} (by fingerprint)", limits)


def _wire(data: bytes, raw: bytes, schemas: Schemas, limits: Limits) -> Decoded | Tried | Foreign:
    number = int.from_bytes(data[1:WIRE_HEADER], "big")
    if len(data) <= WIRE_HEADER or not number:
        return Tried(NAME, "it begins with 00, but with no schema id after it")
    schema = schemas.by_id(number)
    if isinstance(schema, Registered):
        return Foreign(schema.kind, number, data[WIRE_HEADER:])
    return _found(schema.read(data[WIRE_HEADER:]), raw, f"{schema.name} (schema {number})", limits)
