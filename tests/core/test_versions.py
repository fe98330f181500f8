from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.core import versions as v
from prompt_kafka.core.version_change import IllegalVersionChange, version_change


def test_the_shipped_pair_and_the_one_that_cannot_be():
    assert v.check_kafka("0.51.0", "4.1.1") == "4.1.1"
    with pytest.raises(v.UnsupportedKafkaVersion) as caught:
        v.check_kafka("0.51.0", "4.0.0")
    assert caught.value.what == (
        "Unsupported Kafka.spec.kafka.version: 4.0.0. Supported versions are: [4.1.0, 4.1.1, 4.2.0]"
    )


@pytest.mark.parametrize(
    ("operator", "default", "served", "stored", "kubernetes"),
    [
        ("0.45.2", "3.9.2", ("v1beta2",), "v1beta2", "1.25"),
        ("0.50.1", "4.1.1", ("v1", "v1beta2"), "v1beta2", "1.27"),
        ("0.51.0", "4.2.0", ("v1", "v1beta2"), "v1beta2", "1.30"),
        ("1.0.1", "4.2.0", ("v1",), "v1", "1.30"),
        ("1.2.0", "4.3.1", ("v1",), "v1", "1.30"),
    ],
)
def test_releases(operator, default, served, stored, kubernetes):
    release = v.release(operator)
    assert (release.default, release.served, release.stored, release.kubernetes) == (
        default,
        served,
        stored,
        kubernetes,
    )


def test_an_operator_that_is_not_in_the_table_names_those_that_are():
    with pytest.raises(v.UnknownOperatorVersion) as caught:
        v.supported("0.44.0")
    assert "0.51.0" in caught.value.next


def test_consecutive_operators_share_a_kafka():
    assert v.shared("0.50.1", "0.51.0") == ("4.1.0", "4.1.1")
    assert v.shared("1.0.0", "1.1.0") == ("4.2.0",)
    minors = [one for one in v.RELEASES if not one.version.endswith((".1", ".2")) or one.version == "0.45.2"]
    for one, other in pairwise(minors):
        assert v.shared(one.version, other.version), (one.version, other.version)


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [("4.1.10", "4.1.9", 1), ("4.1", "4.1.0", 0), ("0.51.0", "1.0.0", -1), ("v4.2.0", "4.2.0", 0)],
)
def test_versions_compare_part_by_part(one, other, order):
    assert v.compare(one, other) == order


def test_metadata_versions_compare_by_line_only():
    assert v.compare_metadata("4.2-IV0", "4.2-IV1") == 0
    assert v.compare_metadata("4.2", "4.10-IV0") == -1


@pytest.mark.parametrize(
    ("short", "full", "level"),
    [("4.1", "4.1-IV1", 27), ("4.0", "4.0-IV3", 25), ("4.1-IV0", "4.1-IV0", 26), ("3.9", "3.9-IV0", 21)],
)
def test_metadata_versions_in_full(short, full, level):
    assert v.full_metadata(short) == full
    assert v.metadata_level(short) == level
    assert v.metadata_name(level) == full


@pytest.mark.parametrize("text", ["4.1-IV9", "3.2", "", "latest", "5.0"])
def test_what_is_no_metadata_version(text):
    with pytest.raises(v.InvalidMetadataVersion):
        v.full_metadata(text)


def test_metadata_is_lowered_only_where_no_record_changed():
    assert v.can_lower_metadata("4.1-IV1", "4.0-IV3")
    assert v.can_lower_metadata("4.2", "4.1")
    assert not v.can_lower_metadata("4.3", "4.2")
    assert not v.can_lower_metadata("4.0-IV1", "4.0-IV0")
    assert not v.can_lower_metadata("4.0", "4.1")


PODS = ("4.1.1",) * 6


@pytest.mark.parametrize(
    ("pods", "target", "desired", "current", "expected"),
    [
        (PODS, "4.1.1", None, "4.0-IV3", ("none", "4.1-IV1")),  # the automatic rise
        (PODS, "4.1.1", "4.0", "4.0-IV3", ("none", "4.0-IV3")),  # pinned
        (PODS, "4.1.1", "4.1-IV0", None, ("none", "4.1-IV0")),
        (PODS, "4.1.1", "4.2", "4.0-IV3", ("none", "4.0-IV3")),  # too new: keep
        (PODS, "4.1.1", "4.2", None, ("none", "4.1-IV1")),
        ((), "4.2.0", None, "4.1-IV1", ("none", "4.2-IV1")),  # no pods, no change
        (PODS, "4.2.0", "4.2", "4.1-IV1", ("upgrade", "4.1-IV1")),  # first phase
        (PODS, "4.2.0", None, None, ("upgrade", "4.1-IV1")),
        (("4.1.1", "4.2.0"), "4.2.0", None, "4.1-IV1", ("upgrade", "4.1-IV1")),  # interrupted
        (("4.2.0",), "4.1.1", None, "4.1-IV1", ("downgrade", "4.1-IV1")),
        (("4.0.0", None), "4.1.1", None, "4.0-IV3", ("upgrade", "4.0-IV3")),
    ],
)
def test_version_change(pods, target, desired, current, expected):
    change = version_change(pods, target, desired=desired, current=current)
    assert (change.direction, change.metadata) == expected
    assert bool(change.warning) == (desired == "4.2" and change.target == "4.1.1")


@pytest.mark.parametrize(
    ("pods", "target", "current", "text"),
    [
        (("4.2.0",), "4.1.1", "4.2-IV1", "we are downgrading to (4.1.1)"),
        (("4.1.1",), "4.2.0", "4.2-IV1", "we upgrade from (4.1.1)"),
        ((None, None), "4.2.0", "4.1-IV1", "do not contain the strimzi.io/kafka-version annotation"),
    ],
)
def test_version_changes_that_the_operator_refuses(pods, target, current, text):
    with pytest.raises(IllegalVersionChange) as caught:
        version_change(pods, target, desired=None, current=current)
    assert text in caught.value.what


KAFKAS = sorted({kafka for release in v.RELEASES for kafka in release.kafka}, key=v.key)


@given(
    st.lists(st.sampled_from(KAFKAS), max_size=6),
    st.sampled_from(KAFKAS),
    st.sampled_from([None, *KAFKAS]),
    st.sampled_from([None, *KAFKAS]),
)
def test_metadata_never_rises_while_the_version_changes(pods, target, desired, current):
    desired, current = desired and v.metadata_of(desired), current and v.metadata_of(current)
    try:
        change = version_change(tuple(pods), target, desired=desired, current=current)
    except IllegalVersionChange:
        assert current is not None
        return
    if change.direction != "none" and current:
        assert change.metadata == current
    if change.direction == "none" and change.metadata != current:
        assert v.compare_metadata(change.metadata, v.metadata_of(target)) <= 0
