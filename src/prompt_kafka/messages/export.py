"""Writing records to a file as they come: NDJSON, CSV, or a container that keeps every byte.

A file appears under its name only when it is finished; what was interrupted leaves nothing.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UsageError
from prompt_kafka.core.messages import MaskRule, Messages
from prompt_kafka.messages import container
from prompt_kafka.messages.decode.plain import plain
from prompt_kafka.messages.masks import refuse_raw
from prompt_kafka.messages.render import record_json, time_text
from prompt_kafka.messages.view import View

KINDS = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".pkr": "container"}
STDOUT = "-"
COLUMNS = (
    "topic",
    "partition",
    "offset",
    "time",
    "key_encoding",
    "key",
    "value_encoding",
    "value",
    "headers",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet would take for a formula."""
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; `bytes` and `sha256` are those of the whole file."""

    path: str
    kind: str
    records: int
    bytes: int
    sha256: str

    @property
    def line(self) -> str:
        """What a person is told."""
        name = "standard output" if self.path == STDOUT else self.path
        return f"wrote {self.records} records ({self.bytes} bytes, sha256 {self.sha256[:12]}…) to {name}"


def kind_of(path: str) -> str:
    """Return the format of a file by its ending; ``-`` is NDJSON on standard output.

    Raises
    ------
    UsageError
        The ending is not known, or the file is there already.
    """
    if path == STDOUT:
        return "ndjson"
    kind = KINDS.get(Path(path).suffix.lower())
    if kind is None:
        raise UsageError(
            f"{path}: the ending says the format, and this one is not known",
            next=f"end it with {', '.join(KINDS)}, or give - for NDJSON on standard output",
        )
    if Path(path).exists():
        raise UsageError("the file is there already", where=path, next="choose another name")
    return kind


def allowed(settings: Messages, topic: str, kind: str) -> None:
    """Refuse what the configuration forbids.

    Raises
    ------
    RefusedError
        Exports are forbidden, or the bytes of a topic with masks were asked for.
    """
    if not settings.export:
        raise RefusedError(
            "export-forbidden",
            "messages of this environment are not written to files",
            next="service.yaml says so: messages.export",
        )
    if kind == "container":
        rules: tuple[MaskRule, ...] = settings.masks_of(topic)
        refuse_raw(rules, topic)


class Sink(Protocol):
    """Takes records, one after the other."""

    def write(self, record: Record) -> None:
        """Write one."""

    def close(self, **end: Any) -> None:
        """Write what belongs to the end."""


class Export:
    """An export under way; give its `write` each record.

    Attributes
    ----------
    end
        What is to be said at the end of a container, such as which offsets were read.
    done
        What was written, once it is finished.
    """

    def __init__(self, path: str, kind: str, sink: Sink) -> None:
        self.path, self.kind = path, kind
        self.end: dict[str, Any] = {}
        self.done: Exported | None = None
        self._sink = sink
        self._records = 0

    def write(self, record: Record) -> None:
        """Write one record."""
        self._sink.write(record)
        self._records += 1

    def _finish(self, out: _Counted) -> None:
        self._sink.close(**self.end)
        self.done = Exported(self.path, self.kind, self._records, out.count, out.digest.hexdigest())


@contextmanager
def export(path: str, view: View, about: container.About) -> Iterator[Export]:
    """Give an export that is finished when the block ends, and leaves nothing behind when it fails.

    Parameters
    ----------
    path
        The file; ``-`` for standard output.
    view
        How records are shown, with masks; a container has none.
    """
    kind = kind_of(path)
    if path == STDOUT:
        out = _Counted(sys.stdout.buffer)
        under_way = Export(path, kind, _sink(kind, out, view, about))
        yield under_way
        under_way._finish(out)
        sys.stdout.buffer.flush()
        return
    folder = Path(path).absolute().parent
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{Path(path).name}.")
    except OSError as error:
        raise UsageError(f"cannot write there: {error.strerror}", where=str(folder)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            out = _Counted(file)
            under_way = Export(path, kind, _sink(kind, out, view, about))
            yield under_way
            under_way._finish(out)
            file.flush()
            os.fsync(file.fileno())
        _name(temporary, path)
    except FileExistsError as error:
        raise UsageError("the file is there already", where=path, next="choose another name") from error
    except OSError as error:
        raise PromptKafkaError(f"the export failed: {error.strerror}", where=path) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _name(temporary: str, path: str) -> None:
    """Give the finished file its name, never in the place of another one."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        Path(temporary).rename(path)


def _sink(kind: str, out: _Counted, view: View, about: container.About) -> Sink:
    if kind == "csv":
        return _Csv(out, view)
    return _Container(out, about) if kind == "container" else _Ndjson(out, view)


class _Counted:
    """A stream that counts and sums what goes through it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.count = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._out.write(data)
        self.digest.update(data)
        self.count += len(data)
        return len(data)


class _Ndjson:
    def __init__(self, out: _Counted, view: View) -> None:
        self._out, self._view = out, view

    def write(self, record: Record) -> None:
        self._out.write(json_line(record_json(record, self._view)) + b"\n")

    def close(self, **_: Any) -> None:
        pass


class _Text:
    """Gives text to a stream of bytes."""

    def __init__(self, out: _Counted) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode("utf-8", "backslashreplace"))


class _Csv:
    def __init__(self, out: _Counted, view: View) -> None:
        self._view = view
        self._writer = csv.writer(_Text(out))
        self._writer.writerow(COLUMNS)

    def write(self, record: Record) -> None:
        shown = self._view(record)
        headers = [
            {"name": name, "value": None if each.format == "null" else each.text}
            for name, each in shown.headers
        ]
        self._writer.writerow(
            (
                record.topic,
                record.partition,
                record.offset,
                time_text(record.time_ms),
                shown.key.format,
                cell(shown.key.text),
                shown.value.format,
                cell(shown.value.text),
                cell(json_line(headers).decode()) if headers else "",
            )
        )

    def close(self, **_: Any) -> None:
        pass


class _Container:
    def __init__(self, out: _Counted, about: container.About) -> None:
        self._writer = container.Writer(out, about)

    def write(self, record: Record) -> None:
        self._writer.write(record)

    def close(self, **end: Any) -> None:
        self._writer.close(**end)


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: a quote is put before what begins like one."""
    return f"'{text}" if text.startswith(FORMULA) and not _number(text) else text


def _number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace(".", "", 1).isdigit() and text.isascii()


def json_line(value: Any) -> bytes:
    """Return a value as one line of JSON, whatever it holds: also numbers that JSON has not."""
    try:
        return _encode(value).encode("utf-8")
    except ValueError:  # an infinite number, or half of a character
        return json.dumps(plain(value, 1 << 62)).encode("ascii")
