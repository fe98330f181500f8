"""Downtimes in seeded random orders, ended by ``cold-startup``: nothing is lost, or it is counted and said.

All of it is slow: two under traffic, one with a loss, forty. The committed results are from a real run
(``python -m tests.story.cold_orders``), which may be made in parts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.story.cold_lab import Lab
from tests.story.cold_orders import at_rest, run, with_traffic
from tests.story.conftest import User
from tests.story.downtimes import NEEDS_HELP, orders

RESULTS = Path(__file__).parent / "results" / "cold_orders.json"
SEED = 7


@pytest.fixture(scope="module")
def lab(user: User) -> Lab:
    user.run("lab", "up")
    return Lab(user)


def test_forty_seeds_make_all_kinds_and_a_quarter_does_not_heal_alone() -> None:
    kinds = Counter(order.kind for order in orders(SEED, 40))
    assert sum(kinds[kind] for kind in NEEDS_HELP) == 10
    assert kinds["cut tails"] == 4
    assert list(orders(SEED, 40)) == list(orders(SEED, 40))


def test_the_committed_results_are_of_a_real_run_without_a_loss() -> None:
    found = json.loads(RESULTS.read_text())
    assert found["count"] == len(found["downtimes"]) > 0
    _judge(found)


@pytest.mark.lab
@pytest.mark.slow
def test_a_sample_of_downtimes_under_traffic(lab: Lab) -> None:
    chosen = [
        next(order for order in orders(SEED, 40) if order.kind == "power loss"),
        next(order for order in orders(SEED, 40) if order.kind == "frozen broker"),
    ]
    found, account = with_traffic(lab, chosen, rate=150)
    for each in found:
        assert each["exit"] == 0 and each["healthy"], each
    assert found[1]["alone"] == "did not heal"
    assert account["checked"] and account["lost"] == 0, account


@pytest.mark.lab
@pytest.mark.slow
def test_a_loss_is_counted_and_never_called_a_success(lab: Lab) -> None:
    order = next(order for order in orders(SEED, 40) if order.kind == "cut tails")
    found = at_rest(lab, replace(order, others_first=True))
    assert sum(found["lost_by_sequence"].values()) > 0, found
    _judge_cut(found)


@pytest.mark.lab
@pytest.mark.slow
def test_forty_downtimes(lab: Lab) -> None:
    _judge(run(lab, SEED, list(orders(SEED, 40))))


def _judge(found: dict[str, Any]) -> None:
    for each in found["downtimes"]:
        if each["kind"] == "cut tails":
            _judge_cut(each)
        else:
            assert each["exit"] == 0 and each["healthy"], each
        assert each.get("alone", "did not heal") == "did not heal", each
    helped = sum(each["kind"] in NEEDS_HELP for each in found["downtimes"])
    assert found["did not heal alone"] == helped > 0
    assert found["lost"] == 0
    assert found["checked"] is True
    assert found["acknowledged"] > 1000


def _judge_cut(each: dict[str, Any]) -> None:
    assert each["lost_by_sequence"] == each["lost_as_reported"], each
    if each["lost_by_sequence"]:
        assert each["exit"] == 6, each
        assert each["accepted_exit"] == 0, each
