"""Schemas from a registry: asked once, kept, and never a hang when it is dead."""

import io
import json
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import fastavro
import pytest

from prompt_kafka.clients.registry import SchemaRegistry
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.messages import RegistryAccess
from prompt_kafka.messages.decode import Chain, Decoded, Schemas
from tests.messages.registry import Registry, basic, registry

BAND = {"type": "enum", "name": "rubin.Band", "symbols": ["g", "r"]}
VISIT = {
    "type": "record",
    "name": "rubin.Visit",
    "fields": [{"name": "id", "type": "long"}, {"name": "band", "type": "rubin.Band"}],
}


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with registry() as running:
        reference = {"name": "rubin.Band", "subject": "bands/α", "version": 2}
        running.ids[7] = {"schema": json.dumps(VISIT), "references": [reference]}
        running.versions["bands/α", "2"] = {"schema": json.dumps(BAND), "id": 3}
        yield running


def wire(number: int, schema: Any = None, value: Any = None) -> bytes:
    out = io.BytesIO()
    names: dict[str, Any] = {}
    fastavro.parse_schema(BAND, named_schemas=names)
    parsed = fastavro.parse_schema(schema or VISIT, named_schemas=names)
    fastavro.schemaless_writer(out, parsed, {"id": 5, "band": "r"} if value is None else value)
    return b"\x00" + struct.pack(">i", number) + out.getvalue()


def client(known: Registry, **access: Any) -> SchemaRegistry:
    variables = access.pop("variables", {})
    return SchemaRegistry(RegistryAccess(known.url, **{"timeout": 5.0, **access}), variables=variables)


def decode(client: SchemaRegistry, data: bytes) -> Decoded:
    return Chain(Schemas(registry=client)).decode(data)


def test_a_schema_with_references_is_asked_once_and_kept_on_disk(known: Registry) -> None:
    for _ in range(3):
        shown = decode(client(known), wire(7))
        assert (shown.format, shown.value) == ("avro", {"id": 5, "band": "r"}), shown.tried
        assert shown.schema == "rubin.Visit (schema 7)"
    assert known.asked == ["/schemas/ids/7", "/subjects/bands%2F%CE%B1/versions/2"]


def test_a_damaged_file_of_the_cache_is_asked_again(known: Registry, tmp_path: Path) -> None:
    decode(client(known), wire(7))
    (kept,) = (tmp_path / "cache").rglob("7.json")
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text(kept.read_text().replace("rubin", "robin"))
    assert decode(client(known), wire(7)).schema == "rubin.Visit (schema 7)"
    assert len(known.asked) == 4


def test_no_such_schema_is_a_reason_and_is_asked_once(known: Registry) -> None:
    asked = client(known)
    for _ in range(3):
        shown = decode(asked, wire(8))
        assert shown.format == "hex"
        assert dict(shown.tried)["avro"] == "schema 8: the registry has no schema 8"
    assert known.asked == ["/schemas/ids/8"]


@pytest.mark.parametrize(
    ("login", "access"),
    [
        (basic("reader", "s3cret"), {"user": "reader", "secret_variable": "SECRET"}),
        ("Bearer s3cret", {"secret_variable": "SECRET"}),
        ("Bearer s3cret", {"secret_file": "file"}),
    ],
)
def test_login(known: Registry, tmp_path: Path, login: str, access: dict[str, str]) -> None:
    known.login = login
    (tmp_path / "file").write_text("s3cret\n")
    access = {key: str(tmp_path / value) if key == "secret_file" else value for key, value in access.items()}
    asked = client(known, variables={"SECRET": "s3cret"}, **access)
    assert asked.schema(7).kind == "AVRO"
    assert "s3cret" not in repr(asked) + repr(asked.access).replace(str(tmp_path), "")


def test_a_wrong_or_missing_login_is_a_reason(known: Registry, tmp_path: Path) -> None:
    known.login = "Bearer s3cret"
    for access, why in (
        ({}, "it refused the login (401)"),
        ({"secret_variable": "NOWHERE"}, "its login is to be in NOWHERE, which is empty"),
        ({"secret_file": str(tmp_path / "none")}, "its login cannot be read"),
    ):
        assert why in dict(decode(client(known, **access), wire(7)).tried)["avro"]


def test_a_dead_registry_is_a_reason_and_is_left_alone_for_a_while(known: Registry) -> None:
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    asked = SchemaRegistry(RegistryAccess("http://127.0.0.1:1", timeout=5.0), clock=clock)
    shown = decode(asked, wire(7))
    assert shown.format == "hex"
    assert "the registry cannot be read" in dict(shown.tried)["avro"]
    with pytest.raises(UnreachableError, match="not asked again for 30 s"):
        asked.schema(8)
    clock.turn(31)
    with pytest.raises(UnreachableError, match=r"^the registry cannot be read: [^(]*$"):
        asked.schema(8)


@pytest.mark.parametrize("way", ["silent", "trickling headers", "trickling body"])
def test_a_registry_that_hangs_does_not_hold_up_a_page(known: Registry, way: str) -> None:
    end = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> bool:
        if way == "trickling body":
            request.send_response(200)
            request.send_header("Content-Length", "100000")
            request.end_headers()
        try:
            while not end.wait(0.05):
                if way != "silent":
                    request.wfile.write(
                        b"x" if way == "trickling body" else b"HTTP/1.1 200 OK\r\nX: y\r\n"[:1]
                    )
                    request.wfile.flush()
        except OSError:
            pass
        return True

    known.odd = hang
    asked = client(known, timeout=0.4)
    begun = time.monotonic()
    whys = {dict(decode(asked, wire(number)).tried)["avro"] for number in range(7, 107)}
    assert time.monotonic() - begun < 10
    assert all("no answer in" in why or "not asked again" in why or "cannot be read" in why for why in whys)
    end.set()


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"oops", "it answered 500"),
        (200, b"<html>", "cannot be read"),
        (200, b"[]", "its answer holds no schema"),
        (200, b'{"schema": 5}', "its answer holds no schema"),
        (302, b"", "it answered 302"),
        (200, b'{"schema": "' + b"x" * (5 << 20) + b'"}', "its answer is too large"),
    ],
)
def test_an_odd_answer_is_a_reason(known: Registry, status: int, body: bytes, why: str) -> None:
    def odd(request: BaseHTTPRequestHandler) -> bool:
        try:
            request.send_response(status)
            request.send_header("Location", "http://127.0.0.1:1/")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass
        return True

    known.odd = odd
    assert why in dict(decode(client(known), wire(7)).tried)["avro"]


def test_a_schema_that_cannot_be_used_and_other_kinds(known: Registry) -> None:
    known.ids[11] = {"schema": '{"type": "array", "items": "null"}'}
    known.ids[12] = {"schema": "{}", "schemaType": "JSON"}
    known.ids[13] = {"schema": "syntax = 'proto3';", "schemaType": "PROTOBUF"}
    asked = client(known)
    assert "cannot be used" in dict(decode(asked, b"\x00\x00\x00\x00\x0b\x00\x01").tried)["avro"]
    found = decode(asked, b'\x00\x00\x00\x00\x0c{"a": 1}')
    assert (found.format, found.value, found.schema) == ("json", {"a": 1}, "schema 12")
    assert "schema 13 is PROTOBUF" in dict(decode(asked, b"\x00\x00\x00\x00\x0d\x00\x08\x01").tried)["avro"]


def test_schemas_that_refer_to_each_other_without_end(known: Registry) -> None:
    for number in range(100):
        reference = {"name": "x", "subject": f"s{number + 1}", "version": 1}
        known.versions[f"s{number}", "1"] = {"schema": json.dumps(BAND), "references": [reference]}
    known.ids[9] = {"schema": json.dumps(VISIT), "references": [{"name": "x", "subject": "s0", "version": 1}]}
    assert "too many others" in dict(decode(client(known), wire(9)).tried)["avro"]
    assert len(known.asked) < 20
