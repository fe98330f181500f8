"""How long planning takes with many topics: every procedure's ``--dry-run``, as topics grow in number."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.command import FLOOR
from bench.lab import Lab, lab
from bench.measure import Figure, report
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

SIZES = (0, 1000, 2000)
"""Topics made beside the service's own, five partitions each with three replicas."""

PROCEDURES = {
    "restart": ("restart",),
    "topic create": ("topic", "create", "bench", "--subchart", "bench", "--user", "bench-reader=read"),
    "deploy": ("deploy",),
    "cold-startup": ("cold-startup",),
    "upgrade kafka": ("upgrade", "kafka", "4.2.0"),
    "status": ("status",),
}
MADE_AT_ONCE = 100


def measure(runs: int) -> None:
    """Plan every procedure in a lab whose topics grow in number."""
    figures: list[Figure] = []
    ratios: dict[str, tuple[float, float | None]] = {}
    with lab() as made:
        made.run("lab", "up")
        there = 0
        for size in SIZES:
            _grow(made, there, size)
            there = size
            for name, words in PROCEDURES.items():
                look = words if name == "status" else (*words, "--dry-run")
                took = tuple(_ms(made, *look) for _ in range(max(runs, 3)))
                figure = Figure(f"{name}, {size} topics more", "ms", took)
                figures.append(figure)
                if size == SIZES[1] and name != "status":
                    ratios[f"{name} at {size * 5} partitions, s"] = (figure.median / 1000, 1.0)
        floor = Figure(f'python -c "{FLOOR}"', "ms", tuple(_floor() for _ in range(max(runs, 3))))
    report(
        "planning",
        "whole process, plan printed, nothing run; the import floor apart",
        [*figures, floor],
        ratios,
    )


def _ms(made: Lab, *words: str) -> float:
    began = time.monotonic()
    made.run(*words)
    return (time.monotonic() - began) * 1000


def _floor() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", FLOOR], check=True, capture_output=True, env=dict(os.environ))
    return (time.monotonic() - began) * 1000


def _grow(made: Lab, there: int, size: int) -> None:
    """Make topics until there are `size` beside the service's own."""
    options = TargetOptions(environment="lab", config=made.root / "service.yaml")
    with session(options, changes=True) as service, service.acting.kafka() as kafka:
        for begin in range(there, size, MADE_AT_ONCE):
            names = [f"bench-{i:05d}" for i in range(begin, min(begin + MADE_AT_ONCE, size))]
            kafka.admin.create_topics(
                {name: {"num_partitions": 5, "replication_factor": 3} for name in names}
            )
