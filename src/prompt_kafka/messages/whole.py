"""One record shown whole: every field, what was peeled off, what was tried; its stored bytes on request."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prompt_kafka.messages.decode import Decoded, printable
from prompt_kafka.messages.permalink import Looked
from prompt_kafka.messages.render import record_json, time_text
from prompt_kafka.messages.view import View, Viewed

if TYPE_CHECKING:
    from rich.console import RenderableType

HEX_LINE = 16


def looked_json(looked: Looked, view: View) -> dict[str, Any]:
    """Return what a link leads to as JSON; a record with its decoders, and its bytes unless masked."""
    found: dict[str, Any] = {
        "link": str(looked.link),
        "answer": looked.answer.value,
        "because": looked.text,
        "record": None,
    }
    if looked.record is not None:
        shown = view(looked.record)
        headers = [{"name": name, **_decoding(each)} for name, each in shown.headers]
        found["record"] = record_json(looked.record, view)
        found["decoding"] = {"key": _decoding(shown.key), "value": _decoding(shown.value), "headers": headers}
    return found


def _decoding(decoded: Decoded) -> dict[str, Any]:
    return {
        "format": decoded.format,
        "schema": decoded.schema or None,
        "layers": [each._asdict() for each in decoded.layers],
        "tried": [each._asdict() for each in decoded.tried],
        "raw": None if decoded.raw is None else base64.b64encode(decoded.raw).decode("ascii"),
    }


def lines(looked: Looked, shown: Viewed) -> Iterator[RenderableType]:
    """Give a record's lines for a terminal."""
    from rich.text import Text

    record = shown.record
    head = Text(f"{record.topic}", "bold")
    head.append(f"  partition {record.partition}  offset {record.offset}  ", "cyan")
    head.append(time_text(record.time_ms) or "without a time", "dim")
    if record.transactional:
        head.append("  in a transaction", "dim")
    yield head
    yield Text.assemble(("link    ", "dim"), str(looked.link))
    yield from _part("key", shown.key)
    for name, each in shown.headers:
        yield from _part(f"header {printable(name)}", each)
    yield from _part("value", shown.value)


def _part(name: str, decoded: Decoded) -> Iterator[RenderableType]:
    from rich.text import Text

    if decoded.format == "null":
        yield Text.assemble(
            (f"{name}  ", "bold"), ("none: a tombstone" if name == "value" else "none", "dim")
        )
        return
    yield Text.assemble((f"{name}  ", "bold"), (how(decoded), "dim"))
    text = decoded.text
    if decoded.structured:
        text = printable(json.dumps(decoded.value, indent=2, ensure_ascii=False))
    for line in text.split("\n"):
        yield Text(f"  {line}", "yellow" if decoded.format in ("hex", "masked") else "")
    reasons: dict[str, list[str]] = {}
    for each in decoded.tried:
        reasons.setdefault(each.why, []).append(each.format)
    for why, formats in reasons.items():
        yield Text(f"  not {', '.join(formats)}: {why}", "dim")


def how(decoded: Decoded) -> str:
    """Say in words what bytes turned out to be: ``gzip (61 → 120 bytes) · json``."""
    size = [] if decoded.raw is None or decoded.layers else [f"{len(decoded.raw)} bytes"]
    layers = [f"{each.kind} ({each.before} → {each.after} bytes)" for each in decoded.layers]
    schema = [decoded.schema] if decoded.schema else []
    return " · ".join([*layers, decoded.format, *schema, *size])


def hex_lines(data: bytes) -> Iterator[str]:
    """Give a hex dump, sixteen bytes a line."""
    for at in range(0, len(data), HEX_LINE):
        part = data[at : at + HEX_LINE]
        digits = part.hex(" ")
        words = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{at:08x}  {digits:<47}  {words}"
