"""``lab up`` with cached jars to *proved*, beside the same six nodes formatted and started by hand."""

from __future__ import annotations

import time

from bench.by_hand import cluster
from bench.lab import lab
from bench.measure import Figure, report

VERSION = "4.1.1"


def measure(runs: int) -> None:
    """Alternate the two, so that a busy minute hits both."""
    hand, ours, proved, nodes_mb, other_mb, hand_mb = [], [], [], [], [], []
    with lab() as warm:
        warm.run("lab", "up")
    for _ in range(runs):
        with cluster(VERSION) as by_hand:
            began = time.monotonic()
            by_hand.format()
            for node in by_hand.nodes:
                by_hand.start(node)
            by_hand.wait_serving()
            hand.append(time.monotonic() - began)
            hand_mb.append(by_hand.rss_mb())
        with lab() as made:
            began = time.monotonic()
            made.run("lab", "up")
            ours.append(time.monotonic() - began)
            kafka, other = made.memory_mb()
            nodes_mb.append(kafka)
            other_mb.append(other)
            made.run("lab", "down")
            began = time.monotonic()
            made.run("lab", "up")
            proved.append(time.monotonic() - began)
    first = Figure("lab up, new lab, to proved", "s", tuple(ours))
    peer = Figure("six nodes by hand: format, start, serving", "s", tuple(hand))
    memory = Figure("memory of the six nodes (PSS)", "MB", tuple(nodes_mb))
    report(
        "up",
        "from the command to the proof (topics, users, quorum, partitions, canary), jars cached",
        [
            first,
            Figure("lab up again on its data, to proved", "s", tuple(proved)),
            peer,
            memory,
            Figure("memory of the lab's own three processes (PSS)", "MB", tuple(other_mb)),
            Figure("memory of the six nodes by hand (PSS)", "MB", tuple(hand_mb)),
        ],
        {
            "lab up / by hand": (first.median / peer.median, 0.7),
            "lab up, seconds": (first.median, 10),
            "memory of the six nodes, GB": (memory.median / 1000, 1.6),
        },
    )
