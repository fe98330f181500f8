"""Bytes made readable, whatever they hold: a table of what is taken for what, and why not for others."""

import base64
import bz2
import gzip
import io
import json
import lzma
import struct
import sys
import time
import unicodedata
import zlib

import cbor2
import cramjam
import fastavro
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_kafka.core.messages import SchemaFiles
from prompt_kafka.messages.decode import Chain, Decoded, Layer, Limits, Schemas, show
from prompt_kafka.messages.decode.peel import XERIAL

DOC = {"visit": 42, "ok": True, "name": "Größe"}
UUID = "550e8400-e29b-41d4-a716-446655440000"
JSON = json.dumps(DOC).encode()


def zstd(data: bytes) -> bytes:
    return bytes(cramjam.zstd.compress(data))


def lz4(data: bytes) -> bytes:
    return bytes(cramjam.lz4.compress(data))


def snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(data))


def xerial(data: bytes) -> bytes:
    blocks = (bytes(cramjam.snappy.compress_raw(data[at : at + 50])) for at in range(0, len(data), 50))
    return XERIAL + struct.pack(">ii", 1, 1) + b"".join(struct.pack(">i", len(b)) + b for b in blocks)


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


@pytest.mark.parametrize(
    ("data", "format", "text", "value"),
    [
        # a tombstone, no bytes, and the word are three things
        (None, "null", "", None),
        (b"", "text", "", ""),
        (b"null", "text", "null", "null"),
        # JSON is an object or a list; numbers, words and what only looks like JSON are text
        (b'{"a": 1}', "json", '{"a": 1}', {"a": 1}),
        (b"[1, 2]", "json", "[1, 2]", [1, 2]),
        (b' \r\n\t{"a": 1}\n', "json", '{"a": 1}\n', {"a": 1}),
        ('\ufeff{"a": 1}'.encode(), "json", '{"a": 1}', {"a": 1}),
        (b"{broken", "text", "{broken", "{broken"),
        (b'{"a": NaN}', "text", '{"a": NaN}', '{"a": NaN}'),
        (b'{"a": 1} tail', "text", '{"a": 1} tail', '{"a": 1} tail'),
        (b"[" + b"9" * 5000 + b"]", "text", "[" + "9" * 5000 + "]", "[" + "9" * 5000 + "]"),
        (b"42", "text", "42", "42"),
        (b'"word"', "text", '"word"', '"word"'),
        (b"12345678901234567890", "text", "12345678901234567890", "12345678901234567890"),
        # text, in any language, is never taken for a binary format
        ("Größe".encode(), "text", "Größe", "Größe"),
        (b"abc", "text", "abc", "abc"),
        (b"deadbeefdeadbeefdeadbeefdeadbeef", "text", "deadbeef" * 4, "deadbeef" * 4),
        (b"visit-2026-05-01-LSSTCam", "text", "visit-2026-05-01-LSSTCam", "visit-2026-05-01-LSSTCam"),
        (UUID.encode(), "text", UUID, UUID),
        (b"ThisIsACamelCaseName", "text", "ThisIsACamelCaseName", "ThisIsACamelCaseName"),
        (b"aGVsbG8=", "text", "aGVsbG8=", "aGVsbG8="),  # base64, but too short to be sure
        # bytes that are nothing known
        (b"\xff\x00", "hex", "ff00", "ff00"),
        (b"\x1b[2J", "hex", "1b5b324a", "1b5b324a"),
        ("Größe".encode("latin-1"), "hex", "4772f6df65", "4772f6df65"),
        (struct.pack(">q", 7), "hex", "0000000000000007", "0000000000000007"),
        (struct.pack(">d", -1.5), "hex", "bff8000000000000", "bff8000000000000"),
        # MessagePack: whole maps with text keys, and lists that are long enough
        (msgpack.packb(DOC), "msgpack", json.dumps(DOC, ensure_ascii=False), DOC),
        (msgpack.packb([1, 2, 3, 4]), "msgpack", "[1, 2, 3, 4]", [1, 2, 3, 4]),
        (msgpack.packb({"b": b"\x00\xff"}), "msgpack", '{"b": "base64:AP8="}', {"b": "base64:AP8="}),
        (msgpack.packb({"n": {1: 2}}), "msgpack", '{"n": {"1": 2}}', {"n": {"1": 2}}),
        (b"\x80", "hex", "80", "80"),
        (b"\x91\x05", "hex", "9105", "9105"),
        (msgpack.packb(DOC) + b"\x00", "hex", (msgpack.packb(DOC) + b"\x00").hex(), None),
        # CBOR: maps and lists that MessagePack cannot be
        (cbor2.dumps(DOC), "cbor", json.dumps(DOC, ensure_ascii=False), DOC),
        (cbor2.dumps({1: "key id"}), "cbor", '{"1": "key id"}', {"1": "key id"}),
        (cbor2.dumps(["a", "b"]), "cbor", '["a", "b"]', ["a", "b"]),
        (b"\xd9\xd9\xf7\x05", "cbor", "5", 5),
        (b"\x82\x01\x02", "hex", "820102", "820102"),
    ],
)  # fmt: skip
def test_what_is_taken_for_what(data: bytes | None, format: str, text: str, value: object) -> None:
    shown = show(data)
    assert (shown.format, shown.text) == (format, text)
    assert value is None or shown.value == value
    assert shown.raw == data
    assert shown.layers == ()


@pytest.mark.parametrize(
    ("data", "kinds", "format"),
    [
        (gzip.compress(JSON), ["gzip"], "json"),
        (gzip.compress(JSON[:10]) + gzip.compress(JSON[10:]), ["gzip"], "json"),
        (zstd(JSON), ["zstd"], "json"),
        (lz4(JSON), ["lz4"], "json"),
        (snappy(JSON), ["snappy"], "json"),
        (xerial(JSON * 1), ["snappy"], "json"),
        (b64(JSON), ["base64"], "json"),
        (base64.urlsafe_b64encode(JSON).rstrip(b"="), ["base64"], "json"),
        (base64.encodebytes(JSON * 3 + b" "), ["base64"], "text"),
        (b64(gzip.compress(JSON)), ["base64", "gzip"], "json"),
        (gzip.compress(b64(zstd(JSON))), ["gzip", "base64", "zstd"], "json"),
        (zstd(msgpack.packb(DOC)), ["zstd"], "msgpack"),
        (b64(msgpack.packb(DOC)), ["base64"], "msgpack"),
        (b64(cbor2.dumps(DOC)), ["base64"], "cbor"),
        (b64(b"a sentence in plain words"), ["base64"], "text"),
        (gzip.compress(b"\x00\xff"), ["gzip"], "hex"),
        (gzip.compress(b""), ["gzip"], "text"),
    ],
)
def test_layers_are_peeled(data: bytes, kinds: list[str], format: str) -> None:
    shown = show(data)
    assert ([layer.kind for layer in shown.layers], shown.format) == (kinds, format), shown.tried
    assert shown.raw == data
    assert shown.layers[0].before == len(data)
    if format in ("json", "msgpack", "cbor"):
        assert shown.value == DOC


def test_base64_that_holds_nothing_recognisable_is_text_and_says_so() -> None:
    shown = show(b64(bytes(range(128, 160))))
    assert shown.format == "text"
    assert dict(shown.tried)["base64"] == "it decodes, but to nothing recognisable"


def test_why_the_others_did_not_match() -> None:
    assert show(JSON).tried == ()
    words = dict(show(b"some words").tried)
    assert words["json"].startswith("it begins neither") and "readable text" in words["cbor"]
    assert (
        dict(show(b"{broken").tried)["json"]
        == "Expecting property name enclosed in double quotes at character 1"
    )
    noise = dict(show(b"\xc1\xc1\xc1").tried)
    assert list(noise) == ["json", "avro", "protobuf", "msgpack", "cbor", "text"]
    assert "messages.schemas.types" in noise["protobuf"]
    assert "left over" in dict(show(msgpack.packb(DOC) + b"\x00").tried)["msgpack"]
    damaged = show(gzip.compress(JSON)[:-9])
    assert damaged.format == "hex"
    assert dict(damaged.tried)["gzip"] == "begins like gzip, but does not decompress (it ends too early)"
    assert "no such id is configured" in dict(show(b"\x00\x00\x00\x00\x07\x02\xff").tried)["avro"]


# -- bombs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bomb", [gzip.compress, zstd, lz4, snappy])
def test_a_bomb_is_not_peeled(bomb: object) -> None:
    data = bomb(b"\0" * (40 << 20))  # type: ignore[operator]
    shown = show(data)
    assert shown.format == "hex"
    assert "not peeled" in shown.tried[0].why and "allowed" in shown.tried[0].why


def test_the_ratio_and_the_output_are_bounded_and_little_is_always_allowed() -> None:
    small = Chain(limits=Limits(output=10_000, ratio=10, free=1000))
    assert small.decode(gzip.compress(b"a" * 900)).format == "text"
    assert small.decode(gzip.compress(b"a" * 9000)).format == "hex"
    assert small.decode(xerial(b"a" * 20_000)).format == "hex"


def test_layers_are_bounded() -> None:
    data = JSON
    for _ in range(4):
        data = gzip.compress(data)
    assert len(show(data).layers) == 4
    deeper = show(gzip.compress(data))
    assert (len(deeper.layers), deeper.format) == (4, "hex")
    assert "more than 4 layers" in deeper.tried[0].why


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"\x91" * 100_000 + b"\x00",
        b"\x81" * 100_000 + b"\x00",
        b"\xdd\xff\xff\xff\xff",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xd9\xd9\xf7\xc5\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",  # a float of 2 ** (2 ** 63)
        b"\xd9\xd9\xf7\xc2\x5a\x00\x10\x00\x00" + b"\xff" * (1 << 20),  # an integer of a million bytes
        b"\xd9\xd9\xf7\xd8\x1e\x82\x01\x00",  # one nothingth
        b"\xd9\xd9\xf7\xd8\x23\x64((((",  # a pattern that is none
        b"\xd9\xd9\xf7\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"Obj\x01\x00",
        b"\xc3\x01",
        b"\x82SNAPPY\x00",
        b"\x82SNAPPY\x00" + b"\xff" * 12,
        b"\x1f\x8b\x08",
        b"\x00" * 5,
    ],
)
def test_hostile_bytes_end_as_hex_or_text_in_no_time(data: bytes) -> None:
    begun = time.process_time()
    shown = show(data)
    assert shown.format in ("hex", "text", "cbor")
    assert shown.raw == data
    assert time.process_time() - begun < 2


def test_shared_parts_do_not_explode() -> None:
    value: object = ["x"] * 10
    for _ in range(12):
        value = [value] * 10
    shown = show(b"\xd9\xd9\xf7" + cbor2.dumps(value, value_sharing=True))
    assert shown.format == "hex"
    assert "more values than it has bytes" in dict(shown.tried)["cbor"]


# -- Avro -------------------------------------------------------------------------------------------------

SCHEMA = {
    "type": "record",
    "name": "rubin.Visit",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "band", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
VISIT = {"id": 7, "band": "r", "at": 1_000}
SHOWN = {"id": 7, "band": "r", "at": "1970-01-01T00:00:01+00:00"}


def container(records: list[dict[str, object]], codec: str = "null", schema: object = SCHEMA) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec=codec)  # type: ignore[arg-type]
    return out.getvalue()


def bare(schema: object, value: object) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_avro_container(codec: str) -> None:
    shown = show(container([VISIT, VISIT], codec))
    assert (shown.format, shown.value) == ("avro", [SHOWN, SHOWN]), shown.tried
    assert shown.schema == "container file of rubin.Visit"


def test_avro_container_bombs_and_damage() -> None:
    assert show(container([VISIT])[:-5]).format == "hex"
    text = {"type": "record", "name": "T", "fields": [{"name": "t", "type": "string"}]}
    small = Chain(limits=Limits(output=1 << 20))
    for codec in ("deflate", "bzip2", "xz"):
        bomb = small.decode(container([{"t": "\0" * (2 << 20)}], codec, text))
        assert bomb.format == "hex"
        assert "grows to more than is allowed" in dict(bomb.tried)["avro"]
    nulls = {"type": "record", "name": "N", "fields": [{"name": f"n{n}", "type": "null"} for n in range(900)]}
    many = show(container([{f"n{n}": None for n in range(900)}] * 2000, schema=nulls))
    assert "very many values" in dict(many.tried)["avro"]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "array", "items": "null"}, "very many values"),
        ({"type": "array", "items": {"type": "record", "name": "E", "fields": []}}, "very many values"),
        (
            {"type": "record", "name": "R", "fields": [{"name": "x", "type": "nothing.Known"}]},
            "no Avro schema",
        ),
    ],
)
def test_schemas_that_could_unfold_without_end_are_not_used(schema: object, why: str) -> None:
    from prompt_kafka.messages.decode.avro_schema import SchemaError, prepare

    with pytest.raises(SchemaError, match=why):
        prepare(json.dumps(schema))


def test_records_that_double_at_every_level_are_not_used() -> None:
    from prompt_kafka.messages.decode.avro_schema import SchemaError, prepare

    schema: object = {"type": "record", "name": "R0", "fields": [{"name": "n", "type": "null"}]}
    for level in range(1, 40):
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": f"R{level - 1}"}]
        schema = {"type": "record", "name": f"R{level}", "fields": fields}
    with pytest.raises(SchemaError, match="too many values"):
        prepare(json.dumps(schema))


def test_a_chain_of_a_million_records_does_not_end_the_process() -> None:
    schema = {"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}
    data = container([], schema=schema)
    sync = data[-16:]
    body = b"\x02" * 1_000_000 + b"\x00"
    block = bare("long", 1) + bare("long", len(body)) + body + sync
    shown = show(data + block)
    assert shown.format == "hex"
    assert "nested too deeply" in dict(shown.tried)["avro"]
    short = b"\x02\x02\x00"
    assert show(data + bare("long", 1) + bare("long", 3) + short + sync).value == [
        {"next": {"next": {"next": None}}}
    ]


@pytest.fixture
def with_schema(tmp_path: object) -> Chain:
    path = tmp_path / "visit.avsc"  # type: ignore[operator]
    path.write_text(json.dumps(SCHEMA))
    return Chain(Schemas(SchemaFiles(avro=(str(path),), ids={9: str(path)})))


def test_avro_single_object_and_wire_format_with_schemas_from_files(with_schema: Chain) -> None:
    from fastavro.schema import fingerprint, to_parsing_canonical_form

    mark = bytes.fromhex(fingerprint(to_parsing_canonical_form(SCHEMA), "CRC-64-AVRO"))
    body = bare(SCHEMA, VISIT)
    single = with_schema.decode(b"\xc3\x01" + mark + body)
    assert (single.format, single.value, single.schema) == ("avro", SHOWN, "rubin.Visit (by fingerprint)")
    wire = with_schema.decode(b"\x00" + struct.pack(">i", 9) + body)
    assert (wire.format, wire.value, wire.schema) == ("avro", SHOWN, "rubin.Visit (schema 9)")
    assert with_schema.decode(b64(b"\x00" + struct.pack(">i", 9) + body)).layers == (Layer("base64", 16, 11),)
    assert (
        "left over" in dict(with_schema.decode(b"\x00" + struct.pack(">i", 9) + body + b"\x00").tried)["avro"]
    )
    assert "schema 8" in dict(with_schema.decode(b"\x00" + struct.pack(">i", 8) + body).tried)["avro"]
    other = b"\xc3\x01" + b"\x01" * 8 + body
    assert "no schema with the fingerprint 0101" in dict(with_schema.decode(other).tried)["avro"]


ODD = {
    "type": "record",
    "name": "Odd",
    "fields": [
        {"name": "u", "type": ["null", "Odd", "bytes", {"type": "map", "values": "double"}]},
        {"name": "a", "type": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 2}}},
        {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "t", "type": {"type": "int", "logicalType": "date"}},
    ],
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    path = tmp_path_factory.mktemp("schemas") / "odd.avsc"
    path.write_text(json.dumps(ODD))
    return Chain(Schemas(SchemaFiles(ids={1: str(path)})))


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_in_the_wire_format_are_decoded_somehow(odd: Chain, data: bytes) -> None:
    data = b"\x00\x00\x00\x00\x01" + data
    _judge(odd.decode(data), data)


@pytest.mark.parametrize(
    ("library", "format", "data"),
    [("cbor2", "cbor", cbor2.dumps(DOC)), ("fastavro", "avro", b"Obj\x01\x00\x00")],
)
def test_a_library_that_is_not_installed_is_a_reason(
    library: str, format: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert dict(show(data).tried)[format] == "not tried: install prompt-kafka[decoders]"


# -- properties -------------------------------------------------------------------------------------------

_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")

_inner = (
    st.binary()
    | st.text().map(lambda text: text.encode())
    | st.sampled_from([JSON, msgpack.packb(DOC), cbor2.dumps(DOC), container([VISIT])])
)
_wrapped = st.builds(
    lambda data, wraps: _wrap(data, wraps),
    _inner,
    st.lists(
        st.sampled_from(
            [gzip.compress, zstd, lz4, snappy, xerial, b64, bz2.compress, lzma.compress, zlib.compress]
        ),
        max_size=5,
    ),
)
_cut = st.builds(
    lambda data, at, byte: data[:at] + byte + data[at + 1 :],
    _wrapped,
    st.integers(0, 60),
    st.binary(max_size=2),
)
_MARKS = [
    *(b"Obj\x01", b"\xc3\x01", b"\x00", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"),
    *(XERIAL, b"\xff\x06\x00\x00sNaPpY", b"\xd9\xd9\xf7", b"\x83", b"\xa3", b"\xdc", b"\x9f", b"\xbf"),
]
_marked = st.builds(lambda mark, data: mark + data, st.sampled_from(_MARKS), st.binary(max_size=80))


def _wrap(data: bytes, wraps: list[object]) -> bytes:
    for wrap in wraps:
        data = wrap(data)  # type: ignore[operator]
    return data


def _judge(shown: Decoded, data: bytes) -> None:
    assert shown.raw == data
    assert not [c for c in shown.text if c not in "\n\t" and unicodedata.category(c) in _UNSAFE]
    assert all(isinstance(each.why, str) and each.why.isprintable() for each in shown.tried)
    json.dumps(shown.value)
    assert shown.format in ("json", "avro", "msgpack", "cbor", "text", "hex")
    if shown.format == "hex" and not shown.layers:
        assert bytes.fromhex(shown.value) == data


@settings(max_examples=400)
@given(_inner | _wrapped | _cut | _marked)
def test_it_never_raises_never_drives_a_terminal_and_keeps_the_bytes(data: bytes) -> None:
    _judge(show(data), data)


_leaf = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text()
_leaf |= st.floats(allow_nan=False, allow_infinity=False)
_tree = st.recursive(_leaf, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=12)


@settings(max_examples=60)
@given(st.dictionaries(st.text(), _tree, min_size=1))
def test_documents_are_found_in_every_format(value: dict[str, object]) -> None:
    assert show(json.dumps(value).encode()).value == value
    assert show(gzip.compress(json.dumps(value).encode())).value == value
    if all(-(2**63) <= n < 2**64 for n in _numbers(value)):
        packed = show(msgpack.packb(value))
        assert packed.format == "msgpack" and packed.value == value


def _numbers(value: object) -> list[int]:
    if isinstance(value, dict):
        return [n for each in value.values() for n in _numbers(each)]
    if isinstance(value, list):
        return [n for each in value for n in _numbers(each)]
    return [value] if isinstance(value, int) else []


def test_json_with_terminal_sequences_is_escaped_for_printing_only() -> None:
    shown = show(b'{"a": "\\u001b[2J", "b": "\xe2\x80\xae"}')
    assert "\u202e" not in shown.text
    assert shown.value["a"] == "\x1b[2J"
