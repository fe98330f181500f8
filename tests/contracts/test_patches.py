"""The three kinds of patch, and the one that the lab does not have."""

from __future__ import annotations

from tests.contracts.definitions import config_map, config_maps, widget, widgets
from tests.contracts.differences import differs
from tests.contracts.servers import APPLY, JSON_PATCH, MERGE, STRATEGIC, Api, Object


def deployment(name: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [
                        {"name": "a", "image": "x:1", "env": [{"name": "ONE", "value": "1"}]},
                        {"name": "b", "image": "y:1"},
                    ]
                },
            },
        },
    }


def deployments(space: str) -> str:
    return f"/apis/apps/v1/namespaces/{space}/deployments"


def test_a_merge_patch_sets_and_removes(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one", {"k": "v"}, a="1", b="2"))
    body = {"data": {"a": None, "c": "3"}, "metadata": {"annotations": {"x": "y"}}}
    changed = api.ok("PATCH", config_maps(space) + "/one", body, media=MERGE)
    assert changed["data"] == {"b": "2", "c": "3"}
    assert changed["metadata"]["annotations"] == {"x": "y"}
    assert changed["metadata"]["labels"] == {"k": "v"}


def test_a_merge_patch_replaces_lists(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one", listeners=[{"port": 1}, {"port": 2}]))
    changed = api.ok("PATCH", widgets(space) + "/one", {"spec": {"listeners": [{"port": 3}]}}, media=MERGE)
    assert changed["spec"]["listeners"] == [{"port": 3, "tls": False}]


def test_a_patch_that_changes_nothing_keeps_the_version(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1"))
    again = api.ok("PATCH", config_maps(space) + "/one", {"data": {"a": "1"}}, media=MERGE)
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_patch_can_be_of_one_version(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1"))
    version = made["metadata"]["resourceVersion"]
    body = {"metadata": {"resourceVersion": version}, "data": {"a": "2"}}
    api.ok("PATCH", config_maps(space) + "/one", body, media=MERGE)
    assert api.refused(409, "PATCH", config_maps(space) + "/one", body, media=MERGE)["reason"] == "Conflict"


def test_a_json_patch(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one", listeners=[{"port": 1}, {"port": 2}]))
    changed = api.ok(
        "PATCH",
        widgets(space) + "/one",
        [
            {"op": "test", "path": "/spec/size", "value": 1},
            {"op": "replace", "path": "/spec/size", "value": 5},
            {"op": "add", "path": "/spec/listeners/-", "value": {"port": 3}},
            {"op": "remove", "path": "/spec/listeners/0"},
            {"op": "add", "path": "/metadata/annotations", "value": {"a.b/c": "1"}},
            {"op": "copy", "from": "/spec/size", "path": "/spec/replicas"},
            {"op": "replace", "path": "/metadata/annotations/a.b~1c", "value": "2"},
        ],
        media=JSON_PATCH,
    )
    assert changed["spec"]["size"] == 5
    assert changed["spec"]["replicas"] == 5
    assert [listener["port"] for listener in changed["spec"]["listeners"]] == [2, 3]
    assert changed["metadata"]["annotations"] == {"a.b/c": "2"}


def test_a_json_patch_that_cannot_be_carried_out(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one", a="1"))
    for operation in (
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/none"},
        {"op": "replace", "path": "/none/none", "value": "1"},
    ):
        status = api.refused(422, "PATCH", config_maps(space) + "/one", [operation], media=JSON_PATCH)
        assert status["reason"] == "Invalid"
        assert "the server rejected our request due to an error in our request" in status["message"]
    api.refused(400, "PATCH", config_maps(space) + "/one", {"op": "remove"}, media=JSON_PATCH)


def test_a_strategic_patch_merges_lists_by_key(api: Api, space: str) -> None:
    api.ok("POST", deployments(space), deployment("one"))
    patch = {
        "spec": {
            "template": {
                "metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}},
                "spec": {
                    "containers": [
                        {"name": "b", "image": "y:2"},
                        {"name": "a", "env": [{"name": "TWO", "value": "2"}]},
                    ]
                },
            }
        }
    }
    changed = api.ok("PATCH", deployments(space) + "/one", patch, media=STRATEGIC)
    containers = {c["name"]: c for c in changed["spec"]["template"]["spec"]["containers"]}
    assert containers["a"]["image"] == "x:1"
    assert containers["b"]["image"] == "y:2"
    assert {e["name"] for e in containers["a"]["env"]} == {"ONE", "TWO"}
    assert changed["metadata"]["generation"] == 2


def test_a_strategic_patch_deletes_and_orders(api: Api, space: str) -> None:
    api.ok("POST", deployments(space), deployment("one"))
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                    "containers": [{"name": "b", "$patch": "delete"}, {"name": "c", "image": "z:1"}],
                }
            }
        }
    }
    changed = api.ok("PATCH", deployments(space) + "/one", patch, media=STRATEGIC)
    assert [c["name"] for c in changed["spec"]["template"]["spec"]["containers"]] == ["c", "a"]


def test_custom_resources_know_no_strategic_patch(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    status = api.refused(415, "PATCH", widgets(space) + "/one", {"spec": {"size": 2}}, media=STRATEGIC)
    assert status["reason"] == "UnsupportedMediaType"
    assert "application/merge-patch+json" in status["message"]


def test_server_side_apply(api: Api, space: str) -> None:
    path = config_maps(space) + "/one"
    if differs(api, "server-side apply"):
        api.ok("PATCH", path, config_map("one", a="1"), media=APPLY, fieldManager="x")
    else:
        status = api.refused(415, "PATCH", path, config_map("one", a="1"), media=APPLY, fieldManager="x")
        assert status["reason"] == "UnsupportedMediaType"
        assert "no server-side apply" in status["message"]


def test_patching_nothing_is_not_found(api: Api, space: str) -> None:
    api.refused(404, "PATCH", config_maps(space) + "/none", {"data": {}}, media=MERGE)


def test_a_patch_is_validated_as_a_whole(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    status = api.refused(422, "PATCH", widgets(space) + "/one", {"spec": {"size": None}}, media=MERGE)
    assert status["message"] == 'Widget.contracts.example.org "one" is invalid: spec.size: Required value'
    labels = {"metadata": {"labels": {"a b": ""}}}
    status = api.refused(422, "PATCH", widgets(space) + "/one", labels, media=MERGE)
    assert status["reason"] == "Invalid"
