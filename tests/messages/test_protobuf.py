"""Protobuf by a type that is named for the topic; without one nothing is guessed."""

import gzip
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.messages import Messages, SchemaFiles
from prompt_kafka.messages.decode import Chain, Types
from prompt_kafka.messages.views import view_of

FIELD = descriptor_pb2.FieldDescriptorProto


def descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Two files, the one that needs the other first."""
    files = descriptor_pb2.FileDescriptorSet()
    visit = files.file.add(name="visit.proto", package="rubin", syntax="proto3", dependency=["band.proto"])
    message = visit.message_type.add(name="Visit")
    message.field.add(name="visit_id", number=1, type=FIELD.TYPE_INT64, label=FIELD.LABEL_OPTIONAL)
    message.field.add(name="note", number=2, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
    message.field.add(name="raw", number=3, type=FIELD.TYPE_BYTES, label=FIELD.LABEL_OPTIONAL)
    message.field.add(
        name="bands", number=4, type=FIELD.TYPE_ENUM, label=FIELD.LABEL_REPEATED, type_name=".rubin.Band"
    )
    band = files.file.add(name="band.proto", package="rubin", syntax="proto3")
    enum = band.enum_type.add(name="Band")
    for number, name in enumerate(("NONE", "G", "R")):
        enum.value.add(name=name, number=number)
    return files


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "events.binpb"
    path.write_bytes(descriptors().SerializeToString())
    return str(path)


def encoded(**fields: Any) -> bytes:
    pool = descriptor_pool.DescriptorPool()
    for each in reversed(descriptors().file):
        pool.Add(each)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("rubin.Visit"))(**fields)
    return bytes(message.SerializeToString())


def test_the_named_type_is_used(file: str) -> None:
    chain = Chain(types=Types([file]))
    data = encoded(visit_id=7, note="clear", bands=[1, 2])
    shown = chain.decode(data, "rubin.Visit")
    assert (shown.format, shown.schema) == ("protobuf", "rubin.Visit")
    assert shown.value == {"visit_id": "7", "note": "clear", "bands": ["G", "R"]}
    assert chain.decode(gzip.compress(data), "rubin.Visit").value == shown.value
    assert chain.decode(b"", "rubin.Visit").value == {}
    assert chain.decode(None, "rubin.Visit").format == "null"
    readable = encoded(note="this message happens to be readable")
    assert chain.decode(readable, "rubin.Visit").format == "protobuf"


def test_what_fits_better_comes_first_and_a_newer_message_is_shown_with_what_is_known(file: str) -> None:
    chain = Chain(types=Types([file]))
    assert chain.decode(b'{"a": 1}', "rubin.Visit").format == "json"
    assert chain.decode(b"some words", "rubin.Visit").format == "text"
    newer = chain.decode(encoded(visit_id=7) + b"\x98\x06\x05", "rubin.Visit")
    assert newer.value == {"visit_id": "7"}
    assert newer.schema == "rubin.Visit, and 1 fields that it does not have"


def test_without_a_type_or_with_other_bytes_the_reason_is_told(file: str) -> None:
    chain = Chain(types=Types([file]))
    data = encoded(visit_id=-1)
    assert "no message type is named" in dict(chain.decode(data).tried)["protobuf"]
    assert dict(chain.decode(b"\xff\xff", "rubin.Visit").tried)["protobuf"].startswith("it is no rubin.Visit")
    assert "has the message type rubin.Gone" in dict(chain.decode(data, "rubin.Gone").tried)["protobuf"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.binary(max_size=60).map(gzip.compress))
def test_any_bytes_are_decoded_somehow(file: str, data: bytes) -> None:
    shown = Chain(types=Types([file])).decode(data, "rubin.Visit")
    assert shown.raw == data
    drives = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # a character of no meaning yet (Cn) drives no terminal
    assert not [c for c in shown.text if unicodedata.category(c) in drives and c not in "\n\t"]


def test_without_the_library_that_is_the_reason(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    shown = Chain(types=Types([file])).decode(b"\x08\x01", "rubin.Visit")
    assert dict(shown.tried)["protobuf"] == "not tried: install prompt-kafka[decoders]"
    settings_ = Messages(schemas=SchemaFiles(protobuf=(file,), types=(("*", "rubin.Visit"),)))
    assert (
        view_of(settings_, "visits", {})(Record("visits", 0, 0, 0, None, b"\x08\x01")).value.format == "hex"
    )


def test_the_type_comes_from_the_configuration_by_topic(file: str) -> None:
    configured = Messages(schemas=SchemaFiles(protobuf=(file,), types=(("visit*", "rubin.Visit"),)))
    record = Record("visits", 0, 0, 0, None, encoded(visit_id=7))
    assert view_of(configured, "visits", {})(record).value.format == "protobuf"
    assert view_of(configured, "other", {})(record).value.format == "hex"


@pytest.mark.parametrize(
    ("data", "types", "why"),
    [
        (b"\xff", "rubin.Visit", "no descriptor set"),
        (None, "rubin.Gone", "no descriptor set has the message type rubin.Gone"),
        (b"alone", "rubin.Visit", "no descriptor set has band.proto"),
    ],
)
def test_a_mistake_in_the_configuration_is_an_error_at_once(
    tmp_path: Path, file: str, data: bytes | None, types: str, why: str
) -> None:
    if data == b"alone":
        files = descriptors()
        del files.file[1]
        data = files.SerializeToString()
    if data is not None:
        Path(file).write_bytes(data)
    configured = Messages(schemas=SchemaFiles(protobuf=(file,), types=(("*", types),)))
    with pytest.raises(UsageError, match=why):
        view_of(configured, "visits", {})
