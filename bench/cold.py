"""``cold-startup`` from a power loss to proved, beside the six JVMs' own recovery by hand."""

from __future__ import annotations

import os
import signal
import time

from bench.by_hand import cluster
from bench.lab import lab
from bench.measure import Figure, report
from bench.up import VERSION


def measure(runs: int) -> None:
    """Take the power from a lab and from a cluster by hand in turn; both have a fresh log to recover."""
    ours, hand = [], []
    with lab() as made, cluster(VERSION) as by_hand:
        made.run("lab", "up")
        for _ in range(runs):
            made.run("lab", "traffic", "--rate", "500", "--duration", "5s", "-o", "json")
            made.run("lab", "faults", "power-loss")
            made.run("lab", "faults", "release")
            began = time.monotonic()
            made.run("cold-startup", "--yes")
            ours.append(time.monotonic() - began)
        made.run("lab", "down")
        by_hand.format()
        for node in by_hand.nodes:
            by_hand.start(node)
        by_hand.wait_serving()
        for _ in range(runs):
            for node in by_hand.nodes:
                assert node.process is not None
                os.killpg(node.process.pid, signal.SIGKILL)
                node.process.wait()
            began = time.monotonic()
            for node in by_hand.nodes:
                by_hand.start(node)
            by_hand.wait_serving()
            hand.append(time.monotonic() - began)
    whole = Figure("cold-startup, power back to proved", "s", tuple(ours))
    peer = Figure("six nodes by hand, to serving", "s", tuple(hand))
    report(
        "cold",
        "all JVMs killed at once, power back; the proof has quorum, partitions, lag and canary",
        [whole, peer],
        {"cold-startup / by hand": (whole.median / peer.median, 1.2)},
    )
