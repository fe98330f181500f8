"""What clients ask first."""

from __future__ import annotations

import httpx2

from tests.contracts.servers import Api, client


def test_version(api: Api) -> None:
    version = api.ok("GET", "/version")
    assert (version["major"], version["minor"]) == ("1", "34")
    assert version["gitVersion"].startswith("v1.34.")


def test_health(api: Api) -> None:
    for path in ("/readyz", "/livez", "/healthz"):
        answer = api.http.get(path)
        assert (answer.status_code, answer.text) == (200, "ok")


def test_without_a_token_nobody_gets_in(api: Api) -> None:
    with client(api.root, api.port) as stranger:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}):
            del stranger.headers["Authorization"]
            answer = stranger.get("/api/v1/namespaces", headers=headers)
            stranger.headers["Authorization"] = ""
            assert answer.status_code == 401, headers
            assert answer.json()["reason"] == "Unauthorized"
        stranger.headers.pop("Authorization")
        assert stranger.get("/readyz").status_code == 200


def test_over_plain_http_nobody_gets_in(api: Api) -> None:
    try:
        answer = httpx2.get(f"http://127.0.0.1:{api.port}/readyz", trust_env=False)
    except httpx2.HTTPError:
        return
    assert answer.status_code == 400


def test_groups_and_kinds(api: Api) -> None:
    assert api.ok("GET", "/api")["versions"] == ["v1"]
    core = api.ok("GET", "/api/v1")
    assert core["kind"] == "APIResourceList"
    assert core["groupVersion"] == "v1"
    by_name = {entry["name"]: entry for entry in core["resources"]}
    pods = by_name["pods"]
    assert pods["kind"] == "Pod"
    assert pods["namespaced"] is True
    assert pods["shortNames"] == ["po"]
    assert pods["singularName"] == "pod"
    assert set(pods["verbs"]) == {
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    }
    for name in ("pods/status", "pods/log", "pods/exec", "pods/binding", "pods/eviction", "services/status"):
        assert name in by_name, name
    assert by_name["namespaces"]["namespaced"] is False
    groups = {group["name"]: group for group in api.ok("GET", "/apis")["groups"]}
    for name in ("apps", "coordination.k8s.io", "events.k8s.io", "policy", "contracts.example.org"):
        assert name in groups
    assert groups["apps"]["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    one = api.ok("GET", "/apis/apps")
    assert one["kind"] == "APIGroup"
    assert one["versions"] == [{"groupVersion": "apps/v1", "version": "v1"}]
    assert api.send("GET", "/apis/none").status_code == 404
    assert api.send("GET", "/apis/apps/v9").status_code == 404


def test_what_a_kind_can_do_is_the_same_on_both(api: Api) -> None:
    expected = {
        "/apis/apps/v1": {"deployments", "deployments/scale", "deployments/status", "replicasets"},
        "/apis/coordination.k8s.io/v1": {"leases"},
        "/apis/discovery.k8s.io/v1": {"endpointslices"},
        "/apis/events.k8s.io/v1": {"events"},
        "/apis/networking.k8s.io/v1": {"ingresses", "ingresses/status", "networkpolicies"},
        "/apis/policy/v1": {"poddisruptionbudgets", "poddisruptionbudgets/status"},
        "/apis/rbac.authorization.k8s.io/v1": {
            "roles",
            "rolebindings",
            "clusterroles",
            "clusterrolebindings",
        },
        "/apis/storage.k8s.io/v1": {"storageclasses"},
        "/apis/authorization.k8s.io/v1": {"selfsubjectaccessreviews", "selfsubjectrulesreviews"},
        "/apis/authentication.k8s.io/v1": {"selfsubjectreviews"},
        "/apis/apiextensions.k8s.io/v1": {"customresourcedefinitions", "customresourcedefinitions/status"},
    }
    for path, names in expected.items():
        found = {entry["name"] for entry in api.ok("GET", path)["resources"]}
        assert names <= found, path


def test_custom_resources_are_discovered(api: Api) -> None:
    group = api.ok("GET", "/apis/contracts.example.org")
    assert [version["version"] for version in group["versions"]] == ["v1", "v1beta2", "v1alpha1"]
    assert group["preferredVersion"]["version"] == "v1"
    found = {e["name"]: e for e in api.ok("GET", "/apis/contracts.example.org/v1")["resources"]}
    assert set(found) == {"widgets", "widgets/status", "widgets/scale"}
    assert found["widgets"]["shortNames"] == ["wd"]
    assert found["widgets"]["categories"] == ["contracts"]
    scale = found["widgets/scale"]
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")


def test_openapi_says_that_the_server_validates(api: Api) -> None:
    index = api.ok("GET", "/openapi/v3")["paths"]
    assert index["api/v1"]["serverRelativeURL"].startswith("/openapi/v3/api/v1?hash=")
    for path, url, kind in (
        ("apis/apps/v1", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "Deployment"),
        (
            "apis/contracts.example.org/v1",
            "/apis/contracts.example.org/v1/namespaces/{namespace}/widgets/{name}",
            "Widget",
        ),
    ):
        document = api.ok("GET", index[path]["serverRelativeURL"])
        assert document["openapi"] == "3.0.0"
        patch = document["paths"][url]["patch"]
        assert patch["x-kubernetes-group-version-kind"]["kind"] == kind
        assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert api.send("GET", "/openapi/v3/apis/none/v1").status_code == 404


def test_reviews(api: Api) -> None:
    path = "/apis/authorization.k8s.io/v1"
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": "default"}},
    }
    answer = api.ok("POST", f"{path}/selfsubjectaccessreviews", body)
    assert answer["status"]["allowed"] is True
    assert answer["spec"]["resourceAttributes"]["verb"] == "delete"
    api.refused(405, "GET", f"{path}/selfsubjectaccessreviews")
    rules = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }
    answer = api.ok("POST", f"{path}/selfsubjectrulesreviews", rules)
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in answer["status"]["resourceRules"]
    who = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = api.ok("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", who)
    assert "system:masters" in answer["status"]["userInfo"]["groups"]
