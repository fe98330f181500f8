"""Creating, reading and replacing objects."""

from __future__ import annotations

import re

from tests.contracts.definitions import config_map, config_maps, pod, pods
from tests.contracts.servers import Api


def test_a_created_object_reads_back_with_an_identity(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="b"), fieldManager="tester")
    meta = made["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", meta["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta["creationTimestamp"])
    assert meta["resourceVersion"].isdigit()
    assert meta["namespace"] == space
    assert meta["managedFields"][0]["manager"] == "tester"
    assert meta["managedFields"][0]["operation"] == "Update"
    assert meta["managedFields"][0]["fieldsType"] == "FieldsV1"
    assert "f:a" in meta["managedFields"][0]["fieldsV1"]["f:data"]
    assert api.ok("GET", config_maps(space) + "/one") == made


def test_the_user_agent_names_the_manager(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one"))
    entries = made["metadata"].get("managedFields", [])
    assert [entry["manager"] for entry in entries] in ([], ["contracts"])


def test_a_missing_object_is_not_found(api: Api, space: str) -> None:
    status = api.refused(404, "GET", config_maps(space) + "/none")
    assert status["reason"] == "NotFound"
    assert status["message"] == 'configmaps "none" not found'
    assert status["details"] == {"name": "none", "kind": "configmaps"}


def test_an_unknown_kind_is_not_found(api: Api) -> None:
    status = api.refused(404, "GET", "/apis/apps/v1/nothings")
    assert status["reason"] == "NotFound"
    assert status["message"] == "the server could not find the requested resource"
    assert api.send("GET", "/nothing").status_code == 404


def test_a_taken_name_is_a_conflict(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one"))
    status = api.refused(409, "POST", config_maps(space), config_map("one"))
    assert status["reason"] == "AlreadyExists"
    assert status["message"] == 'configmaps "one" already exists'
    assert status["details"] == {"name": "one", "kind": "configmaps"}


def test_the_group_is_part_of_messages(api: Api, space: str) -> None:
    status = api.refused(404, "GET", f"/apis/apps/v1/namespaces/{space}/deployments/none")
    assert status["message"] == 'deployments.apps "none" not found'
    assert status["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


def test_a_namespace_must_be_there(api: Api) -> None:
    status = api.refused(404, "POST", config_maps("nowhere"), config_map("one"))
    assert status["message"] == 'namespaces "nowhere" not found'


def test_a_name_is_made_from_its_prefix(api: Api, space: str) -> None:
    body = config_map("x")
    body["metadata"] = {"generateName": "event-"}
    made = api.ok("POST", config_maps(space), body)
    assert re.fullmatch(r"event-[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])


def test_a_name_is_needed(api: Api, space: str) -> None:
    body = config_map("x")
    body["metadata"] = {}
    status = api.refused(422, "POST", config_maps(space), body)
    assert status["reason"] == "Invalid"
    assert status["details"]["causes"][0]["field"] == "metadata.name"
    assert status["details"]["causes"][0]["reason"] == "FieldValueRequired"
    assert "name or generateName is required" in status["message"]


def test_a_bad_name_is_invalid(api: Api, space: str) -> None:
    status = api.refused(422, "POST", config_maps(space), config_map("Bad_Name"))
    assert status["message"].startswith(
        'ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 '
        "subdomain must consist of"
    )
    assert status["details"]["kind"] == "ConfigMap"


def test_bad_labels_are_invalid(api: Api, space: str) -> None:
    status = api.refused(422, "POST", config_maps(space), config_map("one", {"a/b/c": "x"}))
    assert status["details"]["causes"][0]["field"] == "metadata.labels"
    status = api.refused(422, "POST", config_maps(space), config_map("one", {"a": "not a value"}))
    assert "a valid label must be an empty string or consist of" in status["message"]


def test_a_label_is_a_string(api: Api, space: str) -> None:
    body = config_map("one")
    body["metadata"]["labels"] = {"a": 1}
    status = api.refused(400, "POST", config_maps(space), body)
    assert status["reason"] == "BadRequest"
    assert (
        "cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        in status["message"]
    )


def test_a_body_must_be_of_the_kind_of_its_url(api: Api, space: str) -> None:
    status = api.refused(400, "POST", config_maps(space), pod("one"))
    assert status["reason"] == "BadRequest"
    other = config_map("one")
    other["metadata"]["namespace"] = "default"
    status = api.refused(400, "POST", config_maps(space), other)
    assert "does not match the namespace sent on the request" in status["message"]


def test_a_body_must_be_json(api: Api, space: str) -> None:
    assert api.refused(400, "POST", config_maps(space), b"{")["reason"] == "BadRequest"
    status = api.refused(415, "POST", config_maps(space), b"x", media="text/plain")
    assert status["reason"] == "UnsupportedMediaType"
    assert api.send("GET", config_maps(space), accept="text/html").status_code == 406


def test_replacing_needs_the_present_version(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1"))
    changed = api.ok("PUT", config_maps(space) + "/one", {**made, "data": {"a": "2"}})
    assert int(changed["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    status = api.refused(409, "PUT", config_maps(space) + "/one", {**made, "data": {"a": "3"}})
    assert status["reason"] == "Conflict"
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )
    free = config_map("one", a="4")
    assert api.ok("PUT", config_maps(space) + "/one", free)["data"] == {"a": "4"}


def test_replacing_nothing_is_not_found(api: Api, space: str) -> None:
    api.refused(404, "PUT", config_maps(space) + "/none", config_map("none"))


def test_replacing_another_one_of_the_name_is_a_conflict(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one"))
    other = config_map("one")
    other["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555"
    status = api.refused(409, "PUT", config_maps(space) + "/one", other)
    assert "Precondition failed: UID in precondition" in status["message"]


def test_the_name_in_body_and_url_must_agree(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one"))
    status = api.refused(400, "PUT", config_maps(space) + "/one", config_map("two"))
    assert status["message"] == "the name of the object (two) does not match the name on the URL (one)"


def test_a_change_of_nothing_keeps_the_version(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1"))
    again = api.ok("PUT", config_maps(space) + "/one", made)
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_dry_run_changes_nothing(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1"), dryRun="All")
    assert made["metadata"]["uid"]
    api.refused(404, "GET", config_maps(space) + "/one")
    there = api.ok("POST", config_maps(space), config_map("one", a="1"))
    shown = api.ok("PUT", config_maps(space) + "/one", config_map("one", a="2"), dryRun="All")
    assert shown["data"] == {"a": "2"}
    assert api.ok("GET", config_maps(space) + "/one") == there
    api.ok("DELETE", config_maps(space) + "/one", dryRun="All")
    assert api.ok("GET", config_maps(space) + "/one") == there
    api.refused(422, "POST", config_maps(space), config_map("two"), dryRun="Some")


def test_who_changed_what_is_recorded(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), config_map("one", a="1", b="1"), fieldManager="first")
    made["data"]["b"] = "2"
    changed = api.ok("PUT", config_maps(space) + "/one", made, fieldManager="second")
    owned = {entry["manager"]: entry["fieldsV1"]["f:data"] for entry in changed["metadata"]["managedFields"]}
    assert "f:a" in owned["first"]
    assert "f:b" not in owned["first"]
    assert owned["second"] == {"f:b": {}}


def test_generation_counts_changes_of_the_specification(api: Api, space: str) -> None:
    path = f"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets"
    body = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "one"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}},
    }
    made = api.ok("POST", path, body)
    assert made["metadata"]["generation"] == 1
    labelled = api.ok(
        "PATCH", path + "/one", {"metadata": {"labels": {"x": "y"}}}, media="application/merge-patch+json"
    )
    assert labelled["metadata"]["generation"] == 1
    changed = api.ok(
        "PATCH", path + "/one", {"spec": {"minAvailable": 2}}, media="application/merge-patch+json"
    )
    assert changed["metadata"]["generation"] == 2


def test_what_the_server_sets_is_not_taken_from_the_client(api: Api, space: str) -> None:
    body = config_map("one")
    body["metadata"] |= {
        "uid": "11111111-2222-3333-4444-555555555555",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "deletionTimestamp": "2001-01-01T00:00:00Z",
    }
    meta = api.ok("POST", config_maps(space), body)["metadata"]
    assert meta["uid"] != body["metadata"]["uid"]
    assert meta["creationTimestamp"] > "2002"
    assert "deletionTimestamp" not in meta


def test_a_verb_that_is_not_there(api: Api, space: str) -> None:
    status = api.refused(405, "PUT", config_maps(space), config_map("one"))
    assert status["reason"] == "MethodNotAllowed"
    api.refused(405, "POST", "/api/v1/configmaps", config_map("one"))


def test_pods_get_their_defaults(api: Api, space: str) -> None:
    made = api.ok("POST", pods(space), pod("one"))
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert made["spec"]["restartPolicy"] == "Always"
    assert made["spec"]["terminationGracePeriodSeconds"] == 30
    assert made["spec"]["dnsPolicy"] == "ClusterFirst"
    container = made["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["resources"] == {}


def test_the_specification_of_a_pod_stays(api: Api, space: str) -> None:
    made = api.ok("POST", pods(space), pod("one"))
    made["spec"]["containers"][0]["image"] = "example/main:2"
    made = api.ok("PUT", pods(space) + "/one", made)
    assert made["spec"]["containers"][0]["image"] == "example/main:2"
    made["spec"]["hostname"] = "other"
    status = api.refused(422, "PUT", pods(space) + "/one", made)
    assert "pod updates may not change fields other than" in status["message"]
    assert status["details"]["causes"][0]["reason"] == "FieldValueForbidden"


def test_unknown_fields_of_built_in_kinds_are_dropped(api: Api, space: str) -> None:
    body = pod("one", nothing=1)
    body["spec"]["containers"][0]["imagePullPolice"] = "Never"
    status = api.refused(400, "POST", pods(space), body, fieldValidation="Strict")
    assert status["message"] == (
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field '
        '"spec.containers[0].imagePullPolice", unknown field "spec.nothing"'
    )
    response = api.send("POST", pods(space), body)
    assert response.status_code == 201
    assert "nothing" not in response.json()["spec"]
    assert sorted(response.headers.get_list("Warning")) == [
        '299 - "unknown field \\"spec.containers[0].imagePullPolice\\""',
        '299 - "unknown field \\"spec.nothing\\""',
    ]


def test_a_field_of_another_type_is_refused(api: Api, space: str) -> None:
    for spec in (
        {"terminationGracePeriodSeconds": "x"},
        {"containers": "all"},
        {"hostname": 1},
        {"volumes": [1]},
    ):
        status = api.refused(400, "POST", pods(space), pod("one", **spec))
        assert 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal' in status["message"]
    for field, value in (("data", []), ("data", "x"), ("metadata", "x")):
        assert api.refused(400, "POST", config_maps(space), {**config_map("one"), field: value})
