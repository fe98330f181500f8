"""Exports: every byte kept or every line valid, and never half a file."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.messages import MaskRule, Messages
from prompt_kafka.messages import container
from prompt_kafka.messages.container import About, Writer
from prompt_kafka.messages.export import COLUMNS, allowed, cell, export, kind_of
from prompt_kafka.messages.view import PLAIN
from prompt_kafka.messages.views import view_of

ABOUT = About("visits", "topic-id", "cluster-id", "usdfdev", "all of it")
RECORDS = [
    Record("visits", 0, 0, 1_000, b"k", b'{"a": 1}', (("h", b"x"), ("none", None), ("h", b""))),
    Record("visits", 1, 7, -1, None, None),
    Record("visits", 0, 9, 2_000, b"", b"", (), True),
    Record("visits", 1, 8, 253_402_300_800_000, b"\xff", b"\x00\xff\x1b[2J"),
]


def write(path: Path, records: list[Record], view: object = PLAIN) -> Path:
    with export(str(path), view, ABOUT) as under_way:  # type: ignore[arg-type]
        for record in records:
            under_way.write(record)
        under_way.end["ending"] = "end of the range"
    assert under_way.done is not None
    assert under_way.done.records == len(records)
    assert under_way.done.bytes == path.stat().st_size
    return path


_bytes = st.none() | st.binary(max_size=40)
_headers = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), _bytes), max_size=3
)
_record = st.builds(
    Record,
    st.just("visits"),
    st.integers(0, 9),
    st.integers(0, 2**62),
    st.integers(-1, 2**62),
    _bytes,
    _bytes,
    _headers.map(tuple),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(_record, max_size=20))
def test_a_container_keeps_every_byte(records: list[Record]) -> None:
    out = io.BytesIO()
    writer = Writer(out, ABOUT)
    for record in records:
        writer.write(record)
    writer.close(read=[1])
    path = _file(out.getvalue())
    try:
        found = container.verify(path)
        assert list(container.records(path)) == records
        assert (found.about, found.records, found.end["read"]) == (ABOUT, len(records), [1])
        assert sum(found.partitions.values()) == len(records)
    finally:
        path.unlink()


def _file(data: bytes) -> Path:
    import tempfile

    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(data)
    return Path(file.name)


def test_many_blocks(tmp_path: Path) -> None:
    records = [Record("visits", n % 3, n, n, b"k", bytes([n % 256]) * 200_000) for n in range(30)]
    path = write(tmp_path / "a.pkr", records)
    assert container.verify(path).partitions == {0: 10, 1: 10, 2: 10}
    assert container.verify(path).oldest_ms == 0
    assert list(container.records(path)) == records


def test_every_damage_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkr", RECORDS)
    whole = path.read_bytes()
    damaged = tmp_path / "damaged.pkr"
    for at in range(len(whole)):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(UsageError):
            container.verify(damaged)
        damaged.write_bytes(whole[:at])
        with pytest.raises(UsageError):
            container.verify(damaged)
    damaged.write_bytes(whole + whole[8:])
    with pytest.raises(UsageError, match="something follows its end"):
        container.verify(damaged)


@settings(max_examples=100)
@given(st.binary(max_size=200), st.booleans())
def test_any_other_file_is_refused_in_words(data: bytes, marked: bool) -> None:
    path = _file((container.MAGIC if marked else b"") + data)
    try:
        with pytest.raises(UsageError):
            container.verify(path)
    finally:
        path.unlink()


def test_ndjson_says_how_to_read_each_field(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in write(tmp_path / "a.ndjson", RECORDS).read_text().splitlines()]
    assert [(line["value"], line["value_encoding"]) for line in lines] == [
        ({"a": 1}, "json"),
        (None, "null"),
        ("", "text"),
        ("AP8bWzJK", "base64"),
    ]
    assert lines[0]["headers"][1] == {"name": "none", "value": None, "value_encoding": "null"}
    assert [line["time"] for line in lines] == [
        "1970-01-01T00:00:01.000Z",
        None,
        "1970-01-01T00:00:02.000Z",
        "253402300800000 ms",
    ]


@pytest.mark.parametrize("value", [b'{"a": 1e999}', b'{"a": "\\ud800"}', b'{"a": -1e999, "b": "\xc3\xb6"}'])
def test_every_line_is_json_whatever_the_value_holds(tmp_path: Path, value: bytes) -> None:
    path = write(tmp_path / "a.jsonl", [Record("t", 0, 0, 0, None, value)])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_csv_cannot_bring_a_formula_into_a_spreadsheet(tmp_path: Path) -> None:
    values = [
        b"=cmd|' /C calc'!A0",
        b"@SUM(A1)",
        b"+1+1",
        b"-2+3",
        b"-17.5",
        b"\t=1",
        b'plain, "quoted"\nline',
    ]
    records = [Record("t", 0, n, 0, b"=k", value) for n, value in enumerate(values)]
    with write(tmp_path / "a.csv", records).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["value"] for row in rows] == [
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "'+1+1",
        "'-2+3",
        "-17.5",
        "'\t=1",
        'plain, "quoted"\nline',
    ]
    assert {row["key"] for row in rows} == {"'=k"}


@given(st.text())
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(text: str) -> None:
    shown = cell(text)
    assert shown.removeprefix("'") == text.removeprefix("'") or shown == text
    if shown[:1] in ("=", "@", "\t", "\r"):
        raise AssertionError(shown)
    if shown[:1] in ("+", "-"):
        float(shown) if shown[1:] != "" else None


def test_masks_are_in_every_export_and_no_container_is_made_of_such_a_topic(tmp_path: Path) -> None:
    settings_ = Messages(masks=(MaskRule("personal", ("visits",), ("$.token",), key=True),))
    view = view_of(settings_, "visits", {})
    records = [
        Record("visits", 0, 0, 0, b"s3cret", b'{"token": "s3cret", "n": 1}'),
        Record("visits", 0, 1, 0, None, b"s3cret"),
    ]
    for ending in ("ndjson", "csv"):
        text = write(tmp_path / f"a.{ending}", records, view).read_text()
        assert "s3cret" not in text and "not parseable" in text
        allowed(settings_, "visits", ending)
    with pytest.raises(RefusedError, match="the mask personal"):
        allowed(settings_, "visits", "container")
    allowed(settings_, "canary", "container")


def test_exports_can_be_forbidden() -> None:
    with pytest.raises(RefusedError, match="export-forbidden"):
        allowed(Messages(export=False), "visits", "ndjson")


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Record]:
        yield RECORDS[0]
        raise KeyboardInterrupt

    for ending in ("ndjson", "csv", "pkr"):
        with (
            pytest.raises(KeyboardInterrupt),
            export(str(tmp_path / f"a.{ending}"), PLAIN, ABOUT) as under_way,
        ):
            for record in interrupted():
                under_way.write(record)
        assert list(tmp_path.iterdir()) == []


def test_names(tmp_path: Path) -> None:
    assert [kind_of(name) for name in ("-", "a.ndjson", "a.JSONL", "a.csv", "a.pkr")] == [
        "ndjson",
        "ndjson",
        "ndjson",
        "csv",
        "container",
    ]
    with pytest.raises(UsageError, match="the ending says the format"):
        kind_of("a.txt")
    there = tmp_path / "a.csv"
    there.write_text("mine")
    with pytest.raises(UsageError, match="there already"), export(str(there), PLAIN, ABOUT):
        raise AssertionError
    assert there.read_text() == "mine"
    with (
        pytest.raises(UsageError, match="cannot write there"),
        export(str(tmp_path / "no" / "a.csv"), PLAIN, ABOUT),
    ):
        raise AssertionError


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with export("-", PLAIN, ABOUT) as under_way:
        under_way.write(RECORDS[0])
    assert under_way.done is not None and "standard output" in under_way.done.line
    assert json.loads(capfdbinary.readouterr().out)["offset"] == 0
