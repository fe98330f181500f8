import pytest

from prompt_kafka.clients.kinds import DEPLOYMENT, POD, REPLICA_SET
from prompt_kafka.lab.workloads.deployments import Deployments
from tests.lab.cluster import eventually


@pytest.fixture(autouse=True, scope="module")
def deployments(cluster):
    controller = Deployments(cluster.kubernetes)
    controller.start()
    yield controller
    controller.stop()


def deployment(space, replicas=1, image="x:1", **spec):
    container = {"name": "c", "image": image}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": space},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
            **spec,
        },
    }


def pods(cluster, space):
    return [p for p in cluster.kubernetes.list(POD, space) if not p["metadata"].get("deletionTimestamp")]


def make_ready(cluster, pod):
    status = {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    cluster.kubernetes.patch(
        POD, pod["metadata"]["name"], pod["metadata"]["namespace"], {"status": status}, subresource="status"
    )


def images(cluster, space):
    return sorted(each["spec"]["containers"][0]["image"] for each in pods(cluster, space))


def status(cluster, space):
    return cluster.kubernetes.get(DEPLOYMENT, "web", space).get("status") or {}


def test_pods_are_made_and_counted(cluster, space):
    cluster.kubernetes.create(deployment(space, 3))
    eventually(lambda: len(pods(cluster, space)) == 3)
    for pod in pods(cluster, space):
        make_ready(cluster, pod)
    eventually(lambda: status(cluster, space).get("availableReplicas") == 3)
    found = status(cluster, space)
    live = cluster.kubernetes.get(DEPLOYMENT, "web", space)
    assert live["status"]["observedGeneration"] == live["metadata"]["generation"]
    assert {(each["type"], each["status"]) for each in found["conditions"]} == {
        ("Available", "True"),
        ("Progressing", "True"),
    }
    assert len(pods(cluster, space)) == 3


def test_a_deleted_pod_is_replaced(cluster, space):
    cluster.kubernetes.create(deployment(space))
    first = eventually(lambda: pods(cluster, space))[0]
    cluster.kubernetes.delete(POD, first["metadata"]["name"], space, grace=0)
    eventually(
        lambda: [p["metadata"]["uid"] for p in pods(cluster, space)] not in ([], [first["metadata"]["uid"]])
    )
    assert len(pods(cluster, space)) == 1


def test_a_new_image_rolls_and_the_old_pod_goes_when_the_new_one_is_ready(cluster, space):
    cluster.kubernetes.create(deployment(space))
    make_ready(cluster, eventually(lambda: pods(cluster, space))[0])
    eventually(lambda: status(cluster, space).get("availableReplicas") == 1)
    body = deployment(space, image="x:2")["spec"]["template"]
    cluster.kubernetes.patch(DEPLOYMENT, "web", space, {"spec": {"template": body}})
    eventually(lambda: images(cluster, space) == ["x:1", "x:2"])
    new = next(p for p in pods(cluster, space) if p["spec"]["containers"][0]["image"] == "x:2")
    make_ready(cluster, new)
    eventually(lambda: images(cluster, space) == ["x:2"])
    revision = "deployment.kubernetes.io/revision"
    eventually(
        lambda: (
            cluster.kubernetes.get(DEPLOYMENT, "web", space)["metadata"]["annotations"].get(revision) == "2"
        )
    )


def test_recreate_has_never_two(cluster, space):
    cluster.kubernetes.create(deployment(space, strategy={"type": "Recreate"}))
    make_ready(cluster, eventually(lambda: pods(cluster, space))[0])
    body = deployment(space, image="x:2")["spec"]["template"]
    cluster.kubernetes.patch(DEPLOYMENT, "web", space, {"spec": {"template": body}})
    eventually(lambda: images(cluster, space) == ["x:2"])


def test_scaling_down_deletes_the_unready_first(cluster, space):
    cluster.kubernetes.create(deployment(space, 2))
    two = eventually(lambda: len(found := pods(cluster, space)) == 2 and found)
    make_ready(cluster, two[0])
    eventually(lambda: status(cluster, space).get("readyReplicas") == 1)
    cluster.kubernetes.patch(DEPLOYMENT, "web", space, {"spec": {"replicas": 1}})
    eventually(lambda: [p["metadata"]["name"] for p in pods(cluster, space)] == [two[0]["metadata"]["name"]])


def test_a_rolled_back_template_takes_its_replica_set_again(cluster, space):
    cluster.kubernetes.create(deployment(space))
    eventually(lambda: pods(cluster, space))
    for image in ("x:2", "x:1"):
        body = deployment(space, image=image)["spec"]["template"]
        cluster.kubernetes.patch(DEPLOYMENT, "web", space, {"spec": {"template": body}})
        eventually(lambda image=image: images(cluster, space) == [image])
    assert len(cluster.kubernetes.list(REPLICA_SET, space)) == 2
