import socket
import threading

import pytest

from prompt_kafka.clients.kinds import ENDPOINT_SLICE, ENDPOINTS, POD, SERVICE
from prompt_kafka.lab.workloads.addresses import OWN, REQUESTED
from prompt_kafka.lab.workloads.services import Endpoints, LoadBalancers
from tests.lab.cluster import eventually


@pytest.fixture(autouse=True, scope="module")
def controllers(cluster):
    parts = [LoadBalancers(cluster.kubernetes, "127.99"), Endpoints(cluster.kubernetes)]
    for part in parts:
        part.start()
    yield
    for part in parts:
        part.stop()


def service(space, name="s", selector=None, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "selector": selector or {"app": "x"},
            "ports": [{"name": "p", "port": 80, "targetPort": "web", "protocol": "TCP"}],
            **spec,
        },
    }


def pod(cluster, space, name, address, *, ready=True, labels=None):
    port = {"name": "web", "containerPort": 8080}
    cluster.kubernetes.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": space, "labels": labels or {"app": "x"}},
            "spec": {"containers": [{"name": "c", "image": "x:1", "ports": [port]}]},
        }
    )
    status = {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
    }
    cluster.kubernetes.patch(POD, name, space, {"status": status}, subresource="status")


def subset(cluster, space):
    found = cluster.kubernetes.find(ENDPOINTS, "s", space) or {}
    return ((found.get("subsets") or [{}])[0]) if found else {}


def addresses(cluster, space, field="addresses"):
    return [each["ip"] for each in subset(cluster, space).get(field) or ()]


def test_ready_pods_are_endpoints_others_are_named_apart(cluster, space):
    cluster.kubernetes.create(service(space))
    pod(cluster, space, "a", "10.1.1.1")
    pod(cluster, space, "b", "10.1.1.2", ready=False)
    pod(cluster, space, "other", "10.1.1.3", labels={"app": "y"})
    eventually(lambda: addresses(cluster, space) == ["10.1.1.1"])
    eventually(lambda: addresses(cluster, space, "notReadyAddresses") == ["10.1.1.2"])
    assert subset(cluster, space)["ports"] == [{"name": "p", "port": 8080, "protocol": "TCP"}]

    def sliced():
        slices = cluster.kubernetes.list(ENDPOINT_SLICE, space, labels="kubernetes.io/service-name=s")
        found = {
            e["addresses"][0]: e["conditions"]["ready"] for each in slices for e in each["endpoints"] or ()
        }
        return found == {"10.1.1.1": True, "10.1.1.2": False}

    eventually(sliced)


def test_a_headless_service_may_publish_pods_that_are_not_ready(cluster, space):
    cluster.kubernetes.create(service(space, clusterIP="None", publishNotReadyAddresses=True))
    pod(cluster, space, "a", "10.1.1.1", ready=False)
    eventually(lambda: addresses(cluster, space) == ["10.1.1.1"])


def test_endpoints_go_with_the_pod_and_with_the_service(cluster, space):
    cluster.kubernetes.create(service(space))
    pod(cluster, space, "a", "10.1.1.1")
    eventually(lambda: addresses(cluster, space) == ["10.1.1.1"])
    cluster.kubernetes.delete(POD, "a", space, grace=0)
    eventually(lambda: addresses(cluster, space) == [])
    cluster.kubernetes.delete(SERVICE, "s", space)
    eventually(lambda: cluster.kubernetes.find(ENDPOINTS, "s", space) is None)


def test_load_balancers_get_loopback_addresses_and_show_the_requested_one(cluster, space):
    brokers = {"strimzi.io/cluster": space}
    cluster.kubernetes.create(service(space, "bootstrap", brokers, type="LoadBalancer"))
    for number in (3, 4):
        one = service(
            space, f"k-{number}", {**brokers, "strimzi.io/pod-name": f"k-{number}"}, type="LoadBalancer"
        )
        one["metadata"]["annotations"] = {"metallb.io/loadBalancerIPs": f"172.24.10.{number}"}
        cluster.kubernetes.create(one)

    def given(name):
        found = cluster.kubernetes.get(SERVICE, name, space)
        return [each["ip"] for each in found["status"].get("loadBalancer", {}).get("ingress") or ()]

    eventually(lambda: given("k-3") and given("k-4"))
    assert given("k-3") != given("k-4")
    assert all(each.startswith("127.99.1.") for each in given("k-3"))
    eventually(lambda: given("bootstrap") == given("k-3") + given("k-4"))
    shown = cluster.kubernetes.get(SERVICE, "k-3", space)["metadata"]["annotations"]
    assert shown[REQUESTED] == "172.24.10.3"


def test_a_bootstrap_may_have_an_address_of_its_own(cluster, space):
    brokers = {"strimzi.io/cluster": space}
    for name in ("k-3", "k-4"):
        one = {**brokers, "strimzi.io/pod-name": name}
        cluster.kubernetes.create(service(space, name, one, type="LoadBalancer"))
    cluster.kubernetes.create(service(space, "own", brokers, type="LoadBalancer"))

    def given(name):
        found = cluster.kubernetes.get(SERVICE, name, space)
        return [each["ip"] for each in found["status"].get("loadBalancer", {}).get("ingress") or ()]

    eventually(lambda: len(given("own")) == 2)
    cluster.kubernetes.patch(SERVICE, "own", space, {"metadata": {"annotations": {OWN: "true"}}})
    eventually(lambda: len(given("own")) == 1 and given("own") not in (given("k-3"), given("k-4")))


# A real API server takes no loopback address into Endpoints: nothing on one machine is behind its Services.
@pytest.mark.parametrize("cluster", ["lab"], indirect=True)
def test_a_bootstrap_with_an_address_of_its_own_leads_to_a_ready_pod(cluster, space):
    brokers = {"strimzi.io/cluster": space}
    told = []

    def answer(number, server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            told.append(client.recv(100))
            client.sendall(f"k-{number}".encode())
            client.close()

    servers = {}
    for number in (3, 4):
        name = f"k-{number}"
        one = {**brokers, "strimzi.io/pod-name": name}
        cluster.kubernetes.create(service(space, name, one, type="LoadBalancer"))
        servers[number] = socket.create_server((f"127.99.1.{200 + number}", 8080))
        threading.Thread(target=answer, args=(number, servers[number]), daemon=True).start()
        pod(cluster, space, name, f"127.99.1.{200 + number}", ready=number == 3, labels=one)
    cluster.kubernetes.create(service(space, "own", brokers, type="LoadBalancer"))

    def given(name):
        found = cluster.kubernetes.get(SERVICE, name, space)
        return [each["ip"] for each in found["status"].get("loadBalancer", {}).get("ingress") or ()]

    eventually(lambda: len(given("own")) == 2)
    cluster.kubernetes.patch(SERVICE, "own", space, {"metadata": {"annotations": {OWN: "true"}}})
    eventually(lambda: len(given("own")) == 1 and given("own") not in (given("k-3"), given("k-4")))

    def asked():
        try:
            with socket.create_connection((given("own")[0], 80), 2) as client:
                client.sendall(b"who are you?")
                return client.recv(100).decode()
        except OSError:
            return ""

    eventually(lambda: asked() == "k-3")
    assert {asked() for _ in range(4)} == {"k-3"}, "the other is not ready"
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.kubernetes.patch(POD, "k-4", space, {"status": ready}, subresource="status")
    eventually(lambda: {asked() for _ in range(4)} == {"k-3", "k-4"})
    servers[3].close()
    assert set(told) == {b"who are you?"}
    eventually(lambda: asked() == "k-4")
    servers[4].close()
    address = given("own")[0]
    cluster.kubernetes.delete(SERVICE, "own", space)

    def free():
        try:
            socket.create_server((address, 80)).close()
        except OSError:
            return False
        return True

    eventually(free)
