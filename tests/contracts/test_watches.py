"""Watches: what is told, from when on, to whom."""

from __future__ import annotations

import time

from tests.contracts.definitions import config_map, config_maps, pod, pods, widget, widgets
from tests.contracts.differences import differs
from tests.contracts.servers import MERGE, TABLE, Api, Object


def brief(event: Object) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


def test_a_watch_begins_with_what_is_there(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    with api.watch(pods(space)) as events:
        assert brief(next(events)) == ("ADDED", "one")
        api.ok("POST", pods(space), pod("two"))
        event = next(events)
        assert brief(event) == ("ADDED", "two")
        assert event["object"]["kind"] == "Pod"


def test_a_watch_from_a_version_tells_what_came_after(api: Api, space: str) -> None:
    one = api.ok("POST", config_maps(space), config_map("one"))
    api.ok("PATCH", config_maps(space) + "/one", {"data": {"a": "1"}}, media=MERGE)
    changed = api.ok("PATCH", config_maps(space) + "/one", {"data": {"a": "2"}}, media=MERGE)
    api.ok("DELETE", config_maps(space) + "/one")
    with api.watch(
        config_maps(space),
        resourceVersion=one["metadata"]["resourceVersion"],
        fieldSelector="metadata.name=one",
    ) as events:
        told = [next(events) for _ in range(3)]
    assert [event["type"] for event in told] == ["MODIFIED", "MODIFIED", "DELETED"]
    assert told[1]["object"] == changed
    gone = told[2]["object"]
    assert gone["data"] == {"a": "2"}
    # A deletion has a version of its own.
    assert int(gone["metadata"]["resourceVersion"]) > int(changed["metadata"]["resourceVersion"])


def test_the_version_of_a_list_leads_to_a_watch_without_gaps(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    version = api.ok("GET", pods(space))["metadata"]["resourceVersion"]
    api.ok("POST", pods(space), pod("two"))
    with api.watch(pods(space), resourceVersion=version) as events:
        assert brief(next(events)) == ("ADDED", "two")


def test_an_object_that_leaves_the_selection_is_deleted(api: Api, space: str) -> None:
    with api.watch(pods(space), labelSelector="on=yes") as events:
        api.ok("POST", pods(space), pod("one", {"on": "no"}))
        api.ok("PATCH", pods(space) + "/one", {"metadata": {"labels": {"on": "yes"}}}, media=MERGE)
        assert brief(next(events)) == ("ADDED", "one")
        api.ok("PATCH", pods(space) + "/one", {"metadata": {"annotations": {"x": "y"}}}, media=MERGE)
        assert brief(next(events)) == ("MODIFIED", "one")
        left = api.ok("PATCH", pods(space) + "/one", {"metadata": {"labels": {"on": "no"}}}, media=MERGE)
        event = next(events)
        assert brief(event) == ("DELETED", "one")
        assert event["object"]["metadata"]["labels"] == {"on": "yes"}
        assert event["object"]["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]


def test_one_object_can_be_watched(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    api.ok("POST", pods(space), pod("two"))
    with api.watch(pods(space), fieldSelector="metadata.name=two") as events:
        assert brief(next(events)) == ("ADDED", "two")


def test_initial_events_end_with_a_bookmark(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    with api.watch(
        pods(space), sendInitialEvents=True, resourceVersionMatch="NotOlderThan", allowWatchBookmarks=True
    ) as events:
        assert brief(next(events)) == ("ADDED", "one")
        event = next(events)
    assert event["type"] == "BOOKMARK"
    assert event["object"]["kind"] == "Pod"
    assert event["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert event["object"]["metadata"]["resourceVersion"].isdigit()


def test_initial_events_need_a_version_match(api: Api, space: str) -> None:
    status = api.refused(
        422, "GET", pods(space), watch=True, sendInitialEvents=True, allowWatchBookmarks=True
    )
    assert status["reason"] == "Invalid"


def test_an_old_version_has_expired(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    with api.watch(pods(space), resourceVersion=1) as events:
        event = next(events)
    if differs(api, "history"):
        assert event["type"] == "ADDED"
        return
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


def test_a_watch_ends_in_time(api: Api, space: str) -> None:
    start = time.monotonic()
    with api.watch(pods(space), timeoutSeconds=1) as events:
        assert list(events) == []
    assert 0.9 <= time.monotonic() - start < 3


def test_a_watch_of_every_namespace(api: Api, space: str) -> None:
    with api.watch("/api/v1/pods", fieldSelector=f"metadata.namespace={space}") as events:
        api.ok("POST", pods(space), pod("one"))
        event = next(events)
        assert event["object"]["metadata"]["namespace"] == space


def test_each_version_of_a_kind_is_watched_as_itself(api: Api, space: str) -> None:
    with api.watch(widgets(space, "v1")) as new, api.watch(widgets(space, "v1beta2")) as old:
        api.ok("POST", widgets(space), widget("one"))
        assert next(new)["object"]["apiVersion"] == "contracts.example.org/v1"
        assert next(old)["object"]["apiVersion"] == "contracts.example.org/v1beta2"


def test_a_watch_as_a_table(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    with api.watch(pods(space), accept=TABLE) as events:
        first = next(events)
        api.ok("POST", pods(space), pod("two"))
        second = next(events)
    assert first["object"]["kind"] == "Table"
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert first["object"]["rows"][0]["cells"][:3] == ["one", "0/1", "Pending"]
    assert first["object"]["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    # The columns are told once.
    assert not second["object"]["columnDefinitions"]
    assert second["object"]["rows"][0]["cells"][0] == "two"


def test_a_bad_watch_is_refused(api: Api, space: str) -> None:
    answer = api.send("GET", pods(space), watch=True, resourceVersion="x")
    assert answer.status_code == (500 if differs(api, "a version that is none") else 400)
    assert "strconv.ParseUint" in answer.json()["message"]
