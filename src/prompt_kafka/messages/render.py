"""Topics and records as tables for a terminal and as JSON for scripts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka import Record
from prompt_kafka.messages.asking import Found
from prompt_kafka.messages.decode import Decoded, printable
from prompt_kafka.messages.view import PLAIN, View

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

LINE = 400
LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def time_text(time_ms: int) -> str:
    """Return a record's time, UTC; empty when the producer gave none, milliseconds when it is no date."""
    if time_ms < 0:
        return ""
    if time_ms > LAST_MS:
        return f"{time_ms} ms"
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _json_field(name: str, shown: Decoded) -> dict[str, Any]:
    if shown.format == "hex" and shown.raw is not None:
        return {name: base64.b64encode(shown.raw).decode("ascii"), f"{name}_encoding": "base64"}
    return {name: shown.value, f"{name}_encoding": shown.format}


def record_json(record: Record, view: View = PLAIN) -> dict[str, Any]:
    """Return a record as JSON.

    ``value_encoding`` (and ``key_encoding``) say how to read the field: ``json``, ``text``, ``base64``, or
    ``null`` for a record without a value, which is not the text "null".
    """
    shown = view(record)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "time": time_text(record.time_ms) or None,
        **_json_field("key", shown.key),
        **_json_field("value", shown.value),
        "headers": [{"name": name, **_json_field("value", value)} for name, value in shown.headers],
    }


def found_json(found: Found, view: View = PLAIN, token: str | None = None) -> dict[str, Any]:
    """Return records, what was read and what was not as JSON."""
    page = found.page
    return {
        "topic": page.topic,
        "topic_id": page.topic_id,
        "order": "oldest first" if page.forwards else "newest first",
        "ending": page.ending,
        "more": page.more,
        "continue": token,
        "key_partition": found.key_partition,
        "seconds": round(found.progress.seconds, 3),
        "bytes": found.progress.fetched,
        "searched": found.progress.records,
        "not_judged": found.errors,
        "not_judged_example": None
        if found.example is None
        else {"record": record_json(found.example[0], view), "reason": found.example[1]},
        "read": [
            {
                "partition": span.partition,
                "from": span.first,
                "to": span.end,
                "records": span.records,
                "transaction_markers": span.markers,
                "aborted": span.aborted,
                "compacted": span.compacted,
            }
            for span in page.spans
        ],
        "not_read": [
            {"partition": each.partition, "from": each.first, "to": each.end, "because": each.why}
            for each in page.unread
        ],
        "not_seen": [{"partition": p, "because": why} for p, why in sorted(page.unseen.items())],
        "records": [record_json(record, view) for record in page.records],
    }


def record_line(record: Record, view: View = PLAIN, *, whole: bool = False) -> Text:
    """Return a record as one line: time, partition:offset, key, value."""
    from rich.text import Text

    shown = view(record)
    value = _one_line(shown.value, None if whole else LINE)
    line = Text.assemble(
        (time_text(record.time_ms), "dim"), " ", (f"{record.partition}:{record.offset}", "cyan"), " "
    )
    if record.key is not None:
        line.append(_one_line(shown.key, 80).plain + " ", "green")
    return line.append_text(value)


def records_table(records: Sequence[Record], view: View = PLAIN) -> Table:
    """Return records as a table."""
    from rich.table import Table
    from rich.text import Text

    keys = any(record.key is not None for record in records)
    headers = any(record.headers for record in records)
    table = Table(box=None, padding=(0, 1), header_style="bold", expand=True)
    for name in ("TIME (UTC)", "PARTITION", "OFFSET"):
        table.add_column(name, no_wrap=True, justify="left" if "TIME" in name else "right")
    if keys:
        table.add_column("KEY", overflow="ellipsis", no_wrap=True, max_width=40)
    if headers:
        table.add_column("HEADERS", overflow="ellipsis", no_wrap=True, max_width=40)
    table.add_column("VALUE", overflow="ellipsis", no_wrap=True, ratio=1)  # the others are never pushed aside
    for record in records:
        shown = view(record)
        cells: list[str | Text] = [time_text(record.time_ms), str(record.partition), str(record.offset)]
        if keys:
            cells.append(_one_line(shown.key, LINE))
        if headers:
            cells.append(Text(" ".join(f"{printable(k)}={_one_line(v, 80).plain}" for k, v in shown.headers)))
        table.add_row(*cells, _one_line(shown.value, LINE))
    return table


def _one_line(shown: Decoded, limit: int | None) -> Text:
    from rich.text import Text

    if shown.format == "null":
        return Text("(none)", "dim italic")
    text = shown.text.replace("\n", "⏎").replace("\t", " ")
    if limit is not None and len(text) > limit:
        size = f" ({len(shown.raw)} bytes)" if shown.raw is not None else ""
        text = f"{text[:limit]}…{size}"
    return Text(text, "yellow" if shown.format == "hex" else "")
