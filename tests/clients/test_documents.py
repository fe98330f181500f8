"""YAML is read as the cluster reads it, traps included."""

from pathlib import Path

import pytest

from prompt_kafka.clients import documents
from prompt_kafka.clients.documents import DocumentError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2096e+09", 1209600000),
        ("1e+06", 1000000),
        ("1.0", 1),
        ("1.5", 1.5),
        ("4.2", 4.2),
        ('"4.2"', "4.2"),
        ("y", True),
        ("off", False),
        ("No", False),
        ("~", None),
        ("017", 15),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("-1", -1),
        ("9223372036854775807", 9223372036854775807),
        ('"9223372036854775807"', "9223372036854775807"),
        ("[1, 9007199254740993]", [1, 9007199254740993]),
    ],
)
def test_scalars(text, value):
    found = documents.parse(f"key: {text}\n")["key"]
    assert found == value
    assert type(found) is type(value)


def test_the_last_of_repeated_keys_wins():
    assert documents.parse("a: 1\nb: 2\na: 3\n") == {"a": 3, "b": 2}


def test_of_large_integers_the_last_wins_too():
    found = documents.parse("a: 9223372036854775807\na: 4611686018427387905\n")["a"]
    assert float(found) == 4611686018427387905.0


def test_keys_are_text():
    assert documents.parse("1: a\ntrue: b\n") == {"1": "a", "true": "b"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_nothing_is_an_empty_mapping(text):
    assert documents.parse(text) == {}


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("a: 1\nb: [\n", "values.yaml:2", "not YAML"),
        ("- a\n", "values.yaml", "not a YAML mapping"),
        ("text\n", "values.yaml", "not a YAML mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, where, says):
    with pytest.raises(DocumentError, match=says) as caught:
        documents.parse(text, where="values.yaml")
    assert str(caught.value.where).startswith(where)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(DocumentError, match=r"values-x\.yaml does not exist") as caught:
        documents.read(tmp_path / "values-x.yaml")
    assert caught.value.where == str(tmp_path / "values-x.yaml")


def test_a_stream_is_cut_at_its_separators_with_the_lines():
    text = (
        "\n# a comment\na: 1\n---\n# only a comment\n---\nb: |\n  --- not one\n  text\n--- # another\nc: 3\n"
    )
    assert list(documents.split(text)) == [
        (3, "a: 1\n"),
        (7, "b: |\n  --- not one\n  text\n"),
        (11, "c: 3\n"),
    ]


def test_a_document_may_start_on_the_separator_line():
    assert list(documents.split("--- {a: 1}\n---\n")) == [(1, " {a: 1}\n")]
