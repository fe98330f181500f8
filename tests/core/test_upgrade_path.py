"""Ways between versions: every start of the table, every goal, every hop."""

from __future__ import annotations

from itertools import pairwise

import pytest

from prompt_kafka.core import versions as v
from prompt_kafka.core.upgrade_hops import Hop, HopKind, Standing, refusal, skipped, taken
from prompt_kafka.core.upgrade_path import Goal, onward, way, ways

KAFKAS = sorted({each for release in v.RELEASES for each in release.kafka}, key=v.key)
STORED = (frozenset({"v1beta2"}), frozenset({"v1", "v1beta2"}), frozenset({"v1"}))


def _metadata_levels(kafka: str) -> set[str]:
    """Return the level of a Kafka's own line, and those of the lines before that an upgrade leaves behind."""
    older = [each for each in KAFKAS if v.compare(v.line(each), v.line(kafka)) <= 0]
    return {v.metadata_of(each) for each in (older[-1], older[0])}


def _starts(operator: str) -> list[Standing]:
    """Return every place where a cluster can stand with an operator, the stuck ones included."""
    served = set(v.release(operator).served)
    return [
        Standing(operator, kafka, metadata, stored)
        for kafka in KAFKAS
        for metadata in sorted(_metadata_levels(kafka))
        for stored in STORED
        if stored <= served
    ]


def _is_legal(at: Standing, hop: Hop) -> None:
    """Check a hop by the table itself, not by the function under test."""
    old, new = v.release(at.operator), taken(at, hop)
    if hop.kind is HopKind.KAFKA:
        assert hop.target in old.kafka
        limit = min((hop.source, hop.target), key=v.key)
        assert v.compare_metadata(at.metadata, v.metadata_of(limit)) <= 0, "the metadata level is above it"
        rising = v.compare(hop.source, hop.target) < 0
        assert not rising or v.knows(at.operator, hop.source) or v.key(at.operator) >= (1,)
        left_out = [
            each
            for each in old.kafka
            if sorted((v.line(hop.source), v.line(hop.target), v.line(each)))[1] == v.line(each)
            and v.line(each) not in (v.line(hop.source), v.line(hop.target))
        ]
        assert not left_out
        assert new.metadata == at.metadata, "an upgrade leaves the metadata level alone"
    elif hop.kind is HopKind.OPERATOR:
        target = v.release(hop.target)
        assert at.kafka in target.kafka, "the new operator would reject the running Kafka"
        assert not at.runs or at.kafka in v.shared(at.operator, hop.target)
        assert at.stored <= set(target.served)
        assert not at.kubernetes or v.compare(at.kubernetes, target.kubernetes) >= 0
    elif hop.kind is HopKind.METADATA:
        assert v.compare_metadata(hop.target, v.metadata_of(at.kafka)) <= 0
        lower = v.metadata_level(hop.target) < v.metadata_level(at.metadata)
        assert not lower or v.can_lower_metadata(at.metadata, hop.target)
    elif hop.kind is HopKind.DEFINITIONS:
        assert len(old.served) == 2
    assert not refusal(at, hop)


@pytest.mark.parametrize("operator", [each.version for each in v.RELEASES])
def test_every_way_from_every_start_is_legal_hop_by_hop(operator: str) -> None:
    found = 0
    for start in _starts(operator):
        goals = [Goal(kafka=each) for each in KAFKAS if v.compare(each, start.kafka) > 0]
        for goal, hops in ways(start, goals).items():
            if hops is None:
                continue
            found += 1
            at = start
            for hop in hops:
                _is_legal(at, hop)
                at = taken(at, hop)
            assert goal.met(at)
            assert at.metadata == start.metadata
            assert len({id(hop) for hop in hops}) == len(hops)
    assert found


@pytest.mark.parametrize("operator", [each.version for each in v.RELEASES])
def test_from_every_start_that_runs_the_newest_kafka_can_be_reached(operator: str) -> None:
    for start in _starts(operator):
        if start.runs and v.metadata_level(start.metadata) <= v.metadata_level(v.metadata_of(start.kafka)):
            assert way(start, Goal(kafka=KAFKAS[-1])) is not None, start


@pytest.mark.parametrize("operator", [each.version for each in v.RELEASES])
def test_a_way_back_never_goes_below_a_metadata_level_that_cannot_be_lowered(operator: str) -> None:
    for start in _starts(operator):
        goals = [Goal(kafka=each) for each in KAFKAS if v.compare(each, start.kafka) < 0]
        for goal, hops in ways(start, goals).items():
            kafka, at = goal.kafka, start
            for hop in hops or ():
                _is_legal(at, hop)
                at = taken(at, hop)
            if hops is not None:
                assert v.compare_metadata(at.metadata, v.metadata_of(kafka)) <= 0
            elif v.can_lower_metadata(start.metadata, v.metadata_of(kafka)):
                assert not (start.runs and kafka in v.supported(start.operator)), (start, kafka)


def _said(start: Standing, goal: Goal) -> list[str]:
    hops = way(start, goal)
    assert hops is not None
    return [f"{hop.kind} {hop.target}" for hop in hops]


OLD = Standing("0.50.1", "4.0.0", "4.0-IV3")


def test_with_an_operator_that_rejects_the_running_kafka_the_way_out_is_forward() -> None:
    """0.51 has dropped 4.0.0 and still knows it: as deployed at the US Data Facility."""
    stuck = Standing("0.51.0", "4.0.0", "4.0-IV3")
    assert not stuck.runs
    assert _said(stuck, Goal(kafka="4.1.1")) == ["kafka 4.1.1"]
    assert _said(stuck, Goal(kafka="4.2.0")) == ["kafka 4.1.1", "kafka 4.2.0"]
    assert _said(stuck, Goal(kafka="4.0.1")) == ["strimzi 0.50.1", "kafka 4.0.1"]


def test_a_kafka_that_the_operator_has_never_heard_of_is_no_start_before_1_0() -> None:
    later = Standing("0.51.0", "4.1.2", "4.1-IV1")
    assert "works since 1.0.0" in refusal(later, Hop(HopKind.KAFKA, "4.1.2", "4.2.0"))
    assert _said(later, Goal(kafka="4.2.0")) == ["definitions v1", "strimzi 1.0.1", "kafka 4.2.0"]


def test_operator_hops_in_between_and_what_prepares_them() -> None:
    assert _said(OLD, Goal(kafka="4.2.0")) == ["kafka 4.1.1", "strimzi 0.51.0", "kafka 4.2.0"]
    assert _said(OLD, Goal(kafka="4.3.1")) == [
        "kafka 4.1.1",
        "definitions v1",
        "strimzi 1.0.1",
        "kafka 4.2.0",
        "strimzi 1.2.0",
        "kafka 4.3.1",
    ]
    at = Standing("0.50.1", "4.1.1", "4.1-IV1", kubernetes="1.29")
    assert _said(at, Goal(operator="0.51.0")) == ["kubernetes 1.30", "strimzi 0.51.0"]


def test_below_0_49_there_is_no_jump_over_the_conversion() -> None:
    old = Standing("0.48.0", "4.1.0", "4.1-IV1")
    assert "have stored v1beta2" in refusal(old, Hop(HopKind.OPERATOR, "0.48.0", "1.0.1"))
    assert _said(old, Goal(operator="1.0.1")) == ["strimzi 0.51.0", "definitions v1", "strimzi 1.0.1"]
    new = Standing("1.0.1", "4.1.0", "4.1-IV1", frozenset({"v1"}))
    assert "have stored v1," in refusal(new, Hop(HopKind.OPERATOR, "1.0.1", "0.48.0"))


def test_no_line_that_the_operator_runs_is_left_out() -> None:
    at = Standing("0.51.0", "4.0.0", "4.0-IV3")
    assert skipped("0.51.0", "4.0.0", "4.2.0") == "4.1.1"
    assert refusal(at, Hop(HopKind.KAFKA, "4.0.0", "4.2.0")).endswith("take 4.1.1 first")


def test_back_only_down_to_what_reads_the_metadata_level() -> None:
    kept = Standing("0.51.0", "4.2.0", "4.1-IV1")
    assert _said(kept, Goal(kafka="4.1.1")) == ["kafka 4.1.1"]
    raised = Standing("0.51.0", "4.2.0", "4.2-IV1")
    assert "reads none above 4.1-IV1" in refusal(raised, Hop(HopKind.KAFKA, "4.2.0", "4.1.1"))
    assert _said(raised, Goal(kafka="4.1.1")) == ["metadata 4.1-IV1", "kafka 4.1.1"]
    newest = Standing("1.2.0", "4.3.1", "4.3-IV0", frozenset({"v1"}))
    assert way(newest, Goal(kafka="4.2.0")) is None
    assert "the form of the metadata records changed" in refusal(
        newest, Hop(HopKind.METADATA, "4.3-IV0", "4.2-IV1")
    )


def test_onward_names_what_is_near_and_the_newest_of_each_line() -> None:
    found = dict(onward(OLD))
    assert list(found) == ["4.0.1", "4.1.1", "4.1.2", "4.2.1", "4.3.1"]
    assert all(hops for hops in found.values())
    assert onward(Standing("1.2.0", "4.3.1", "4.3-IV0", frozenset({"v1"}))) == ()


def test_points_of_no_return() -> None:
    assert Hop(HopKind.METADATA, "4.1-IV1", "4.2-IV1").irreversible
    assert not Hop(HopKind.METADATA, "4.2-IV1", "4.1-IV1").irreversible
    assert Hop(HopKind.OPERATOR, "0.51.0", "1.0.0").irreversible
    assert not Hop(HopKind.OPERATOR, "0.50.1", "0.51.0").irreversible


def test_an_operator_knows_what_came_before_it_and_nothing_later() -> None:
    assert v.knows("0.51.0", "4.0.0")
    assert not v.knows("0.51.0", "4.1.2")
    for one, other in pairwise(sorted(v.RELEASES, key=lambda each: each.released)):
        assert all(v.knows(other.version, kafka) for kafka in one.kafka)
