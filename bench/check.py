"""``check``: one pair after start-up, and every pair of a real Phalanx checkout, cold and warm.

``PHALANX_CHECKOUT`` names the checkout; without it only the shipped charts are measured.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import Figure, report

_PROGRAM = """
import sys, time
from pathlib import Path
from prompt_kafka import checking
began = time.monotonic()
found = checking.check(Path(sys.argv[1]), tuple(sys.argv[2:3]), tuple(sys.argv[3:4]))
print(len(found.pairs), time.monotonic() - began)
"""


def _check(cache: str, *words: str) -> tuple[int, float, float]:
    """Return pairs, seconds after start-up, and seconds of processor time of all processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": cache},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    pairs, seconds = ended.stdout.split()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(pairs), float(seconds), used


def measure(runs: int) -> None:
    """Check the shipped charts and Phalanx, first with an empty cache."""
    figures: list[Figure] = []
    ratios: dict[str, tuple[float, float | None]] = {}
    shipped = str(Path(__file__).parents[1] / "deploy")
    one = (shipped, "usdfprod-prompt-processing", "prompt-kafka")
    cases: list[tuple[str, float, tuple[str, ...]]] = [("prompt-kafka in one environment", 0.3, one)]
    if checkout := os.environ.get("PHALANX_CHECKOUT"):
        cases.append(("every pair of Phalanx", 5.0, (checkout,)))
    schemas = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka" / "crds"
    for name, goal, words in cases:
        with tempfile.TemporaryDirectory(prefix="prompt-kafka-bench-") as cache:
            own = Path(cache) / "prompt-kafka"
            own.mkdir()
            if schemas.is_dir():
                (own / "crds").symlink_to(schemas)
            began = time.monotonic()
            pairs, cold, cold_used = _check(cache, *words)
            warm = [_check(cache, *words) for _ in range(max(3, runs))]
            load = os.getloadavg()[0]
        seconds = Figure(f"{name} ({pairs}), warm", "s", tuple(each[1] for each in warm))
        used = Figure(f"{name} ({pairs}), warm, processor", "s", tuple(each[2] for each in warm))
        figures += [
            Figure(f"{name} ({pairs}), cold", "s", (cold,)),
            Figure(f"{name} ({pairs}), cold, processor", "s", (cold_used,)),
            seconds,
            used,
        ]
        ratios[f"{name}, warm, s"] = (seconds.median, goal)
        ratios[f"{name}, load of the machine meanwhile"] = (load, None)
        print(f"{name}: {time.monotonic() - began:.0f} s in all")
    report("check", "after start-up; cold: an empty cache, the operator's schemas at hand", figures, ratios)
