"""Protobuf: a message of a type that is named for the topic. Its bytes carry no mark and no names.

Bytes of almost any kind can be read as some Protobuf message, so nothing is guessed: without a type nothing
is tried, and a document with fields that the type does not have yields to every other format that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.decode.decoded import EXTRA, Decoded, Tried
from prompt_kafka.messages.decode.plain import document, plain, said

NAME = "protobuf"
UNTYPED = Tried(NAME, "no message type is named for this topic (messages.schemas.types)")


class Types:
    """The message types of some descriptor sets; files are read when the first one is needed.

    Parameters
    ----------
    files
        Written by ``protoc --include_imports --descriptor_set_out``.
    """

    def __init__(self, files: Sequence[str] = ()) -> None:
        self._files = tuple(files)
        self._pool: Any = None

    def load(self, name: str) -> Any:
        """Return the class of a message type.

        Raises
        ------
        UsageError
            A file cannot be read, or none has the type.
        ImportError
            The library is not installed.
        """
        from google.protobuf import message_factory

        if self._pool is None:
            self._pool = _pool(self._files)
        try:
            return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))
        except KeyError:
            raise UsageError(
                f"no descriptor set has the message type {name}",
                where=", ".join(self._files) or "messages.schemas.protobuf",
                next="name it with its package, such as rubin.Visit",
            ) from None

    def decode(self, data: bytes, raw: bytes, name: str) -> tuple[Decoded, bool] | Tried:
        """Return a message and whether the type has all of its fields; or why it is none."""
        try:
            from google.protobuf import json_format, unknown_fields

            found = self.load(name)()
        except ImportError:
            return Tried(NAME, EXTRA)
        except UsageError as error:
            return Tried(NAME, error.what)
        try:
            found.ParseFromString(data)
            strange = len(unknown_fields.UnknownFieldSet(found))
            value = json_format.MessageToDict(
                found, preserving_proto_field_name=True, descriptor_pool=self._pool
            )
            shown = plain(value, len(data))
        except Exception as error:  # whatever the library makes of hostile bytes
            return Tried(NAME, f"it is no {name} ({said(error)})")
        schema = f"{name}{f', and {strange} fields that it does not have' if strange else ''}"
        return Decoded(NAME, shown, document(shown), (), (), raw, schema), not strange


def message_after_indexes(data: bytes) -> bytes:
    """Return what follows the path of message indexes in the registry's wire format.

    Raises
    ------
    ValueError
        There is no such path.
    """
    count, at = _varint(data, 0)
    for _ in range(count):
        _, at = _varint(data, at)
    return data[at:]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 35:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
    raise ValueError("no message index")


def _pool(files: Sequence[str]) -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool

    pool = descriptor_pool.DescriptorPool()
    waiting: dict[str, Any] = {}
    for file in files:
        found = descriptor_pb2.FileDescriptorSet()
        try:
            found.ParseFromString(Path(file).expanduser().read_bytes())
        except OSError as error:
            raise UsageError(f"a descriptor set cannot be read: {error.strerror}", where=file) from error
        except Exception as error:
            raise UsageError("this is no descriptor set", where=file, next=_PROTOC) from error
        waiting.update({each.name: each for each in found.file})
    added: set[str] = set()

    def add(name: str, path: tuple[str, ...] = ()) -> None:
        if name in added or name in path:
            return
        if name not in waiting:
            raise UsageError(f"no descriptor set has {name}", where=path[-1] if path else None, next=_PROTOC)
        for needed in waiting[name].dependency:
            add(needed, (*path, name))
        try:
            pool.Add(waiting[name])
        except Exception as error:
            raise UsageError(f"a descriptor set cannot be used: {error}", where=name) from error
        added.add(name)

    for name in waiting:
        add(name)
    return pool


_PROTOC = "make it with protoc --include_imports --descriptor_set_out=FILE"
