"""What is particular to single kinds: secrets, events, services, leases, deployments, pods."""

from __future__ import annotations

from tests.contracts.definitions import config_map, config_maps, pod, pods
from tests.contracts.servers import MERGE, Api, Object
from tests.contracts.test_deletion import bind
from tests.contracts.test_patches import deployment, deployments
from tests.contracts.test_tables import service

SECOND = "2026-08-22T01:02:03.000000Z"


def test_secrets_take_plain_text(api: Api, space: str) -> None:
    path = f"/api/v1/namespaces/{space}/secrets"
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "one"},
        "data": {"a": "eA=="},
        "stringData": {"b": "y"},
    }
    made = api.ok("POST", path, body)
    assert made["type"] == "Opaque"
    assert made["data"] == {"a": "eA==", "b": "eQ=="}
    assert "stringData" not in made
    changed = api.ok("PATCH", path + "/one", {"stringData": {"a": "z"}}, media=MERGE)
    assert changed["data"] == {"a": "eg==", "b": "eQ=="}
    wrong = {**body, "metadata": {"name": "two"}, "data": {"a": "not base64!"}}
    status = api.refused(400, "POST", path, wrong)
    assert "illegal base64 data" in status["message"]
    status = api.refused(422, "PATCH", path + "/one", {"type": "other"}, media=MERGE)
    assert "field is immutable" in status["message"]


def test_what_is_immutable_stays(api: Api, space: str) -> None:
    made = api.ok("POST", config_maps(space), {**config_map("one", a="1"), "immutable": True})
    assert made["immutable"] is True
    status = api.refused(422, "PATCH", config_maps(space) + "/one", {"data": {"a": "2"}}, media=MERGE)
    assert "field is immutable when `immutable` is set" in status["message"]


def test_a_key_of_a_config_map(api: Api, space: str) -> None:
    status = api.refused(422, "POST", config_maps(space), config_map("one", **{"a/b": "1"}))
    assert "a valid config key must consist of alphanumeric characters" in status["message"]


def event(name: str, space: str) -> Object:
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": space},
        "eventTime": SECOND,
        "reportingController": "strimzi.io/cluster-operator",
        "reportingInstance": "operator-1",
        "action": "StrimziInitiatedPodRestart",
        "reason": "ManualRollingUpdate",
        "type": "Normal",
        "note": "Rolling Pod one due to it",
        "regarding": {"kind": "Kafka", "namespace": space, "name": "prompt-kafka"},
        "related": {"kind": "Pod", "namespace": space, "name": "one"},
    }


def test_an_event_is_one_under_both_groups(api: Api, space: str) -> None:
    new = f"/apis/events.k8s.io/v1/namespaces/{space}/events"
    core = f"/api/v1/namespaces/{space}/events"
    made = api.ok("POST", new, event("one", space))
    assert made["note"] == "Rolling Pod one due to it"
    seen = api.ok("GET", core + "/one")
    assert seen["message"] == made["note"]
    assert seen["involvedObject"]["name"] == "prompt-kafka"
    assert seen["reportingComponent"] == "strimzi.io/cluster-operator"
    assert seen["related"]["name"] == "one"
    for path, selector in (
        (core, "involvedObject.kind=Kafka,involvedObject.name=prompt-kafka"),
        (core, "reportingComponent=strimzi.io/cluster-operator"),
        (new, "regarding.name=prompt-kafka,reason=ManualRollingUpdate"),
        (new, "reportingController=strimzi.io/cluster-operator,type=Normal"),
    ):
        found = api.ok("GET", path, fieldSelector=selector)["items"]
        assert [item["metadata"]["name"] for item in found] == ["one"], selector
    assert api.ok("GET", core, fieldSelector="involvedObject.name=other")["items"] == []
    with api.watch(new, resourceVersion=made["metadata"]["resourceVersion"]) as events:
        api.ok("POST", new, event("two", space))
        assert next(events)["object"]["note"]
    api.ok("DELETE", core + "/one")
    api.refused(404, "GET", new + "/one")


def test_an_event_must_be_complete(api: Api, space: str) -> None:
    body = event("one", space)
    del body["action"], body["eventTime"]
    status = api.refused(422, "POST", f"/apis/events.k8s.io/v1/namespaces/{space}/events", body)
    assert "eventTime" in status["message"]
    wrong = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "one"},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "elsewhere", "name": "x"},
    }
    status = api.refused(422, "POST", f"/api/v1/namespaces/{space}/events", wrong)
    assert "does not match event.namespace" in status["message"]


def test_services_get_addresses(api: Api, space: str) -> None:
    path = f"/api/v1/namespaces/{space}/services"
    made = api.ok("POST", path, service("one", type="LoadBalancer"))
    spec = made["spec"]
    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"][0]["protocol"] == "TCP"
    assert spec["ports"][0]["targetPort"] == 9092
    assert 30000 <= spec["ports"][0]["nodePort"] < 32768
    assert spec["allocateLoadBalancerNodePorts"] is True
    assert spec["internalTrafficPolicy"] == "Cluster"
    assert spec["externalTrafficPolicy"] == "Cluster"
    assert spec["sessionAffinity"] == "None"
    assert made["status"] == {"loadBalancer": {}}
    # An update that does not name what was handed out keeps it.
    again = api.ok("PUT", path + "/one", service("one", type="LoadBalancer"))
    assert again["spec"]["clusterIP"] == spec["clusterIP"]
    assert again["spec"]["ports"][0]["nodePort"] == spec["ports"][0]["nodePort"]
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    plain = api.ok("PUT", path + "/one", service("one", type="LoadBalancer", externalTrafficPolicy="Local"))
    assert plain["spec"]["externalTrafficPolicy"] == "Local"


def test_a_wrong_service_is_refused(api: Api, space: str) -> None:
    path = f"/api/v1/namespaces/{space}/services"
    api.refused(422, "POST", path, service("one", ports=[]))
    api.refused(422, "POST", path, service("one", type="Sideways"))
    api.refused(422, "POST", path, service("one", ports=[{"port": 1}, {"port": 2}]))
    api.refused(422, "POST", path, service("one", ports=[{"port": 70000}]))


def test_leases_are_a_lock(api: Api, space: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{space}/leases"
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "run"},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": SECOND},
    }
    made = api.ok("POST", path, lease)
    renewed = api.ok("PUT", path + "/run", {**made, "spec": {**made["spec"], "leaseTransitions": 1}})
    assert renewed["spec"]["leaseTransitions"] == 1
    api.refused(409, "PUT", path + "/run", made)


def test_deployments_count_generations(api: Api, space: str) -> None:
    made = api.ok("POST", deployments(space), deployment("one"))
    assert made["metadata"]["generation"] == 1
    assert made["spec"]["revisionHistoryLimit"] == 10
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    path = deployments(space) + "/one"
    scaled = api.ok("PATCH", path + "/scale", {"spec": {"replicas": 0}}, media=MERGE)
    assert scaled["spec"].get("replicas", 0) == 0
    noted = api.ok("PATCH", path, {"metadata": {"annotations": {"a": "b"}}}, media=MERGE)
    assert noted["metadata"]["generation"] == 2
    wrong = deployment("two")
    wrong["spec"]["template"]["metadata"]["labels"] = {"x": "y"}
    status = api.refused(422, "POST", deployments(space), wrong)
    assert "`selector` does not match template `labels`" in status["message"]
    status = api.refused(
        422, "PATCH", path, {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, media=MERGE
    )
    assert status["reason"] == "Invalid"


def test_the_status_of_a_pod(api: Api, space: str) -> None:
    made = api.ok("POST", pods(space), pod("one"))
    body = {
        "metadata": {"annotations": {"a": "b"}},
        "spec": {"hostname": "x"},
        "status": {"phase": "Running", "podIP": "127.64.0.9", "podIPs": [{"ip": "127.64.0.9"}]},
    }
    changed = api.ok("PATCH", pods(space) + "/one/status", body, media=MERGE)
    assert changed["status"]["phase"] == "Running"
    assert changed["status"]["qosClass"] == "BestEffort"
    assert changed["metadata"]["annotations"] == {"a": "b"}
    assert "hostname" not in changed["spec"]
    assert changed["metadata"]["generation"] == made["metadata"]["generation"] == 1
    main = api.ok("PATCH", pods(space) + "/one", {"status": {"phase": "Failed"}}, media=MERGE)
    assert main["status"]["phase"] == "Running"


def test_a_wrong_pod_is_refused(api: Api, space: str) -> None:
    status = api.refused(422, "POST", pods(space), pod("one", containers=[]))
    assert "spec.containers: Required value" in status["message"]
    twice = [{"name": "a", "image": "x"}, {"name": "a", "image": "x"}]
    status = api.refused(422, "POST", pods(space), pod("one", containers=twice))
    assert 'Duplicate value: "a"' in status["message"]


def test_eviction(api: Api, space: str) -> None:
    api.ok("POST", pods(space), pod("one", {"app": "x"}))
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "one", "namespace": space},
    }
    api.ok("POST", pods(space) + "/one/eviction", eviction)
    api.refused(404, "GET", pods(space) + "/one")


def test_a_budget_forbids_an_eviction(api: Api, space: str) -> None:
    budgets = f"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets"
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "one"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}},
    }
    api.ok("POST", budgets, budget)
    api.ok("POST", pods(space), pod("one", {"app": "x"}))
    bind(api, space, "one")
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.ok("PATCH", pods(space) + "/one/status", {"status": status}, media=MERGE)
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "one", "namespace": space},
    }
    refused = api.refused(429, "POST", pods(space) + "/one/eviction", eviction)
    assert refused["reason"] == "TooManyRequests"
    assert refused["message"] == "Cannot evict pod as it would violate the pod's disruption budget."


def test_the_namespaces_of_a_new_cluster(api: Api) -> None:
    found = {item["metadata"]["name"] for item in api.ok("GET", "/api/v1/namespaces")["items"]}
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= found
    space = api.ok("GET", "/api/v1/namespaces/default")
    assert space["metadata"]["labels"]["kubernetes.io/metadata.name"] == "default"
    assert space["spec"]["finalizers"] == ["kubernetes"]
