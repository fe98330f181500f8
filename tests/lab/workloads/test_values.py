"""What is decided from values: garbage, addresses, roll-outs."""

import pytest

from prompt_kafka.lab.workloads import addresses, pods, rollout
from prompt_kafka.lab.workloads.garbage import Verdict, judge


def references(*uids):
    return [{"uid": each} for each in uids]


@pytest.mark.parametrize(
    ("uids", "alive", "verdict"),
    [
        ("a", {"a": True}, Verdict()),
        ("a", {"a": False}, Verdict(delete=True)),
        ("a", {"a": None}, Verdict()),
        ("ab", {"a": False, "b": True}, Verdict(drop=("a",))),
        ("ab", {"a": False, "b": False}, Verdict(delete=True)),
        ("ab", {"a": False, "b": None}, Verdict(drop=("a",))),
        ("", {}, Verdict()),
    ],
)
def test_an_object_goes_only_when_all_its_owners_are_known_to_be_gone(uids, alive, verdict):
    assert judge(references(*uids), alive) == verdict


def service(name, selector, *ips, asked=None, kind="LoadBalancer", namespace="ns", field=None):
    annotations = {"metallb.io/loadBalancerIPs": asked} if asked else {}
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": name, "annotations": annotations},
        "spec": {"type": kind, "selector": selector, **({"loadBalancerIP": field} if field else {})},
        "status": {"loadBalancer": {"ingress": [{"ip": each} for each in ips]}},
    }


BROKERS = {"strimzi.io/cluster": "k", "strimzi.io/broker-role": "true"}


def per_pod(number, *ips):
    pod = f"k-kafka-{number}"
    return service(pod, {**BROKERS, "strimzi.io/pod-name": pod}, *ips)


def test_a_per_pod_service_gets_a_free_address_and_keeps_it():
    first, second = per_pod(3, "127.64.1.1"), per_pod(4)
    assert addresses.choose(second, [first, second], "127.64") == ["127.64.1.2"]
    assert addresses.choose(first, [first, second], "127.64") == ["127.64.1.1"]


def test_a_bootstrap_service_has_the_addresses_of_its_brokers():
    bootstrap = service("k-external-bootstrap", BROKERS)
    brokers = [per_pod(4, "127.64.1.2"), per_pod(3, "127.64.1.1"), per_pod(5)]
    stranger = service("x", {"strimzi.io/cluster": "other", "strimzi.io/pod-name": "x"}, "127.64.1.9")
    found = addresses.choose(bootstrap, [bootstrap, *brokers, stranger], "127.64")
    assert found == ["127.64.1.1", "127.64.1.2"]


def test_a_bootstrap_service_without_brokers_yet_has_none_but_one_of_its_own_kind_does():
    bootstrap = service("k-external-bootstrap", BROKERS)
    assert addresses.choose(bootstrap, [bootstrap, per_pod(3)], "127.64") == []
    assert addresses.choose(bootstrap, [bootstrap], "127.64") == ["127.64.1.1"]


def test_the_same_selector_in_another_namespace_is_another_pod():
    bootstrap = service("b", BROKERS, namespace="one")
    assert addresses.choose(bootstrap, [bootstrap, per_pod(3, "127.64.1.1")], "127.64") == ["127.64.1.2"]


def test_the_requested_address_is_read_wherever_it_stands():
    assert addresses.requested(service("a", {}, asked="172.24.10.86")) == "172.24.10.86"
    assert addresses.requested(service("a", {}, field="172.24.10.87")) == "172.24.10.87"
    assert addresses.requested(service("a", {})) is None


def deployment(replicas=1, strategy=None, **status):
    return {
        "metadata": {"name": "d", "namespace": "ns", "uid": "u", "generation": 2},
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {}},
            "strategy": strategy or {},
        },
        "status": status,
    }


def replica_set(name, replicas, available=0, pods=None):
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas},
        "status": {"replicas": replicas if pods is None else pods, "availableReplicas": available},
    }


def test_a_first_roll_out_makes_all_replicas():
    assert rollout.scale(deployment(3), None, []) == rollout.Scale(3, {})


def test_one_replica_is_replaced_only_when_the_new_one_is_there():
    one = deployment(1)
    assert rollout.scale(one, None, [replica_set("old", 1, 1)]) == rollout.Scale(1, {"old": 1})
    waiting = replica_set("new", 1, 0)
    assert rollout.scale(one, waiting, [replica_set("old", 1, 1)]) == rollout.Scale(1, {"old": 1})
    there = replica_set("new", 1, 1)
    assert rollout.scale(one, there, [replica_set("old", 1, 1)]) == rollout.Scale(1, {"old": 0})


def test_old_replicas_that_never_were_available_go_at_once():
    sizes = rollout.scale(deployment(1), replica_set("new", 1, 0), [replica_set("old", 1, 0)])
    assert sizes == rollout.Scale(1, {"old": 0})


def test_recreate_waits_until_every_old_pod_is_gone():
    recreate = deployment(1, {"type": "Recreate"})
    assert rollout.scale(recreate, None, [replica_set("old", 1, 1)]) == rollout.Scale(0, {"old": 0})
    assert rollout.scale(recreate, None, [replica_set("old", 0, 0, pods=1)]) == rollout.Scale(0, {"old": 0})
    assert rollout.scale(recreate, None, [replica_set("old", 0, 0)]) == rollout.Scale(1, {"old": 0})


def test_a_paused_deployment_does_not_move():
    paused = deployment(2)
    paused["spec"]["paused"] = True
    assert rollout.scale(paused, None, [replica_set("old", 1, 1)]) == rollout.Scale(0, {"old": 1})


def test_surge_and_unavailability_are_shares_or_numbers():
    assert rollout.limits(deployment(4)) == (1, 1)
    assert rollout.limits(deployment(1)) == (1, 0)
    zero = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}
    assert rollout.limits(deployment(1, zero)) == (0, 1)


def test_the_hash_label_makes_no_difference():
    one = {"metadata": {"labels": {"a": "b"}}, "spec": {"x": 1}}
    two = {"metadata": {"labels": {"a": "b", "pod-template-hash": "h"}}, "spec": {"x": 1}}
    assert rollout.same_template(one, two)
    assert not rollout.same_template(one, {**two, "spec": {"x": 2}})


@pytest.mark.parametrize(
    ("selector", "labels", "found"),
    [
        ({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "c"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}, {"a": "b"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {}, True),
        (None, {}, True),
    ],
)
def test_label_selectors(selector, labels, found):
    assert pods.matches(selector, labels) is found


def test_unbound_and_unready_pods_are_deleted_first_then_the_youngest():
    def pod(name, node=None, ready=False, made="2026-01-01T00:00:00Z"):
        return {
            "metadata": {"name": name, "creationTimestamp": made},
            "spec": {"nodeName": node} if node else {},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
        }

    some = [
        pod("old", "n", True),
        pod("young", "n", True, "2026-01-02T00:00:00Z"),
        pod("unready", "n"),
        pod("unbound"),
    ]
    assert [each["metadata"]["name"] for each in pods.surplus(some, 4)] == [
        "unbound",
        "unready",
        "young",
        "old",
    ]
