"""Lists: selectors, pages, resource versions."""

from __future__ import annotations

import pytest

from tests.contracts.definitions import config_map, config_maps, pod, pods, widget, widgets
from tests.contracts.servers import Api


def names(answer: dict[str, object]) -> list[str]:
    items = answer["items"]
    assert isinstance(items, list)
    return [item["metadata"]["name"] for item in items]


@pytest.fixture
def four(api: Api, space: str) -> str:
    for name, labels in (
        ("a", {"tier": "front", "size": "1"}),
        ("b", {"tier": "back", "size": "2"}),
        ("c", {"tier": "back", "old": ""}),
        ("d", {}),
    ):
        api.ok("POST", config_maps(space), config_map(name, labels))
    return space


def test_a_list_is_in_the_order_of_names(api: Api, four: str) -> None:
    answer = api.ok("GET", config_maps(four), labelSelector="!kube")
    assert answer["kind"] == "ConfigMapList"
    assert answer["apiVersion"] == "v1"
    assert [name for name in names(answer) if name != "kube-root-ca.crt"] == ["a", "b", "c", "d"]
    assert answer["metadata"]["resourceVersion"].isdigit()
    # Built-in kinds say what they are once, in the list.
    assert "kind" not in answer["items"][0]


def test_custom_resources_in_a_list_say_what_they_are(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    answer = api.ok("GET", widgets(space))
    assert answer["kind"] == "WidgetList"
    assert answer["items"][0]["kind"] == "Widget"
    assert answer["items"][0]["apiVersion"] == "contracts.example.org/v1"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=back", ["b", "c"]),
        ("tier==back,size=2", ["b"]),
        ("tier!=back,size", ["a"]),
        ("tier in (front, back)", ["a", "b", "c"]),
        ("tier notin (front),tier", ["b", "c"]),
        ("old", ["c"]),
        ("tier,!old", ["a", "b"]),
        ("size>1", ["b"]),
        ("size<2", ["a"]),
    ],
)
def test_label_selectors(api: Api, four: str, selector: str, expected: list[str]) -> None:
    assert names(api.ok("GET", config_maps(four), labelSelector=selector)) == expected


def test_a_bad_selector_is_refused(api: Api, space: str) -> None:
    assert api.refused(400, "GET", config_maps(space), labelSelector="a in b")["reason"] == "BadRequest"
    status = api.refused(400, "GET", config_maps(space), fieldSelector="spec.nothing=1")
    assert status["message"] == (
        '"spec.nothing" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
    for path in (pods(space), widgets(space)):
        status = api.refused(400, "GET", path, fieldSelector="spec.nothing=1")
        assert status["message"] == "field label not supported: spec.nothing"


def test_field_selectors(api: Api, four: str) -> None:
    assert names(api.ok("GET", config_maps(four), fieldSelector="metadata.name=b")) == ["b"]
    everywhere = api.ok(
        "GET", "/api/v1/configmaps", fieldSelector=f"metadata.namespace={four},metadata.name!=b"
    )
    assert [name for name in names(everywhere) if name != "kube-root-ca.crt"] == ["a", "c", "d"]
    api.ok("POST", pods(four), pod("p"))
    assert names(api.ok("GET", pods(four), fieldSelector="status.phase=Pending,spec.nodeName=")) == ["p"]
    assert names(api.ok("GET", pods(four), fieldSelector="status.phase!=Pending")) == []


def test_a_list_in_pages_is_one_list(api: Api, four: str) -> None:
    query = {"limit": 2, "labelSelector": "tier"}
    first = api.ok("GET", config_maps(four), **query)
    assert names(first) == ["a", "b"]
    token = first["metadata"]["continue"]
    api.ok("DELETE", config_maps(four) + "/c")
    second = api.ok("GET", config_maps(four), **query, **{"continue": token})
    assert names(second) == ["c"]
    assert second["metadata"].get("continue", "") == ""
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_page_says_how_many_are_left(api: Api, four: str) -> None:
    api.ok("POST", widgets(four), widget("one"))
    api.ok("POST", widgets(four), widget("two"))
    first = api.ok("GET", widgets(four), limit=1)
    assert first["metadata"]["remainingItemCount"] == 1


def test_a_bad_page_is_refused(api: Api, space: str) -> None:
    assert api.refused(400, "GET", config_maps(space), **{"continue": "nonsense"})["reason"] == "BadRequest"


def test_a_version_that_is_to_come(api: Api, space: str) -> None:
    now = int(api.ok("GET", config_maps(space))["metadata"]["resourceVersion"])
    status = api.refused(504, "GET", config_maps(space), resourceVersion=now + 100000)
    assert status["reason"] == "Timeout"
    assert "Too large resource version" in status["message"]
    api.refused(400, "GET", config_maps(space), resourceVersion="x")
    api.ok("GET", config_maps(space), resourceVersion=0)
    api.ok("GET", config_maps(space), resourceVersion=now, resourceVersionMatch="NotOlderThan")


def test_metadata_only(api: Api, four: str) -> None:
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = api.ok("GET", config_maps(four), accept=accept, labelSelector="old")
    assert answer["kind"] == "PartialObjectMetadataList"
    assert answer["items"][0]["kind"] == "PartialObjectMetadata"
    assert set(answer["items"][0]) == {"kind", "apiVersion", "metadata"}
