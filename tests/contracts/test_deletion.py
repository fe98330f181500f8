"""Deleting: at once, with grace, with finalizers, with what depends on an object."""

from __future__ import annotations

import time

from tests.contracts.definitions import config_map, config_maps, pod, pods, widget, widgets
from tests.contracts.servers import MERGE, Api, Object


def bind(api: Api, space: str, name: str) -> None:
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "some-node"},
    }
    answer = api.send("POST", f"{pods(space)}/{name}/binding", binding)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "Success"


def test_a_deletion_answers_with_a_status(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one"))
    status = api.ok("DELETE", config_maps(space) + "/one")
    assert status["kind"] == "Status"
    assert status["status"] == "Success"
    assert status["details"] == {"name": "one", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    api.refused(404, "GET", config_maps(space) + "/one")
    api.refused(404, "DELETE", config_maps(space) + "/one")


def test_a_deletion_of_a_custom_resource_answers_with_a_status(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), widget("one"))
    status = api.ok("DELETE", widgets(space) + "/one")
    assert status["details"] == {
        "name": "one",
        "group": "contracts.example.org",
        "kind": "widgets",
        "uid": made["metadata"]["uid"],
    }


def test_preconditions(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one"))
    path = config_maps(space) + "/one"
    status = api.refused(409, "DELETE", path, {"preconditions": {"uid": "other"}})
    assert status["reason"] == "Conflict"
    assert status["message"] == (
        'Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition (other) does not '
        f"match the UID in record ({made['metadata']['uid']}). The object might have been deleted and then "
        "recreated"
    )
    api.refused(409, "DELETE", path, {"preconditions": {"resourceVersion": "1"}})
    api.ok("DELETE", path, {"preconditions": {"uid": made["metadata"]["uid"]}})


def test_finalizers_hold_an_object(api: Api, space: str) -> None:
    body = widget("one")
    body["metadata"]["finalizers"] = ["example.org/hold"]
    api.ok("POST", widgets(space), body)
    path = widgets(space) + "/one"
    answer = api.ok("DELETE", path)
    assert answer["kind"] == "Widget"
    assert answer["metadata"]["deletionTimestamp"]
    assert answer["metadata"]["deletionGracePeriodSeconds"] == 0
    assert answer["metadata"]["generation"] == 2
    again = api.ok("DELETE", path)
    assert again["metadata"]["resourceVersion"] == answer["metadata"]["resourceVersion"]
    more = {"metadata": {"finalizers": ["example.org/hold", "example.org/more"]}}
    status = api.refused(422, "PATCH", path, more, media=MERGE)
    assert "no new finalizers can be added if the object is being deleted" in status["message"]
    with api.watch(widgets(space), resourceVersion=answer["metadata"]["resourceVersion"]) as events:
        last = api.ok("PATCH", path, {"metadata": {"finalizers": None}}, media=MERGE)
        event = next(events)
    assert last["metadata"]["name"] == "one"
    assert event["type"] == "DELETED"
    api.refused(404, "GET", path)


def test_propagation_is_left_to_the_collector_as_a_finalizer(api: Api, space: str) -> None:
    for policy, finalizer in (("Foreground", "foregroundDeletion"), ("Orphan", "orphan")):
        body = widget("one")
        body["metadata"]["finalizers"] = ["example.org/hold"]
        api.ok("POST", widgets(space), body)
        path = widgets(space) + "/one"
        answer = api.ok("DELETE", path, {"propagationPolicy": policy})
        assert sorted(answer["metadata"]["finalizers"]) == sorted(["example.org/hold", finalizer])
        api.ok("PATCH", path, {"metadata": {"finalizers": None}}, media=MERGE)
        api.refused(404, "GET", path)


def test_background_is_at_once(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    api.ok("DELETE", widgets(space) + "/one", propagationPolicy="Background")
    api.refused(404, "GET", widgets(space) + "/one")


def test_an_unknown_policy_is_refused(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    status = api.refused(422, "DELETE", widgets(space) + "/one", {"propagationPolicy": "Sideways"})
    assert status["reason"] == "Invalid"


def test_a_pod_that_was_never_bound_goes_at_once(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    answer = api.ok("DELETE", pods(space) + "/one")
    assert answer["kind"] == "Pod"
    api.refused(404, "GET", pods(space) + "/one")


def test_a_bound_pod_stays_until_its_kubelet_lets_go(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    bind(api, space, "one")
    bound = api.ok("GET", pods(space) + "/one")
    assert bound["spec"]["nodeName"] == "some-node"
    assert [c["type"] for c in bound["status"]["conditions"]] == ["PodScheduled"]
    answer = api.ok("DELETE", pods(space) + "/one")
    assert answer["metadata"]["deletionGracePeriodSeconds"] == 30
    assert answer["metadata"]["deletionTimestamp"] > bound["metadata"]["creationTimestamp"]
    shorter = api.ok("DELETE", pods(space) + "/one", gracePeriodSeconds=5)
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    longer = api.ok("DELETE", pods(space) + "/one", {"gracePeriodSeconds": 60})
    assert longer["metadata"]["deletionGracePeriodSeconds"] == 5
    api.ok("DELETE", pods(space) + "/one", {"gracePeriodSeconds": 0})
    api.refused(404, "GET", pods(space) + "/one")


def test_a_pod_is_bound_once(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    bind(api, space, "one")
    binding = {"metadata": {"name": "one"}, "target": {"kind": "Node", "name": "other"}}
    status = api.refused(409, "POST", pods(space) + "/one/binding", binding)
    assert 'pod one is already assigned to node "some-node"' in status["message"]


def test_a_finished_pod_goes_at_once(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    bind(api, space, "one")
    status = {"status": {"phase": "Failed"}}
    api.ok("PATCH", pods(space) + "/one/status", status, media=MERGE)
    api.ok("DELETE", pods(space) + "/one")
    api.refused(404, "GET", pods(space) + "/one")


def test_a_collection_is_deleted_by_selector(api: Api, space: str) -> None:
    for name, labels in (("a", {"go": "yes"}), ("b", {"go": "yes"}), ("c", {"go": "no"})):
        api.ok("POST", config_maps(space), config_map(name, labels))
    api.ok("DELETE", config_maps(space), labelSelector="go=yes")
    left = api.ok("GET", config_maps(space), labelSelector="go")
    assert [item["metadata"]["name"] for item in left["items"]] == ["c"]


def gone(api: Api, path: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while api.send("GET", path).status_code != 404:
        assert time.monotonic() < end, f"{path} stays"
        time.sleep(0.05)


def test_a_namespace_takes_everything_with_it(api: Api, space: str) -> None:
    body: Object = widget("held")
    body["metadata"]["finalizers"] = ["example.org/hold"]
    api.ok("POST", widgets(space), body)
    api.ok("POST", config_maps(space), config_map("one"))
    path = f"/api/v1/namespaces/{space}"
    answer = api.ok("DELETE", path)
    assert answer["status"]["phase"] == "Terminating"
    assert answer["metadata"]["deletionTimestamp"]
    gone(api, config_maps(space) + "/one")
    status = api.refused(403, "POST", config_maps(space), config_map("two"))
    assert status["reason"] == "Forbidden"
    assert "because it is being terminated" in status["message"]
    assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    assert api.ok("GET", path)["status"]["phase"] == "Terminating"
    for _ in range(600):
        held = api.ok("GET", widgets(space) + "/held")
        if held["metadata"].get("deletionTimestamp"):
            break
        time.sleep(0.05)
    api.ok("PATCH", widgets(space) + "/held", {"metadata": {"finalizers": None}}, media=MERGE)
    gone(api, path)


def test_some_namespaces_stay(api: Api) -> None:
    status = api.refused(403, "DELETE", "/api/v1/namespaces/default")
    assert status["message"] == 'namespaces "default" is forbidden: this namespace may not be deleted'
