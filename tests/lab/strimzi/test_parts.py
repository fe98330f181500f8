"""Who is in force, what is written, what a pod set asks for, how long is waited."""

import threading
from datetime import UTC, datetime

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.lab.strimzi.activity import cluster_operators, tag
from prompt_kafka.lab.strimzi.changes import News, Waiting
from prompt_kafka.lab.strimzi.model.errors import OperatorGone
from prompt_kafka.lab.strimzi.objects import merged
from prompt_kafka.lab.strimzi.pod_sets import Plan
from prompt_kafka.lab.strimzi.roller.ports import ATTEMPTS, Timing

LABELS = {"name": "strimzi-cluster-operator"}


def deployment(replicas=1):
    return {
        "metadata": {"name": "strimzi-cluster-operator", "namespace": "strimzi"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}},
    }


def pod(name="o", ready=True, env=(), image="strimzi/operator:0.51.0", **metadata):
    return {
        "metadata": {"name": name, "namespace": "strimzi", "uid": name, "labels": LABELS, **metadata},
        "spec": {"containers": [{"name": "strimzi-cluster-operator", "image": image, "env": list(env)}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def test_an_operator_is_in_force_while_its_pod_is_ready():
    assert [one.version for one in cluster_operators([deployment()], [pod()])] == ["0.51.0"]
    assert not cluster_operators([deployment()], [pod(ready=False)])
    assert not cluster_operators([deployment()], [pod(deletionTimestamp="now")])
    assert not cluster_operators([deployment(0)], [pod()])
    assert not cluster_operators([], [pod()])


@pytest.mark.parametrize(
    ("env", "watched"),
    [
        ([{"name": "STRIMZI_NAMESPACE", "value": "b,a"}], {"a", "b"}),
        ([{"name": "STRIMZI_NAMESPACE", "value": "*"}], None),
        ([], None),
        (
            [{"name": "STRIMZI_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
            {"strimzi"},
        ),
    ],
)
def test_the_namespaces_that_it_watches(env, watched):
    assert cluster_operators([deployment()], [pod(env=env)])[0].watched == watched


def test_its_times():
    env = [
        {"name": "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", "value": "60000"},
        {"name": "STRIMZI_OPERATION_TIMEOUT_MS", "value": "wrong"},
    ]
    (operator,) = cluster_operators([deployment()], [pod(env=env)])
    assert (operator.interval, operator.timeout) == (60, 300)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("strimzi/operator:0.51.0", "0.51.0"),
        ("host:5000/a/b:1", "1"),
        ("a/b@sha256:0", ""),
        ("host:5000/a", ""),
    ],
)
def test_tags(image, expected):
    assert tag(image) == expected


def service(**metadata):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "n", "labels": {"a": "b"}, **metadata},
        "spec": {"ports": [{"port": 1, "name": "x"}], "selector": {"q": "r"}},
    }


def test_what_others_added_is_kept_and_is_no_reason_to_write():
    live = service(resourceVersion="7", uid="u", annotations={"theirs": "1"})
    live["spec"] |= {"clusterIP": "10.0.0.1"}
    live["spec"]["ports"][0]["nodePort"] = 30000
    assert merged(live, service()) == live
    wanted = service()
    wanted["spec"]["ports"][0]["port"] = 2
    result = merged(live, wanted)
    assert result["spec"]["ports"] == [{"port": 2, "name": "x", "nodePort": 30000}]
    assert result["metadata"]["annotations"] == {"theirs": "1"}


def test_a_pod_set_is_rewritten_as_it_should_be():
    live = {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "metadata": {"name": "p", "annotations": {"a": "b", "strimzi.io/manual-rolling-update": "true"}},
        "spec": {"pods": []},
    }
    wanted = live | {"metadata": {"name": "p", "annotations": {"a": "b"}}}
    assert merged(live, wanted)["metadata"]["annotations"] == {"a": "b"}


def test_data_goes_as_a_whole():
    live = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"old": "1", "kept": "2"},
    }
    assert merged(live, live | {"data": {"kept": "2"}})["data"] == {"kept": "2"}


def member(name, revision="r", phase="Running", owner="ps", ready=True, **metadata):
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "annotations": {"strimzi.io/revision": revision},
            "ownerReferences": [{"uid": owner}] if owner else [],
            **metadata,
        },
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def pod_set(*names):
    pods = [{"metadata": {"name": name, "annotations": {"strimzi.io/revision": "r"}}} for name in names]
    return {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "metadata": {"name": "ps", "uid": "ps", "generation": 3},
        "spec": {"pods": pods},
    }


def names(pods):
    return [one["metadata"]["name"] for one in pods]


def test_missing_pods_are_made_others_deleted_and_ended_ones_replaced():
    plan = Plan(pod_set("a", "b", "c"), [member("a"), member("b", phase="Failed"), member("x")])
    assert names(plan.create) == ["c"]
    assert plan.create[0]["metadata"]["ownerReferences"][0] == {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "name": "ps",
        "uid": "ps",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert names(plan.delete) == ["b", "x"]


def test_a_pod_that_is_ending_is_waited_for():
    plan = Plan(pod_set("a"), [member("a", deletionTimestamp="now", ready=False)])
    assert not plan.create and not plan.delete


def test_orphans_are_taken_in():
    assert names(Plan(pod_set("a"), [member("a", owner=None)]).adopt) == ["a"]


def test_the_status_counts():
    plan = Plan(pod_set("a", "b"), [member("a"), member("b", revision="old", ready=False)])
    assert plan.status == {"pods": 2, "readyPods": 1, "currentPods": 1, "observedGeneration": 3}


def test_ten_attempts_with_growing_pauses():
    timing = Timing()
    assert [timing.delay(n) for n in range(4)] == [0, 0.25, 0.5, 1]
    assert timing.total_ms == 127_750
    assert timing.delay(ATTEMPTS - 1) == 64
    assert Timing(15, 20, 45).delay(3) == 0.05
    assert Timing(15).deletion({"spec": {"terminationGracePeriodSeconds": 60}}) == 75
    assert Timing(15).deletion({}) == 45


def test_a_wait_ends_with_the_news():
    news, seen = News(), threading.Event()
    waiting = Waiting(news, lambda: True)
    timer = threading.Timer(0.05, lambda: (seen.set(), news.notify()))
    timer.start()
    assert waiting.until(seen.is_set, 5)
    timer.join()


def test_a_wait_ends_with_the_operator():
    waiting = Waiting(News(), lambda: False, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(OperatorGone):
        waiting.until(lambda: True, 5)
    with pytest.raises(OperatorGone):
        waiting.sleep(1)


def test_a_wait_that_is_in_vain():
    assert not Waiting(News(), lambda: True).until(lambda: False, 0.05)
