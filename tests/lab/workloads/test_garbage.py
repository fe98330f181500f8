import pytest

from prompt_kafka.clients.kinds import CONFIG_MAP, SECRET
from prompt_kafka.lab.controller import owner_reference
from prompt_kafka.lab.workloads.garbage import GarbageCollector
from tests.lab.cluster import eventually


@pytest.fixture(autouse=True, scope="module")
def collector(cluster, cache):
    collector = GarbageCollector(cluster.kubernetes, cache)
    collector.start()
    yield collector
    collector.stop()


def made(cluster, space, name, *owners, block=True, kind="ConfigMap"):
    return cluster.kubernetes.create(
        {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": space,
                "ownerReferences": [
                    owner_reference(each, controller=number == 0, block=block)
                    for number, each in enumerate(owners)
                ],
            },
        }
    )


def gone(cluster, space, name, kind=CONFIG_MAP):
    return cluster.kubernetes.find(kind, name, space) is None


def test_dependents_go_with_their_owner_down_to_the_last(cluster, space):
    owner = made(cluster, space, "owner")
    middle = made(cluster, space, "middle", owner)
    made(cluster, space, "last", middle, kind="Secret")
    cluster.kubernetes.delete(CONFIG_MAP, "owner", space)
    eventually(lambda: gone(cluster, space, "middle") and gone(cluster, space, "last", SECRET))


def test_an_object_with_another_living_owner_stays_and_loses_the_reference(cluster, space):
    one, two = made(cluster, space, "one"), made(cluster, space, "two")
    made(cluster, space, "both", one, two)
    cluster.kubernetes.delete(CONFIG_MAP, "one", space)

    def only_two():
        left = cluster.kubernetes.get(CONFIG_MAP, "both", space)["metadata"]["ownerReferences"]
        return [each["name"] for each in left] == ["two"]

    eventually(only_two)


def test_an_object_that_names_a_gone_owner_from_the_start_goes(cluster, space):
    owner = made(cluster, space, "owner")
    cluster.kubernetes.delete(CONFIG_MAP, "owner", space)
    made(cluster, space, "late", owner)
    eventually(lambda: gone(cluster, space, "late"))


def test_in_the_foreground_the_owner_goes_last(cluster, space):
    owner = made(cluster, space, "owner")
    held = made(cluster, space, "held", owner)
    cluster.kubernetes.patch(CONFIG_MAP, "held", space, {"metadata": {"finalizers": ["test/hold"]}})
    cluster.kubernetes.delete(CONFIG_MAP, "owner", space, propagation="Foreground")
    eventually(lambda: cluster.kubernetes.get(CONFIG_MAP, "held", space)["metadata"].get("deletionTimestamp"))
    assert not gone(cluster, space, "owner")
    assert cluster.kubernetes.get(CONFIG_MAP, "held", space)["metadata"]["uid"] == held["metadata"]["uid"]
    cluster.kubernetes.patch(CONFIG_MAP, "held", space, {"metadata": {"finalizers": None}})
    eventually(lambda: gone(cluster, space, "owner") and gone(cluster, space, "held"))


def test_orphans_stay(cluster, space):
    owner = made(cluster, space, "owner")
    made(cluster, space, "child", owner)
    cluster.kubernetes.delete(CONFIG_MAP, "owner", space, propagation="Orphan")
    eventually(lambda: gone(cluster, space, "owner"))
    child = cluster.kubernetes.get(CONFIG_MAP, "child", space)
    assert not child["metadata"].get("ownerReferences")


def test_a_recreated_owner_of_the_same_name_is_another_owner(cluster, space):
    owner = made(cluster, space, "owner")
    made(cluster, space, "child", owner)
    cluster.kubernetes.delete(CONFIG_MAP, "owner", space, propagation="Orphan")
    eventually(lambda: gone(cluster, space, "owner"))
    made(cluster, space, "owner")
    made(cluster, space, "stale", owner)
    eventually(lambda: gone(cluster, space, "stale"))
    assert not gone(cluster, space, "child")
