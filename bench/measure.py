"""Figures with their spread, and ratios against a peer."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import python

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """Repeated measurements of one thing.

    Attributes
    ----------
    unit
        ``s``, ``ms`` or ``MB``.
    values
        One for each run, in the order of the runs.
    """

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        spread = f"{min(self.values):.2f} … {max(self.values):.2f}"
        return f"{self.name:<44} {self.median:>9.2f} {self.unit:<3} ({spread}, n={len(self.values)})"


def report(
    name: str, about: str, figures: Sequence[Figure], ratios: Mapping[str, tuple[float, float | None]]
) -> None:
    """Print a table and write the JSON.

    Parameters
    ----------
    ratios
        Name of each ratio of medians: its value and the goal it is held against, where there is one.
    """
    print(f"\n{name}: {about}")
    for figure in figures:
        print(f"  {figure}")
    for ratio, (value, goal) in ratios.items():
        said = "" if goal is None else f"(goal ≤ {goal:g}: {'met' if value <= goal else 'NOT met'})"
        print(f"  {ratio:<44} {value:>9.2f}     {said}")
    RESULTS.mkdir(exist_ok=True)
    document = {
        "benchmark": name,
        "about": about,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "kernel": platform.release(),
            "python": platform.python_version(),
            "started": python.SAID,
            "load": os.getloadavg()[0],
        },
        "figures": {
            f.name: {
                "unit": f.unit,
                "median": f.median,
                "min": min(f.values),
                "max": max(f.values),
                "values": f.values,
            }
            for f in figures
        },
        "ratios": {
            r: {"value": value, "goal": goal, "met": None if goal is None else value <= goal}
            for r, (value, goal) in ratios.items()
        },
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
