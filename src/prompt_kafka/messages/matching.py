"""Finding records in raw batches: the decompressed payload is searched first, then only what it hit is read.

A text that is in a record is in the payload too, so a batch without it is done with one pass over its bytes,
which runs outside of Python's lock. A hit is only a candidate: it is judged on the record.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prompt_kafka.clients.kafka import Batch, KafkaError, Record
from prompt_kafka.clients.kafka.batches import APPEND_TIME, record_at, record_ends, value_spans
from prompt_kafka.clients.kafka.codecs import Buffer
from prompt_kafka.messages.bounds import Range
from prompt_kafka.messages.expression import Expression
from prompt_kafka.messages.filters import Filter, FilterError, Text, pattern
from prompt_kafka.messages.view import View, Viewed


def _memmem() -> Any:
    try:
        function = ctypes.CDLL(None).memmem
    except (OSError, AttributeError, TypeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return function


_MEMMEM = _memmem()
OPENING = b"{["
CHUNK, FEW = 64, 8
Find = Callable[[int], int]


@dataclass(slots=True)
class Matched:
    """What was found in some batches.

    Parameters
    ----------
    records
        In the order of their offsets.
    errors, example
        Records that could not be judged: how many, and the first with the reason.
    damaged
        Batches that could not be read: first offset, the one after the last, reason.
    """

    records: list[Record]
    errors: int = 0
    example: tuple[Record, str] | None = None
    damaged: list[tuple[int, int, str]] | None = None


class Matcher:
    """Judges batches by a filter and bounds of time. Thread-safe; each thread brings its own `Buffer`."""

    def __init__(self, wanted: Filter, span: Range, view: View) -> None:
        self._filter = wanted.compile()
        self._range = span
        self._view = view
        self._timed = span.after_ms is not None or span.before_ms is not None
        self._needle = None if wanted.shown or view.masks else _needle(wanted.texts)
        expression = None if wanted.texts or view.masks or self._timed else wanted.expression
        self._values = expression if expression is not None and expression.reads_value_only else None

    def match(self, batch: Batch, first: int, end: int, buffer: Buffer, into: Matched) -> None:
        """Add the records of a batch between two offsets that are meant."""
        try:
            for record in self._candidates(batch, first, end, buffer):
                if first <= record.offset < end and self._meant(record, into):
                    into.records.append(record)
        except KafkaError as error:
            into.damaged = into.damaged or []
            span = max(first, batch.base_offset), min(end, batch.last_offset + 1)
            into.damaged.append((*span, str(error.what)))

    def _meant(self, record: Record, into: Matched) -> bool:
        if self._timed and not self._range.holds(record.time_ms):
            return False
        try:
            return self._filter.accepts(record, self._look, shown=self._view.masks)
        except FilterError as error:
            into.errors += 1
            into.example = into.example or (record, str(error))
            return False

    def _look(self, record: Record) -> Viewed:
        return self._view(record)

    def _candidates(self, batch: Batch, first: int, end: int, buffer: Buffer) -> Iterator[Record]:
        after, before = self._range.after_ms, self._range.before_ms
        if after is not None and batch.max_time_ms < after:
            return
        if before is not None and batch.attributes & APPEND_TIME and batch.max_time_ms >= before:
            return
        payload = batch.payload_in(buffer)
        if self._values is not None:
            yield from _by_value(batch, bytes(payload), self._values)
            return
        if self._needle is None:
            if not batch.dense or (batch.base_offset >= first and batch.last_offset < end):
                yield from batch.records_of(bytes(payload))
                return
            for number, (at, to) in enumerate(record_ends(batch, payload), batch.base_offset):
                if number >= end:
                    return
                if number >= first:
                    yield record_at(batch, bytes(payload[at:to]))
            return
        find = self._needle(payload)
        hit = find(0)
        if hit < 0:
            return
        for start, end in record_ends(batch, payload):
            if hit >= end:
                continue
            yield record_at(batch, bytes(payload[start:end]))
            hit = find(end)
            if hit < 0:
                return


def _by_value(batch: Batch, payload: bytes, expression: Expression) -> Iterator[Record]:
    """Give the records that an expression on JSON values may hold for, or may fail on."""
    import orjson

    spans = value_spans(batch, payload)
    for at in range(0, len(spans), CHUNK):
        chunk = spans[at : at + CHUNK]
        values: list[Any] = []
        try:
            for _, _, first, end in chunk:
                if first < 0 or payload[first] not in OPENING:
                    break  # no document, or in another format: that is for the decoders to tell
                values.append(orjson.loads(payload[first:end]))
        except (ValueError, IndexError):
            pass
        if len(values) == len(chunk) and expression.none_of(values):
            continue
        for some in range(0, len(chunk), FEW):
            if some + FEW <= len(values) and expression.none_of(values[some : some + FEW]):
                continue
            for start, end, _, _ in chunk[some : some + FEW]:
                yield record_at(batch, payload[start:end])


def _needle(texts: tuple[Text, ...]) -> Callable[[memoryview], Find] | None:
    """Return how to find candidates in a payload: by the condition that promises the fewest."""
    literal = [text for text in texts if text.how != "regex" and not text.ignore_case and text.text]
    if literal:
        chosen = max(literal, key=lambda text: len(text.text))
        wanted = chosen.text.encode("utf-8", "surrogateescape")
        if chosen.how == "exact":  # key, value or header: their length stands before them
            wanted = _length(len(wanted)) + wanted
        return lambda payload: _literal(payload, wanted)
    for text in sorted(texts, key=lambda text: text.how == "regex"):
        if text.text and (text.how != "regex" or _anywhere(text.text)):
            compiled = pattern(text)
            return lambda payload, compiled=compiled: _regex(payload, compiled)  # type: ignore[misc]
    return None


def _literal(payload: memoryview, wanted: bytes) -> Find:
    size, length = len(payload), len(wanted)
    if _MEMMEM is None or payload.readonly or not size:
        data = bytes(payload)
        return lambda at: data.find(wanted, at)
    base = ctypes.addressof(ctypes.c_char.from_buffer(payload))

    def find(at: int) -> int:
        hit = _MEMMEM(base + at, size - at, wanted, length)
        return -1 if hit is None else int(hit) - base

    return find


def _regex(payload: memoryview, compiled: Any) -> Find:
    def find(at: int) -> int:
        hit = compiled.search(payload, at)
        return -1 if hit is None else int(hit.start())

    return find


def _anywhere(text: str) -> bool:
    """Say that a match inside a record is one in the payload as well: nothing in it depends on an edge."""
    plain = text.replace("\\\\", "").replace("[^", "[")
    return not any(edge in plain for edge in ("^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "\\Q", "(?"))


def _length(number: int) -> bytes:
    """Return a length as records store it: zigzag, in groups of seven bits."""
    number <<= 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
