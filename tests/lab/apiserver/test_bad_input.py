"""Whatever is sent, the answer is a Status that says what is wrong with it, never a fault of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_kafka.lab.apiserver.kinds import BUILT_IN
from tests.contracts.conftest import install
from tests.contracts.definitions import WIDGETS, widget, widgets
from tests.contracts.servers import JSON_PATCH, MERGE, STRATEGIC, Api, lab_server
from tests.contracts.test_patches import deployment

WORDS = st.sampled_from(
    [
        "spec",
        "metadata",
        "name",
        "labels",
        "data",
        "containers",
        "ports",
        "port",
        "selector",
        "matchLabels",
        "template",
        "type",
        "resources",
        "requests",
        "storage",
        "versions",
        "names",
        "plural",
        "schema",
        "replicas",
        "$patch",
        "roleRef",
        "subjects",
        "involvedObject",
        "conditions",
        "finalizers",
        "ownerReferences",
        "annotations",
        "volumes",
        "env",
        "op",
        "path",
        "value",
    ]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("aZ1-./%", max_size=4)
)
JSON = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(WORDS, JSON, max_size=5)
RELAXED = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str]]:
    with lab_server(tmp_path_factory.mktemp("lab")) as api:
        install(api, WIDGETS)
        space = api.namespace()
        api.ok("POST", widgets(space), widget("one"))
        api.ok("POST", f"/apis/apps/v1/namespaces/{space}/deployments", deployment("one"))
        yield api, space


def paths(space: str) -> list[str]:
    found = [widgets(space)]
    for resource in BUILT_IN:
        root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
        found.append(
            f"{root}/namespaces/{space}/{resource.plural}"
            if resource.namespaced
            else f"{root}/{resource.plural}"
        )
    return found


def judge(api: Api, method: str, path: str, body: Any, media: str = "application/json", **query: str) -> None:
    answer = api.send(method, path, json.dumps(body).encode(), media=media, **query)
    assert answer.status_code < 500, (method, path, body, answer.text)
    if answer.status_code >= 400:
        assert answer.json()["kind"] == "Status"


@RELAXED
@given(st.data(), BODIES, st.booleans())
def test_creating_anything(server: tuple[Api, str], data: st.DataObject, body: Any, named: bool) -> None:
    api, space = server
    path = data.draw(st.sampled_from(paths(space)))
    if named:
        body["metadata"] = {"generateName": "x-"}
    judge(api, "POST", path, body, dryRun="All")


@RELAXED
@given(JSON, st.sampled_from([MERGE, STRATEGIC, JSON_PATCH]), st.booleans())
def test_patching_with_anything(server: tuple[Api, str], body: Any, media: str, wrapped: bool) -> None:
    api, space = server
    if wrapped:
        body = [body] if media == JSON_PATCH else {"spec": body}
    judge(api, "PATCH", f"/apis/apps/v1/namespaces/{space}/deployments/one", body, media, dryRun="All")
    judge(api, "PATCH", widgets(space) + "/one", body, media, dryRun="All")
    judge(api, "PATCH", widgets(space) + "/one/scale", body, media, dryRun="All")


@RELAXED
@given(BODIES)
def test_deleting_with_any_options(server: tuple[Api, str], body: Any) -> None:
    api, space = server
    options = {key: body.get("spec") for key in ("gracePeriodSeconds", "propagationPolicy", "preconditions")}
    judge(api, "DELETE", widgets(space) + "/none", {**body, **options})
    judge(api, "DELETE", widgets(space) + "/one", {**options, "dryRun": ["All"]})


@RELAXED
@given(
    st.text("ab=!,()in ><./\\[]*%", max_size=12),
    st.sampled_from(
        [
            "labelSelector",
            "fieldSelector",
            "limit",
            "continue",
            "resourceVersion",
            "timeoutSeconds",
            "dryRun",
            "sendInitialEvents",
            "resourceVersionMatch",
        ]
    ),
)
def test_asking_for_anything(server: tuple[Api, str], text: str, name: str) -> None:
    api, space = server
    answer = api.send("GET", widgets(space), **{name: text})
    assert answer.status_code < 500, answer.text


@RELAXED
@given(
    st.lists(
        st.sampled_from(
            [
                "api",
                "apis",
                "v1",
                "apps",
                "namespaces",
                "pods",
                "x",
                "status",
                "scale",
                "..",
                "openapi",
                "v3",
                "log",
                "exec",
                "%2f",
            ]
        ),
        max_size=8,
    )
)
def test_any_path(server: tuple[Api, str], parts: list[str]) -> None:
    api, _ = server
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = api.send(method, "/" + "/".join(parts))
        assert answer.status_code < 500, (parts, answer.text)
