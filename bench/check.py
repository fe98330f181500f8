"""``check``: one pair after start-up, and every pair of a real Phalanx checkout, cold and warm.

``PHALANX_CHECKOUT`` names the checkout; without it only the shipped charts are measured. Beside it, in turn,
``helm template`` as processes for the same pairs, one for each core; without Go there is none.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import helm
from bench.measure import Figure, report

_PROGRAM = """
import sys, time
from pathlib import Path
from prompt_kafka import checking
began = time.monotonic()
found = checking.check(Path(sys.argv[1]), tuple(sys.argv[2:3]), tuple(sys.argv[3:4]))
print(len(found.pairs), time.monotonic() - began)
print(*(f"{environment}={application}" for environment, application in found.pairs))
"""
Pairs = list[tuple[str, str]]


def _check(cache: str, *words: str) -> tuple[Pairs, float, float]:
    """Return the pairs, seconds after start-up, and seconds of processor time of all processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": cache},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    first, second = ended.stdout.splitlines()
    pairs = [(each.split("=")[0], each.split("=")[1]) for each in second.split()]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return pairs, float(first.split()[1]), used


def _beside(program: Path, wanted: list[helm.Template]) -> tuple[float, float]:
    """Return the seconds of ``helm template`` for all pairs, and of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = helm.run(program, wanted)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
            made, cold, cold_used = _check(cache, *words)
            program, charts = helm.built(), own / "charts"
            charts.mkdir()
            wanted = helm.templates(Path(words[0]), made, charts)
            warm, peer = [], []
            for _ in range(max(3, runs)):
                warm.append(_check(cache, *words))
                if program is not None:
                    peer.append(_beside(program, wanted))
            load = os.getloadavg()[0]
        pairs = len(made)
        seconds = Figure(f"{name} ({pairs}), warm", "s", tuple(each[1] for each in warm))
        used = Figure(f"{name} ({pairs}), warm, processor", "s", tuple(each[2] for each in warm))
        if peer:
            helms = Figure(f"helm template, the same ({pairs})", "s", tuple(each[0] for each in peer))
            figures += [
                helms,
                Figure(f"helm template ({pairs}), processor", "s", tuple(each[1] for each in peer)),
            ]
            ratios[f"{name}, warm, of helm template"] = (
                seconds.median / helms.median,
                1.0 if pairs > 1 else None,
            )
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
