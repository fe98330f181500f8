"""Records lost: what the nodes' logs and the groups prove, and what they only make possible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prompt_kafka.core.kept import NothingLost, RecordsLost
from prompt_kafka.core.losses import Loss, doubtful, losses
from prompt_kafka.core.verdict import Answer
from tests.cold_worlds import cold

W = "butler-writer-0"


def _logs(**pods: dict[str, Any]) -> dict[str, Any]:
    return {
        "logs": {
            name.replace("_", "-"): {k: {W: v} for k, v in fields.items()} for name, fields in pods.items()
        }
    }


@pytest.mark.parametrize(
    ("differences", "certain"),
    [
        ({}, ()),
        (_logs(kafka_3={"on_disk": 90, "watermarks": 90}, kafka_4={"on_disk": 100, "watermarks": 100}), ()),
        (_logs(kafka_4={"on_disk": 103, "watermarks": 100, "cut_back": 90}), (Loss(W, 90, 10, 13),)),
        (_logs(kafka_4={"on_disk": 103, "watermarks": 100, "cut_back": 100}), ()),
        (
            _logs(
                kafka_4={"on_disk": 103, "watermarks": 90, "cut_back": 90},
                kafka_5={"on_disk": 101, "watermarks": 97, "cut_back": 90},
            ),
            (Loss(W, 90, 7, 13),),
        ),
        ({"committed": {W: [120, 100]}}, (Loss(W, 100, 20, 20),)),
        ({"committed": {W: [100, 100]}}, ()),
    ],
)
def test_only_what_was_known_to_be_acknowledged_is_certain(
    differences: dict[str, Any], certain: tuple[Loss, ...]
) -> None:
    world = cold(differences)
    assert losses(world) == certain
    assert NothingLost().judge(world).holds is not bool(certain)
    assert RecordsLost().judge(world).holds is bool(certain)


def test_a_tail_above_every_watermark_is_doubtful() -> None:
    world = cold(_logs(kafka_4={"on_disk": 103, "watermarks": 100, "cut_back": 101}))
    assert doubtful(world) == (Loss(W, 101, 0, 2),)


def test_logs_that_were_not_seen_prove_nothing() -> None:
    world = cold({"unknown": {"logs": "you may not read logs"}})
    assert NothingLost().judge(world).answer is Answer.UNKNOWN
    assert "you may not read logs" in NothingLost().judge(world).because


def test_a_partition_whose_end_was_not_seen_proves_nothing_and_is_no_loss() -> None:
    world = cold({"committed": {W: [100, 0]}})
    groups = world.groups.known
    assert groups is not None
    lags = tuple(replace(lag, unknown="no leader") for lag in groups[0].lags)
    world = replace(world, groups=replace(world.groups, value=(replace(groups[0], lags=lags),)))
    assert losses(world) == ()
    assert NothingLost().judge(world).answer is Answer.UNKNOWN
    assert "no leader" in NothingLost().judge(world).because
