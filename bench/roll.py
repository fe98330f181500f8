"""What a rolling restart and an upgrade do to producers: 2 000 messages/s at acks=all, before and during."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from bench.lab import Lab, lab
from bench.measure import Figure, report

RATE = 2000
QUIET_S = 20
NEWER = "4.2.0"
"""The Kafka version after the lab's own that its operator runs too."""


def measure(runs: int) -> None:
    """Restart, then upgrade, each in a lab of its own and under the same traffic."""
    for name, words in (("roll-restart", ("restart",)), ("roll-upgrade", ("upgrade", "kafka", NEWER))):
        quiet, busy, walls = [], [], []
        for _ in range(runs if name == "roll-restart" else 1):
            with lab() as made:
                made.run("lab", "up")
                quiet.append(_traffic(made, QUIET_S))
                wall, during = _during(made, *words)
                walls.append(wall)
                busy.append(during)
        before = Figure("p99 before, to acknowledgement", "ms", _of(quiet))
        during_roll = Figure("p99 during", "ms", _of(busy))
        report(
            name,
            f"{' '.join(words)} under {RATE} messages/s, acks=all; every message accounted for",
            [
                before,
                during_roll,
                Figure("wall time of the command", "s", tuple(walls)),
                Figure("messages sent", "", tuple(float(each["sent"]) for each in busy)),
                Figure("failed", "", tuple(float(each["failed"]) for each in busy)),
                Figure("lost", "", tuple(float(each["lost"]) for each in busy)),
                Figure("longest pause", "ms", tuple(each["longest_pause_ms"] for each in busy)),
            ],
            {
                "failed + lost": (sum(each["failed"] + each["lost"] for each in busy), 0),
                "p99 during / before": (during_roll.median / max(before.median, 0.01), None),
            },
        )


def _of(reports: list[dict[str, Any]]) -> tuple[float, ...]:
    return tuple(float(each["latency_ms"]["p99"]) for each in reports)


def _traffic(made: Lab, seconds: int) -> dict[str, Any]:
    words = ("lab", "traffic", "--rate", str(RATE), "--duration", f"{seconds}s", "-o", "json")
    found: dict[str, Any] = json.loads(made.run(*words))
    return found


def _during(made: Lab, *words: str) -> tuple[float, dict[str, Any]]:
    """Run a command under traffic; return its seconds and the account."""
    sending = made.start("lab", "traffic", "--rate", str(RATE), "-o", "json")
    time.sleep(5)
    began = time.monotonic()
    made.run(*words, "--yes")
    wall = time.monotonic() - began
    sending.send_signal(signal.SIGINT)
    text, _ = sending.communicate(timeout=300)
    found: dict[str, Any] = json.loads(text)
    return wall, found
