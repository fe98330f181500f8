"""How quick the command answers, beside what its imports alone take."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.lab import Lab, lab
from bench.measure import Figure, report

FLOOR = "import click, lightkube, kafka.admin"


def _time(command: list[str], **env: str) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **env})
    return (time.monotonic() - began) * 1000


def measure(runs: int) -> None:
    """Time help, status and the imports in turn."""
    with lab() as made:
        made.run("lab", "up")
        helps, statuses, floors, bare = [], [], [], []
        for _ in range(max(runs, 5) * 2):
            helps.append(_time(_words("--help")))
            bare.append(_time([sys.executable, "-c", "import click"]))
            floors.append(_time([sys.executable, "-c", FLOOR]))
            statuses.append(_time(_words("status"), XDG_STATE_HOME=str(_home(made))))
    quick = Figure("prompt-kafka --help", "ms", tuple(helps))
    look = Figure("prompt-kafka status", "ms", tuple(statuses))
    floor = Figure(f'python -c "{FLOOR}"', "ms", tuple(floors))
    report(
        "command",
        "whole process, warm file cache, against a running lab",
        [quick, Figure('python -c "import click"', "ms", tuple(bare)), look, floor],
        {
            "--help, ms": (quick.median, 150),
            "status, ms": (look.median, 700),
            "status over its import floor, ms": (look.median - floor.median, 500),
        },
    )


def _words(*words: str) -> list[str]:
    return [sys.executable, "-m", "prompt_kafka.cli.main", *words]


def _home(made: Lab) -> str:
    return str(made.home)
