import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.lab.strimzi.model.cluster import assign_pools
from prompt_kafka.lab.strimzi.model.node_ids import assign, id_range
from tests.lab.strimzi.values import pool


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("[0, 3, 10-12]", (0, 3, 10, 11, 12)),
        ("[12-10]", (12, 11, 10)),
        ("[]", ()),
        (None, ()),
        ("0-3", ()),
        ("[a]", ()),
        ("[1,]", ()),
    ],
)
def test_id_ranges(text, ids):
    assert id_range(text) == ids


def test_controllers_choose_first_and_brokers_go_on_after_them():
    pools = assign_pools(
        "c", [pool("kafka", ["broker"], next_ids="[0-99]"), pool("controller", ["controller"])]
    )
    assert [one.name for one in pools] == ["controller", "kafka"]
    assert [one.ids.desired for one in pools] == [(0, 1, 2), (3, 4, 5)]
    assert pools[1].nodes[0].pod == "c-kafka-3"


def test_ids_in_the_status_are_kept_whatever_the_annotation_says():
    pools = assign_pools("c", [pool("kafka", ["broker"], ids=[7, 8, 9], next_ids="[0-99]")])
    assert pools[0].ids.desired == (7, 8, 9)
    assert pools[0].ids.added == ()


def test_growing_and_shrinking():
    assert assign(4, [3, 4, 5], [0, 1, 2, 3, 4, 5], next_ids=[1, 20]).desired == (3, 4, 5, 20)
    assert assign(5, [3, 4, 5], [3, 4, 5], next_ids=[20]).desired == (0, 3, 4, 5, 20)
    assert assign(2, [3, 4, 5], [3, 4, 5]).desired == (3, 4)
    assert assign(2, [3, 4, 5], [3, 4, 5], remove_ids=[9, 3]).desired == (4, 5)
    assert assign(2, [3, 4, 5], [3, 4, 5], remove_ids=[3]).removed == (3,)


@given(
    st.integers(0, 8),
    st.sets(st.integers(0, 20), max_size=6),
    st.sets(st.integers(0, 20), max_size=6),
    st.lists(st.integers(0, 20), max_size=6),
    st.lists(st.integers(0, 20), max_size=6),
)
def test_ids_are_unique_kept_and_never_taken_from_another_pool(replicas, mine, others, next_ids, remove_ids):
    others -= mine
    ids = assign(replicas, sorted(mine), mine | others, next_ids=next_ids, remove_ids=remove_ids)
    assert len(ids.desired) == len(set(ids.desired)) == replicas
    assert not set(ids.added) & (mine | others)
    assert len(set(ids.desired) & mine) == min(replicas, len(mine))
