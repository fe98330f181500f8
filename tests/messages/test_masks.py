"""Masks: what is hidden, and that nothing else leads to it."""

import json

import cbor2
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.fields import changed, parse
from prompt_kafka.core.messages import MASK_SALT, MaskRule, Messages
from prompt_kafka.messages.masks import Mask, refuse_raw
from prompt_kafka.messages.views import TopicView, view_of

SECRET = "s3cret-Vera"
DOC = {
    "user": {"email": SECRET, "age": 5},
    "visits": [{"token": SECRET}, {"token": "b", "deep": {"token": 1}}],
    "odd name": 2,
}


def view(**rule: object) -> TopicView:
    configured = Messages(masks=(MaskRule("personal", ("visit*",), **rule),))  # type: ignore[arg-type]
    return view_of(configured, "visits", {MASK_SALT: "pepper"})


def record(value: bytes | None, key: bytes | None = b"k", **headers: bytes | None) -> Record:
    return Record("visits", 3, 7, 9, key, value, tuple(headers.items()))


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("$.user.email", {"user": {"age": 5}}),
        ("$.user", {"user": None}),
        ("$.user.*", {"user": {}}),
        ("$['user']['email']", {"user": {"age": 5}}),
        ('$["odd name"]', {"odd name": None}),
        ("$.visits[0].token", {"visits": [{}, {"token": "b", "deep": {"token": 1}}]}),
        ("$.visits[-1]", {"visits": [{"token": SECRET}]}),
        ("$.visits[*].token", {"visits": [{}, {"deep": {"token": 1}}]}),
        ("$.visits.token", {"visits": [{}, {"deep": {"token": 1}}]}),
        ("$..token", {"visits": [{}, {"deep": {}}]}),
        ("$.visits..token", {"visits": [{}, {"deep": {}}]}),
        ("$..['token']", {"visits": [{}, {"deep": {}}]}),
        ("$.nothing.here", {}),
    ],
)
def test_paths(path: str, left: dict[str, object]) -> None:
    shown = view(paths=(path,), how="remove")(record(json.dumps(DOC).encode())).value
    wanted = {key: value for key, value in {**DOC, **left}.items() if value is not None}
    assert shown.value == wanted
    assert json.loads(shown.text) == wanted


@pytest.mark.parametrize(
    "path", ["", "$", "user", "$.", "$.a[", "$.a[?(@.b)]", "$.a[1:2]", "$..", "$.a b", "$[x]"]
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(UsageError, match="no path of a field"):
        parse(path)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ({"how": "replace", "text": "xxx"}, "xxx"),
        ({"how": "last", "keep": 4}, "***Vera"),
        ({"how": "last", "keep": 40}, "***"),
        ({"how": "last", "keep": 0}, "***"),
    ],
)
def test_ways(rule: dict[str, object], shown: str) -> None:
    found = view(paths=("$.user.email",), **rule)(record(json.dumps(DOC).encode())).value
    assert found.value["user"]["email"] == shown


def test_hashes_are_equal_for_equal_values_and_need_the_salt() -> None:
    hidden = [
        view(paths=("$..token",), how="hash")(record(b'{"token": "%s"}' % t)).value.value
        for t in (b"a", b"a", b"b")
    ]
    assert hidden[0] == hidden[1] != hidden[2]
    rule = MaskRule("personal", ("*",), ("$.token",), "hash")
    others = [
        Mask(rule, salt).value(TopicView(_chain())(record(b'{"token": "a"}')).value) for salt in ("", "other")
    ]
    assert len({hidden[0]["token"], *(each.value["token"] for each in others)}) == 3


def _chain():  # type: ignore[no-untyped-def]
    from prompt_kafka.messages.decode import PLAIN

    return PLAIN


def test_key_and_headers_are_hidden_where_the_rule_says_so() -> None:
    seen = view(key=True, headers=("auth*",), how="last", keep=2)(
        record(b"open", b"key-17", authorization=b"Bearer x9", other=b"seen", auth2=None)
    )
    assert (seen.key.format, seen.key.text) == ("masked", "***17")
    assert seen.value.text == "open", "a rule without paths leaves the value"
    assert [(name, each.text) for name, each in seen.headers] == [
        ("authorization", "***x9"),
        ("other", "seen"),
        ("auth2", ""),
    ]
    assert seen.headers[2][1].format == "null"
    removed = view(key=True, how="remove")(record(b"open"))
    assert (removed.key.value, removed.key.text) == (None, "masked: removed")


@pytest.mark.parametrize(
    "value", [b"plain s3cret", b"\xff\x00", b"", b'{"token": "s3cret"', b'"s3cret"', b"5"]
)
def test_what_is_no_document_shows_nothing(value: bytes) -> None:
    shown = view(paths=("$.token",))(record(value)).value
    assert (shown.format, shown.text, shown.value, shown.raw, shown.tried) == (
        "masked",
        "masked: not parseable",
        "masked: not parseable",
        None,
        (),
    )
    assert view(paths=("$.token",))(record(None)).value.format == "null"


def test_every_format_is_masked_and_a_field_that_is_there_twice_too() -> None:
    see = view(paths=("$.user.email", "$..token"), how="remove")
    for data in (msgpack.packb(DOC), cbor2.dumps(DOC), json.dumps(DOC).encode()):
        assert SECRET not in repr(see(record(data)))
    twice = b'{"token": "s3cret-Vera", "token": "s3cret-Vera", "to\\u006ben": "s3cret-Vera"}'
    assert SECRET not in repr(see(record(twice)))


def test_the_stored_bytes_are_nowhere_in_what_is_shown() -> None:
    seen = view(paths=("$.a",), key=True)(record(b'{"a": "s3cret-Vera"}', b"s3cret-Vera"))
    assert seen.hidden
    assert b"s3cret" not in (seen.record.key or b"") + (seen.record.value or b"")
    assert seen.record.value == seen.value.text.encode()
    assert (seen.record.partition, seen.record.offset, seen.record.time_ms) == (3, 7, 9)


def test_other_topics_are_not_hidden_and_may_be_given_out_raw() -> None:
    configured = Messages(masks=(MaskRule("personal", ("visit*",), ("$.a",)),))
    see = view_of(configured, "canary", {})
    assert not see.masks
    assert see(record(b'{"a": 1}')).value.raw == b'{"a": 1}'
    refuse_raw(configured.masks_of("canary"), "canary")
    with pytest.raises(RefusedError, match="the mask personal"):
        refuse_raw(configured.masks_of("visits"), "visits")


_tree = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.sampled_from(["a", "b", "token"]), some),
    max_leaves=10,
)


def _names(tree: object) -> set[str]:
    if isinstance(tree, dict):
        return {*tree, *(name for inner in tree.values() for name in _names(inner))}
    return {name for inner in tree for name in _names(inner)} if isinstance(tree, list) else set()


@given(_tree)
def test_after_a_deep_removal_no_such_field_is_left_and_the_document_stays(tree: object) -> None:
    from prompt_kafka.core.fields import REMOVED

    before = json.dumps(tree)
    after = changed(tree, parse("$..token"), lambda _: REMOVED)
    assert "token" not in _names(after)
    assert json.dumps(tree) == before
