"""Server-side tables: what ``kubectl get`` prints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.columns import COLUMNS
from tests.contracts.definitions import config_map, config_maps, pod, pods, widget, widgets
from tests.contracts.servers import MERGE, TABLE, Api, Object
from tests.contracts.test_deletion import bind
from tests.contracts.test_patches import deployment, deployments


def table(api: Api, path: str, **query: str) -> tuple[list[tuple[str, str, int]], list[list[Any]]]:
    answer = api.ok("GET", path, accept=TABLE, **query)
    assert answer["kind"] == "Table"
    assert answer["apiVersion"] == "meta.k8s.io/v1"
    columns = [(c["name"], c["type"], c["priority"]) for c in answer["columnDefinitions"]]
    return columns, [row["cells"] for row in answer["rows"]]


def names(columns: list[tuple[str, str, int]], *, wide: bool = True) -> list[str]:
    return [name for name, _, priority in columns if wide or not priority]


def is_age(text: str) -> bool:
    return text.endswith("s") and text[:-1].isdigit()


@pytest.mark.parametrize("path", COLUMNS)
def test_the_columns_of_built_in_kinds(api: Api, path: str) -> None:
    assert table(api, path)[0] == COLUMNS[path]


def test_pods(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    bind(api, space, "one")
    status = {
        "phase": "Running",
        "podIP": "127.64.0.1",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "main",
                "ready": True,
                "restartCount": 2,
                "image": "example/main:1",
                "imageID": "",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }
    api.ok("PATCH", pods(space) + "/one/status", {"status": status}, media=MERGE)
    columns, rows = table(api, pods(space))
    assert names(columns, wide=False) == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert names(columns)[5:] == ["IP", "Node", "Nominated Node", "Readiness Gates"]
    (row,) = rows
    assert row[:4] == ["one", "1/1", "Running", "2"]
    assert is_age(row[4])
    assert row[5:] == ["127.64.0.1", "some-node", "<none>", "<none>"]
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    status["containerStatuses"][0] |= {"ready": False, "state": waiting}  # type: ignore[index, operator]
    api.ok("PATCH", pods(space) + "/one/status", {"status": status}, media=MERGE)
    assert table(api, pods(space))[1][0][1:3] == ["0/1", "CrashLoopBackOff"]
    api.ok("DELETE", pods(space) + "/one")
    assert table(api, pods(space))[1][0][2] == "Terminating"


def test_one_object_as_a_table(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one"))
    answer = api.ok("GET", pods(space) + "/one", accept=TABLE)
    assert answer["kind"] == "Table"
    assert answer["rows"][0]["object"]["metadata"]["name"] == "one"
    whole = api.ok("GET", pods(space) + "/one", accept=TABLE, includeObject="Object")
    assert whole["rows"][0]["object"]["kind"] == "Pod"
    nothing = api.ok("GET", pods(space) + "/one", accept=TABLE, includeObject="None")
    assert nothing["rows"][0].get("object") is None


def test_custom_resources_print_their_own_columns(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one", size=7))
    ready = {
        "status": {"conditions": [{"type": "Other", "status": "x"}, {"type": "Ready", "status": "True"}]}
    }
    api.ok("PATCH", widgets(space) + "/one/status", ready, media=MERGE)
    api.ok("POST", widgets(space), widget("two"))
    columns, rows = table(api, widgets(space))
    assert columns == [
        ("Name", "string", 0),
        ("Size", "integer", 0),
        ("Ready", "string", 0),
        ("Mode", "string", 1),
        ("Age", "date", 0),
    ]
    assert rows[0][:4] == ["one", 7, "True", "safe"]
    assert rows[1][:4] == ["two", 1, None, "safe"]
    assert is_age(rows[0][4])


def test_custom_resources_without_columns_print_their_age(api: Api, space: str) -> None:
    path = f"/apis/contracts.example.org/v1alpha1/namespaces/{space}/gadgets"
    api.ok(
        "POST",
        path,
        {"apiVersion": "contracts.example.org/v1alpha1", "kind": "Gadget", "metadata": {"name": "a"}},
    )
    columns, rows = table(api, path)
    assert names(columns) == ["Name", "Age"]
    assert is_age(rows[0][1])


def service(name: str, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"a": "b"}, "ports": [{"name": "x", "port": 9092}], **spec},
    }


def test_services(api: Api, space: str) -> None:
    path = f"/api/v1/namespaces/{space}/services"
    api.ok("POST", path, service("plain"))
    api.ok("POST", path, service("headless", clusterIP="None"))
    api.ok("POST", path, service("outside", type="LoadBalancer"))
    columns, rows = table(api, path)
    assert names(columns) == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]
    by_name = {row[0]: row for row in rows}
    assert by_name["plain"][1] == "ClusterIP"
    assert by_name["plain"][2].startswith("10.96.")
    assert by_name["plain"][3:5] == ["<none>", "9092/TCP"]
    assert by_name["headless"][2] == "None"
    assert by_name["outside"][3] == "<pending>"
    assert by_name["outside"][4].startswith("9092:3")
    ingress = {"status": {"loadBalancer": {"ingress": [{"ip": "127.64.1.1"}, {"ip": "127.64.1.2"}]}}}
    api.ok("PATCH", path + "/outside/status", ingress, media=MERGE)
    assert {row[0]: row for row in table(api, path)[1]}["outside"][3] == "127.64.1.1,127.64.1.2"


def test_deployments(api: Api, space: str) -> None:
    api.ok("POST", deployments(space), deployment("one"))
    columns, rows = table(api, deployments(space))
    assert names(columns) == [
        "Name",
        "Ready",
        "Up-to-date",
        "Available",
        "Age",
        "Containers",
        "Images",
        "Selector",
    ]
    assert rows[0][:4] == ["one", "0/0", 0, 0]
    assert rows[0][5:] == ["a,b", "x:1,y:1", "app=one"]


def test_the_other_kinds(api: Api, space: str) -> None:
    api.ok("POST", config_maps(space), config_map("one", a="1", b="2"))
    columns, rows = table(api, config_maps(space), fieldSelector="metadata.name=one")
    assert columns == [("Name", "string", 0), ("Data", "string", 0), ("Age", "string", 0)]
    assert rows[0][:2] == ["one", 2]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "stringData": {"k": "v"}}
    api.ok("POST", f"/api/v1/namespaces/{space}/secrets", secret)
    assert table(api, f"/api/v1/namespaces/{space}/secrets")[1][0][:3] == ["one", "Opaque", 1]
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "one"},
        "spec": {"holderIdentity": "me"},
    }
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{space}/leases"
    api.ok("POST", leases, lease)
    columns, rows = table(api, leases)
    assert names(columns) == ["Name", "Holder", "Age"]
    assert rows[0][:2] == ["one", "me"]
    columns, rows = table(api, "/api/v1/namespaces", fieldSelector=f"metadata.name={space}")
    assert names(columns) == ["Name", "Status", "Age"]
    assert rows[0][:2] == [space, "Active"]
    columns, _ = table(api, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    assert names(columns) == ["Name", "Created At"]


def test_claims_and_volumes(api: Api, space: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "none",
        },
    }
    path = f"/api/v1/namespaces/{space}/persistentvolumeclaims"
    api.ok("POST", path, claim)
    columns, rows = table(api, path)
    assert names(columns) == [
        "Name",
        "Status",
        "Volume",
        "Capacity",
        "Access Modes",
        "StorageClass",
        "VolumeAttributesClass",
        "Age",
        "VolumeMode",
    ]
    assert rows[0][:7] == ["data", "Pending", "", "", "", "none", "<unset>"]
    assert rows[0][8] == "Filesystem"
    status = api.refused(422, "PATCH", path + "/data", {"spec": {"storageClassName": "x"}}, media=MERGE)
    assert "spec is immutable after creation except resources.requests" in status["message"]


def test_nodes(api: Api) -> None:
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"generateName": "node-", "labels": {"node-role.kubernetes.io/lab": ""}},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.34.4"},
            "addresses": [{"type": "InternalIP", "address": "127.64.0.1"}],
        },
    }
    made = api.ok("POST", "/api/v1/nodes", node)
    name = made["metadata"]["name"]
    columns, rows = table(api, "/api/v1/nodes", fieldSelector=f"metadata.name={name}")
    assert names(columns) == [
        "Name",
        "Status",
        "Roles",
        "Age",
        "Version",
        "Internal-IP",
        "External-IP",
        "OS-Image",
        "Kernel-Version",
        "Container-Runtime",
    ]
    (row,) = rows
    assert row[0] == name
    assert "Ready" in row[1]
    assert row[2] == "lab"
    assert row[4:] == ["v1.34.4", "127.64.0.1", "<none>", "<unknown>", "<unknown>", "<unknown>"]
    api.ok("DELETE", f"/api/v1/nodes/{name}")
