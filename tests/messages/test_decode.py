"""Bytes made readable, whatever they hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.messages.decode import show


@pytest.mark.parametrize(
    ("data", "encoding", "text", "value"),
    [
        (None, "null", "", None),
        (b"", "text", "", ""),
        (b"null", "text", "null", "null"),
        (b'{"a": 1}', "json", '{"a": 1}', {"a": 1}),
        (b"[1, 2]", "json", "[1, 2]", [1, 2]),
        (b"{broken", "text", "{broken", "{broken"),
        (b'{"a": NaN}', "text", '{"a": NaN}', '{"a": NaN}'),
        ("Größe".encode(), "text", "Größe", "Größe"),
        (b"\xff\x00", "hex", "ff00", "ff00"),
        (b"\x1b[2J", "hex", "1b5b324a", "1b5b324a"),
    ],
)
def test_show(data: bytes | None, encoding: str, text: str, value: object) -> None:
    shown = show(data)
    assert (shown.encoding, shown.text, shown.value) == (encoding, text, value)


def test_json_with_terminal_sequences_is_escaped_for_printing_only() -> None:
    shown = show(b'{"a": "\\u001b[2J", "b": "\xe2\x80\xae"}')
    assert "\u202e" not in shown.text
    assert shown.value["a"] == "\x1b[2J"


def test_deep_json_is_text() -> None:
    assert show(b"[" * 100_000).encoding == "text"


@given(st.binary() | st.text().map(lambda text: text.encode()))
def test_nothing_that_drives_a_terminal_is_printed(data: bytes) -> None:
    text = show(data).text
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"]
