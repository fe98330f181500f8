"""A follower of the operator's upgrade is told what the operator's log says last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prompt_kafka.core.upgraded import ClustersBroughtUp, OperatorIs
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import Seen, World
from tests import upgrades
from tests.worlds import NOW

WORD = "Rolling Pod prompt-kafka-kafka-4/4 due to [Pod has old revision]"


def _saying(world: World, *said: str) -> World:
    seen = world.installation.known
    assert seen is not None
    return replace(world, installation=Seen(replace(seen, said=said), NOW))


@pytest.mark.parametrize("said", [(), (WORD,)], ids=["silent", "speaking"])
def test_what_is_missing_and_what_its_log_says(said: tuple[str, ...]) -> None:
    world, _ = upgrades.service()
    behind = ClustersBroughtUp("9.9.9", ("prompt-kafka/prompt-kafka",)).judge(_saying(world, *said))
    assert behind.answer is Answer.NO
    assert behind.because.endswith(f"; its log: {WORD}") is bool(said)


def test_a_proof_says_nothing_of_the_log() -> None:
    world, _ = upgrades.service()
    nodes = world.nodes.known
    assert nodes is not None and nodes.operator is not None
    verdict = OperatorIs(nodes.operator.version).judge(_saying(world, WORD))
    assert verdict.holds
    assert "its log" not in verdict.because
