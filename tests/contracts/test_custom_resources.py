"""Custom resources: pruned, defaulted, validated, versioned; their status and scale."""

from __future__ import annotations

import copy

import pytest

from tests.contracts.conftest import install
from tests.contracts.definitions import GADGETS, WIDGETS, widget, widgets
from tests.contracts.servers import MERGE, Api, Object
from tests.contracts.test_deletion import gone

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_defaults_are_filled_in(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), widget("one", listeners=[{"port": 1}]))
    assert made["spec"] == {
        "size": 1,
        "replicas": 1,
        "mode": "safe",
        "listeners": [{"port": 1, "tls": False}],
    }
    assert made["metadata"]["generation"] == 1


def test_unknown_fields_are_pruned_with_a_warning(api: Api, space: str) -> None:
    body = widget("one", nothing=1, listeners=[{"port": 1, "nix": 2}], config={"any": {"thing": 1}})
    response = api.send("POST", widgets(space), body)
    assert response.status_code == 201
    made = response.json()
    assert "nothing" not in made["spec"]
    assert made["spec"]["listeners"] == [{"port": 1, "tls": False}]
    assert made["spec"]["config"] == {"any": {"thing": 1}}
    warnings = response.headers.get_list("Warning")
    assert sorted(w for w in warnings if "unknown" in w) == [
        '299 - "unknown field \\"spec.listeners[0].nix\\""',
        '299 - "unknown field \\"spec.nothing\\""',
    ]


def test_unknown_fields_are_refused_when_validation_is_strict(api: Api, space: str) -> None:
    status = api.refused(400, "POST", widgets(space), widget("one", nothing=1), fieldValidation="Strict")
    assert status["reason"] == "BadRequest"
    assert status["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field '
        '"spec.nothing"'
    )
    response = api.send("POST", widgets(space), widget("one", nothing=1), fieldValidation="Ignore")
    assert not [w for w in response.headers.get_list("Warning") if "unknown" in w]


@pytest.mark.parametrize(
    ("spec", "message", "reason"),
    [
        (
            {"size": "x"},
            'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
            "FieldValueTypeInvalid",
        ),
        (
            {"on": 1},
            'spec.on: Invalid value: "integer": spec.on in body must be of type boolean: "integer"',
            "FieldValueTypeInvalid",
        ),
        (
            {"labels": {"a": 1}},
            'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: '
            '"integer"',
            "FieldValueTypeInvalid",
        ),
        (
            {"size": -1},
            "spec.size: Invalid value: -1: spec.size in body should be greater than or equal to 0",
            "FieldValueInvalid",
        ),
        (
            {"size": 101},
            "spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100",
            "FieldValueInvalid",
        ),
        (
            {"mode": "slow"},
            'spec.mode: Unsupported value: "slow": supported values: "fast", "safe"',
            "FieldValueNotSupported",
        ),
        (
            {"name": "ABC"},
            "spec.name: Invalid value: \"ABC\": spec.name in body should match '^[a-z]+$'",
            "FieldValueInvalid",
        ),
        (
            {"name": "a"},
            'spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long',
            "FieldValueInvalid",
        ),
        (
            {"name": "abcdefghij"},
            "spec.name: Too long: may not be more than 8 bytes",
            "FieldValueTooLong",
        ),
        (
            {"listeners": []},
            "spec.listeners: Invalid value: 0: spec.listeners in body should have at least 1 items",
            "FieldValueInvalid",
        ),
        (
            {"listeners": [{"port": 1}] * 4},
            "spec.listeners: Too many: 4: must have at most 3 items",
            "FieldValueTooMany",
        ),
        (
            {"listeners": [{}]},
            "spec.listeners[0].port: Required value",
            "FieldValueRequired",
        ),
        (
            {"port": True},
            'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: '
            '"boolean"',
            "FieldValueTypeInvalid",
        ),
        ({"size": None}, "spec.size: Required value", "FieldValueRequired"),
    ],
)
def test_what_is_wrong_is_said_as_by_the_real_one(
    api: Api, space: str, spec: Object, message: str, reason: str
) -> None:
    status = api.refused(422, "POST", widgets(space), widget("one", **spec))
    assert status["reason"] == "Invalid"
    assert status["message"] == f'Widget.contracts.example.org "one" is invalid: {message}'
    cause = status["details"]["causes"][0]
    assert cause["reason"] == reason
    assert f"{cause['field']}: {cause['message']}" == message
    assert status["details"]["group"] == "contracts.example.org"
    assert status["details"]["kind"] == "Widget"


def test_one_of_several_alternatives(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one", choice={"left": 1}))
    for choice in ({}, {"left": 1, "right": 2}):
        status = api.refused(422, "POST", widgets(space), widget("two", choice=choice))
        assert "must validate one and only one schema (oneOf)" in status["message"]


def test_every_fault_is_named(api: Api, space: str) -> None:
    status = api.refused(422, "POST", widgets(space), widget("one", size="x", mode="slow"))
    assert {cause["field"] for cause in status["details"]["causes"]} == {"spec.size", "spec.mode"}
    assert status["message"].startswith('Widget.contracts.example.org "one" is invalid: [spec.')


def test_what_is_required(api: Api, space: str) -> None:
    body = widget("one")
    del body["spec"]
    status = api.refused(422, "POST", widgets(space), body)
    assert status["message"] == 'Widget.contracts.example.org "one" is invalid: spec: Required value'


def test_nulls(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), widget("one", note=None, mode=None, on=None))
    assert made["spec"]["note"] is None
    assert made["spec"]["mode"] == "safe"
    assert "on" not in made["spec"]


def test_status_is_a_place_of_its_own(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), {**widget("one"), "status": {"replicas": 9}})
    assert "status" not in made
    path = widgets(space) + "/one"
    body = {**made, "spec": {**made["spec"], "size": 50}, "status": {"replicas": 3}}
    body["metadata"] = {**made["metadata"], "labels": {"a": "b"}}
    changed = api.ok("PUT", path + "/status", body)
    assert changed["status"] == {"replicas": 3}
    assert changed["spec"]["size"] == 1
    assert "labels" not in changed["metadata"]
    assert changed["metadata"]["generation"] == 1
    main = api.ok("PUT", path, {**changed, "spec": {"size": 2}, "status": {"replicas": 7}})
    assert main["status"] == {"replicas": 3}
    assert main["spec"]["size"] == 2
    assert main["metadata"]["generation"] == 2
    merged = api.ok("PATCH", path + "/status", {"status": {"observedGeneration": 2}}, media=MERGE)
    assert merged["status"] == {"replicas": 3, "observedGeneration": 2}
    assert api.ok("GET", path + "/status") == merged
    api.refused(422, "PATCH", path + "/status", {"status": {"replicas": "x"}}, media=MERGE)
    entries = merged["metadata"]["managedFields"]
    assert any(entry.get("subresource") == "status" for entry in entries)


def test_without_a_status_subresource_status_is_a_field(api: Api, space: str) -> None:
    path = f"/apis/contracts.example.org/v1alpha1/namespaces/{space}/gadgets"
    body = {
        "apiVersion": "contracts.example.org/v1alpha1",
        "kind": "Gadget",
        "metadata": {"name": "one"},
        "spec": {"a": 1},
        "status": {"b": 1},
    }
    made = api.ok("POST", path, body)
    assert made["status"] == {"b": 1}
    changed = api.ok("PATCH", path + "/one", {"operation": {"sync": {}}, "status": {"b": 2}}, media=MERGE)
    assert changed["operation"] == {"sync": {}}
    assert changed["status"] == {"b": 2}
    assert changed["metadata"]["generation"] == 2
    api.refused(404, "GET", path + "/one/status")


def test_replacing_needs_a_version(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), widget("one"))
    status = api.refused(422, "PUT", widgets(space) + "/one", widget("one", size=3))
    assert status["details"]["causes"][0]["field"] == "metadata.resourceVersion"
    assert "must be specified for an update" in status["message"]
    api.ok("PUT", widgets(space) + "/one", {**made, "spec": {"size": 3}})


def test_versions_are_views_of_one_object(api: Api, space: str) -> None:
    made = api.ok("POST", widgets(space), widget("one"))
    response = api.send("GET", widgets(space, "v1beta2") + "/one")
    assert response.headers.get_list("Warning")
    older = response.json()
    assert older["apiVersion"] == "contracts.example.org/v1beta2"
    assert older["metadata"]["uid"] == made["metadata"]["uid"]
    assert older["spec"] == made["spec"]
    response = api.send("PATCH", widgets(space, "v1beta2") + "/one", {"spec": {"size": 8}}, media=MERGE)
    warning = "contracts.example.org/v1beta2 Widget is deprecated; use contracts.example.org/v1 Widget"
    assert response.headers.get_list("Warning") == [f'299 - "{warning}"']
    assert api.ok("GET", widgets(space) + "/one")["spec"]["size"] == 8
    assert api.ok("GET", widgets(space, "v1beta2"))["items"][0]["apiVersion"].endswith("v1beta2")
    wrong = api.refused(400, "POST", widgets(space, "v1beta2"), widget("two"))
    assert wrong["message"] == (
        "the API version in the data (contracts.example.org/v1) does not match the expected API version "
        "(contracts.example.org/v1beta2)"
    )


def test_scale(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one", replicas=2))
    path = widgets(space) + "/one/scale"
    api.ok(
        "PATCH", widgets(space) + "/one/status", {"status": {"replicas": 1, "selector": "a=b"}}, media=MERGE
    )
    scale = api.ok("GET", path)
    assert scale["kind"] == "Scale"
    assert scale["apiVersion"] == "autoscaling/v1"
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 1, "selector": "a=b"}
    scale["spec"]["replicas"] = 5
    assert api.ok("PUT", path, scale)["spec"]["replicas"] == 5
    assert api.ok("PATCH", path, {"spec": {"replicas": 6}}, media=MERGE)["spec"]["replicas"] == 6
    assert api.ok("GET", widgets(space) + "/one")["spec"]["replicas"] == 6
    assert api.refused(409, "PUT", path, scale)["reason"] == "Conflict"
    api.refused(422, "PATCH", path, {"spec": {"replicas": -1}}, media=MERGE)


def other(plural: str, **changes: object) -> Object:
    definition = copy.deepcopy(GADGETS)
    definition["metadata"]["name"] = f"{plural}.contracts.example.org"
    definition["spec"]["names"] = {"kind": plural[:-1].capitalize(), "plural": plural}
    return definition


def test_a_definition_says_what_it_serves(api: Api) -> None:
    definition = api.ok("GET", f"{DEFINITIONS}/widgets.contracts.example.org")
    status = definition["status"]
    assert status["storedVersions"] == ["v1beta2"]
    assert status["acceptedNames"]["kind"] == "Widget"
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert definition["spec"]["names"]["listKind"] == "WidgetList"
    assert definition["spec"]["conversion"] == {"strategy": "None"}


def test_a_definition_goes_with_its_objects(api: Api, space: str) -> None:
    install(api, other("gizmos"))
    path = f"/apis/contracts.example.org/v1alpha1/namespaces/{space}/gizmos"
    api.ok(
        "POST",
        path,
        {"apiVersion": "contracts.example.org/v1alpha1", "kind": "Gizmo", "metadata": {"name": "a"}},
    )
    api.ok("DELETE", f"{DEFINITIONS}/gizmos.contracts.example.org")
    gone(api, f"{DEFINITIONS}/gizmos.contracts.example.org")
    gone(api, path)
    install(api, other("gizmos"))
    assert api.ok("GET", path)["items"] == []
    api.ok("DELETE", f"{DEFINITIONS}/gizmos.contracts.example.org")
    gone(api, path)


def test_a_definition_held_by_an_object(api: Api, space: str) -> None:
    install(api, other("whatsits"))
    path = f"/apis/contracts.example.org/v1alpha1/namespaces/{space}/whatsits"
    body = {
        "apiVersion": "contracts.example.org/v1alpha1",
        "kind": "Whatsit",
        "metadata": {"name": "a", "finalizers": ["example.org/hold"]},
    }
    api.ok("POST", path, body)
    api.ok("DELETE", f"{DEFINITIONS}/whatsits.contracts.example.org")
    assert api.ok("GET", f"{DEFINITIONS}/whatsits.contracts.example.org")["metadata"]["deletionTimestamp"]
    for _ in range(200):
        if api.ok("GET", path + "/a")["metadata"].get("deletionTimestamp"):
            break
    api.ok("PATCH", path + "/a", {"metadata": {"finalizers": None}}, media=MERGE)
    gone(api, f"{DEFINITIONS}/whatsits.contracts.example.org")


def test_a_stored_version_cannot_be_dropped(api: Api) -> None:
    definition = copy.deepcopy(WIDGETS)
    names = {"kind": "Doodad", "plural": "doodads"}
    definition["metadata"]["name"] = "doodads.contracts.example.org"
    definition["spec"]["names"] = names
    install(api, definition)
    path = f"{DEFINITIONS}/doodads.contracts.example.org"
    for _ in range(20):
        present = api.ok("GET", path)
        new, old = present["spec"]["versions"]
        new["storage"], old["storage"] = True, False
        answer = api.send("PUT", path, present)
        if answer.status_code != 409:
            break
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"]["storedVersions"] == ["v1beta2", "v1"]
    for _ in range(20):
        present = api.ok("GET", path)
        present["spec"]["versions"] = present["spec"]["versions"][:1]
        answer = api.send("PUT", path, present)
        if answer.status_code != 409:
            break
    assert answer.status_code == 422
    assert "status.storedVersions[0]" in answer.json()["message"]
    assert 'Invalid value: "v1beta2"' in answer.json()["message"]
    api.ok("PATCH", path + "/status", {"status": {"storedVersions": ["v1"]}}, media=MERGE)
    present = api.ok("GET", path)
    present["spec"]["versions"] = present["spec"]["versions"][:1]
    assert [v["name"] for v in api.ok("PUT", path, present)["spec"]["versions"]] == ["v1"]
    api.ok("DELETE", path)


def test_a_wrong_definition_is_refused(api: Api) -> None:
    definition = other("things")
    definition["metadata"]["name"] = "other.contracts.example.org"
    status = api.refused(422, "POST", DEFINITIONS, definition)
    assert 'must be spec.names.plural+"."+spec.group' in status["message"]
    definition = other("things")
    definition["spec"]["scope"] = "Everywhere"
    api.refused(422, "POST", DEFINITIONS, definition)
    definition = other("things")
    definition["spec"]["versions"][0]["storage"] = False
    status = api.refused(422, "POST", DEFINITIONS, definition)
    assert "must have exactly one version marked as storage version" in status["message"]


def test_a_definition_can_be_replaced_while_it_serves(api: Api, space: str) -> None:
    definition = other("gewgaws")
    install(api, definition)
    path = f"/apis/contracts.example.org/v1alpha1/namespaces/{space}/gewgaws"
    body = {"apiVersion": "contracts.example.org/v1alpha1", "kind": "Gewgaw", "metadata": {"name": "a"}}
    api.ok("POST", path, body)
    schema = {"type": "object", "properties": {"spec": {"type": "object", "required": ["must"]}}}
    patch = [{"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema", "value": schema}]
    api.ok(
        "PATCH", f"{DEFINITIONS}/gewgaws.contracts.example.org", patch, media="application/json-patch+json"
    )
    for _ in range(200):
        answer = api.send("POST", path, {**body, "metadata": {"generateName": "b-"}, "spec": {}})
        if answer.status_code == 422:
            break
    assert answer.status_code == 422, answer.text
    api.ok("DELETE", f"{DEFINITIONS}/gewgaws.contracts.example.org")
