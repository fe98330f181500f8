"""Parts of the server that have more cases than the contract suite asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.lab.apiserver import jsonpath, patches, protobuf
from prompt_kafka.lab.apiserver.ages import human
from prompt_kafka.lab.apiserver.errors import ApiError
from prompt_kafka.lab.apiserver.metadata import record_manager
from prompt_kafka.lab.apiserver.requests import negotiate, parse_path
from prompt_kafka.lab.apiserver.rules import quantity
from prompt_kafka.lab.apiserver.schema import Schema
from prompt_kafka.lab.apiserver.strategic import strategic_merge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab~/", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/", max_size=2), inner, max_size=3)
    ),
    max_leaves=10,
)
WITHOUT_NULL = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600 + 60, "9h"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert human(seconds) == shown


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".a.b", 1),
        ("{.a.b}", 1),
        (".list[1].n", "two"),
        (".list[-1].n", "two"),
        ('.list[?(@.n=="two")].v', 2),
        (".list[?(@.n=='one')].v", 1),
        (".list[*].n", "one"),
        (".a['b']", 1),
        (r".dots\.in", "x"),
        (".none.at.all", None),
        (".a.b.c", None),
        (".list[9]", None),
        ("][", None),
    ],
)
def test_json_paths(path: str, value: Any) -> None:
    obj = {"a": {"b": 1}, "list": [{"n": "one", "v": 1}, {"n": "two", "v": 2}], "dots.in": "x"}
    assert jsonpath.first(obj, path) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("100m", 0.1),
        ("1Ki", 1024),
        ("2Gi", 2 * 1024**3),
        ("1k", 1000),
        ("1.5G", 1.5e9),
        ("1e3", 1000),
    ],
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


def test_paths() -> None:
    target = parse_path("/apis/apps/v1/namespaces/a/deployments/b/scale")
    assert target is not None
    assert (target.group, target.namespace, target.plural, target.name, target.subresource) == (
        "apps",
        "a",
        "deployments",
        "b",
        "scale",
    )
    space = parse_path("/api/v1/namespaces/a")
    assert space is not None
    assert (space.plural, space.name, space.namespace) == ("namespaces", "a", "")
    status = parse_path("/api/v1/namespaces/a/status")
    assert status is not None
    assert (status.plural, status.name, status.subresource) == ("namespaces", "a", "status")
    assert parse_path("/api/v1/namespaces/a/pods/b/exec/too/long") is None
    assert parse_path("/apis/apps") is None


def test_forms_that_are_accepted() -> None:
    assert negotiate("").kind == ""
    assert negotiate("*/*").kind == ""
    table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    assert negotiate(table).kind == "Table"
    assert negotiate("application/json;as=Other;v=v1;g=meta.k8s.io,application/json").kind == ""
    assert negotiate("application/vnd.kubernetes.protobuf,application/json").kind == ""
    with pytest.raises(ApiError):
        negotiate("application/vnd.kubernetes.protobuf")


@given(JSON, WITHOUT_NULL)
def test_a_merge_patch_ends_at_the_wanted_value(target: Any, wanted: Any) -> None:
    """A value without nulls is what a patch of it, after one that clears, makes of anything."""
    cleared = patches.merge(target, [])
    assert patches.merge(cleared, wanted) == wanted


@given(JSON, JSON)
def test_a_merge_patch_is_idempotent_and_leaves_its_target_alone(target: Any, patch: Any) -> None:
    before = repr(target)
    once = patches.merge(target, patch)
    assert patches.merge(once, patch) == once
    assert repr(target) == before


@given(st.dictionaries(st.text("ab~/", min_size=1, max_size=3), JSON, min_size=1, max_size=4), JSON)
def test_a_json_patch_finds_any_member(target: dict[str, Any], value: Any) -> None:
    name = next(iter(target))
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    changed = patches.json_patch(target, [{"op": "replace", "path": path, "value": value}])
    assert changed == {**target, name: value}
    without = patches.json_patch(changed, [{"op": "remove", "path": path}])
    assert name not in without
    assert patches.json_patch(without, [{"op": "add", "path": path, "value": value}]) == {
        **without,
        name: value,
    }


def test_a_json_patch_moves_and_inserts() -> None:
    document = {"a": [1, 2], "b": 3}
    moved = patches.json_patch(
        document,
        [{"op": "move", "from": "/b", "path": "/a/0"}, {"op": "test", "path": "/a", "value": [3, 1, 2]}],
    )
    assert moved == {"a": [3, 1, 2]}
    for wrong in (
        [{"op": "add", "path": "/a/9", "value": 1}],
        [{"op": "add", "path": "/none/x", "value": 1}],
        [{"op": "remove", "path": "/a/x"}],
        [{"op": "jump", "path": "/a"}],
        [{"op": "add", "path": "/a"}],
        ["x"],
    ):
        with pytest.raises(ApiError):
            patches.json_patch(document, wrong)


def test_strategic_directives() -> None:
    target = {"a": {"x": 1, "y": 2}, "finalizers": ["one"], "ports": [{"containerPort": 1, "name": "a"}]}
    assert strategic_merge(target, {"a": {"$patch": "replace", "z": 3}})["a"] == {"z": 3}
    assert strategic_merge(target, {"a": {"$retainKeys": ["x"], "x": 5}})["a"] == {"x": 5}
    assert strategic_merge(target, {"finalizers": ["two"]})["finalizers"] == ["one", "two"]
    assert strategic_merge(target, {"$deleteFromPrimitiveList/finalizers": ["one"]})["finalizers"] == []
    patched = strategic_merge(
        target, {"ports": [{"containerPort": 1, "protocol": "TCP"}, {"containerPort": 2}]}
    )
    assert patched["ports"] == [{"containerPort": 1, "name": "a", "protocol": "TCP"}, {"containerPort": 2}]
    assert strategic_merge(target, {"ports": [{"$patch": "replace"}, {"containerPort": 9}]})["ports"] == [
        {"containerPort": 9}
    ]
    assert target["finalizers"] == ["one"]


def test_a_manager_owns_what_it_changed_last() -> None:
    def obj(**data: str) -> dict[str, Any]:
        return {"kind": "X", "metadata": {"name": "a"}, "data": data}

    first = obj(a="1", b="1")
    record_manager(first, None, manager="one", api_version="v1")
    second = obj(a="2", c="1")
    record_manager(second, first, manager="two", api_version="v1")
    owned = {entry["manager"]: entry["fieldsV1"] for entry in second["metadata"]["managedFields"]}
    assert owned == {"two": {"f:data": {"f:a": {}, "f:c": {}}}}


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def test_protobuf_of_a_secret() -> None:
    meta = field(1, b"one") + field(11, field(1, b"k") + field(2, b"v"))
    secret = field(1, meta) + field(2, field(1, b"p") + field(2, b"w")) + varint(5 << 3) + varint(1)
    body = b"k8s\x00" + field(1, field(1, b"v1") + field(2, b"Secret")) + field(2, secret)
    assert protobuf.decode(body) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "one", "labels": {"k": "v"}},
        "data": {"p": "dw=="},
        "immutable": True,
    }


@given(st.binary(max_size=60))
def test_protobuf_that_is_none_is_refused(data: bytes) -> None:
    for body in (data, b"k8s\x00" + data):
        with pytest.raises(ApiError):
            protobuf.decode(body)


def test_rules_in_cel_are_named() -> None:
    schema = Schema(
        {
            "properties": {
                "spec": {
                    "x-kubernetes-validations": [{"rule": "self.a > 1", "message": "too small"}],
                    "properties": {
                        "list": {"items": {"x-kubernetes-validations": [{"rule": "has(self.b)"}]}},
                    },
                }
            }
        }
    )
    assert schema.rules() == ["spec: too small (self.a > 1)", "spec.list[]: has(self.b)"]


def test_descriptions_go_and_fields_of_that_name_stay() -> None:
    schema = Schema(
        {"description": "x", "properties": {"description": {"type": "string", "description": "y"}, "a": {}}}
    )
    assert schema.without_descriptions().root == {"properties": {"description": {"type": "string"}, "a": {}}}


def test_time_stamps_in_logs() -> None:
    from prompt_kafka.lab.apiserver.logs import _time_of

    moment = datetime(2026, 8, 22, 1, 2, 3, 456000, tzinfo=UTC)
    assert _time_of(b"2026-08-22T01:02:03.456Z INFO x") == moment
    assert _time_of(b"[2026-08-22T01:02:03,456+00:00] INFO x") == moment
    assert _time_of(b"no time here") is None
    local = _time_of(b"2026-08-22 01:02:03,456 INFO")
    assert local is not None
    assert abs(local - moment) <= timedelta(hours=14)
