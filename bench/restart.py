"""``restart`` of all six nodes, beside the sum of six nodes' own stop and start by hand."""

from __future__ import annotations

import json
import time
from datetime import datetime

from bench.by_hand import cluster
from bench.lab import lab
from bench.measure import Figure, report
from bench.up import VERSION

SETTLE_S = 2.0
"""The proof's own "stable for" time, reported apart."""


def measure(runs: int) -> None:
    """Restart a lab and a cluster by hand in turn."""
    ours, waits, hand = [], [], []
    with lab() as made, cluster(VERSION) as by_hand:
        made.run("lab", "up")
        for _ in range(runs):
            began = time.monotonic()
            record = json.loads(made.run("restart", "--yes", "-o", "json"))
            whole = time.monotonic() - began
            steps = [datetime.fromisoformat(step["at"]) for step in record["steps"]]
            settle = (steps[-1] - steps[-2]).total_seconds()
            waits.append(settle)
            ours.append(whole - settle)
        made.run("lab", "down")
        by_hand.format()
        for node in by_hand.nodes:
            by_hand.start(node)
        by_hand.wait_serving()
        for _ in range(runs):
            began = time.monotonic()
            for node in by_hand.nodes:
                by_hand.stop(node)
                by_hand.start(node)
                by_hand.wait_serving()
            hand.append(time.monotonic() - began)
    wall = Figure("restart, to the last pod back", "s", tuple(ours))
    peer = Figure("six nodes by hand: stop, start, serving", "s", tuple(hand))
    report(
        "restart",
        f"all six nodes, one at a time; the last step's proof (stable for {SETTLE_S:g} s) apart",
        [wall, Figure("the last step: settle and canary", "s", tuple(waits)), peer],
        {"restart / by hand": (wall.median / peer.median, 1.25)},
    )
