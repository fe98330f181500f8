"""Kills a run at every point in turn, resumes it until its end, and counts what was done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

DEATHS = 400
"""More than any run has points: it does not end."""


@dataclass
class Killed:
    """What came of it.

    Attributes
    ----------
    points
        Where it was killed, in order.
    run
        The run that reached its end.
    said
        What each process that ended by itself had printed.
    """

    points: list[str]
    run: dict[str, Any]
    said: list[str]


def kill_everywhere(
    scene: Scene, procedure: Procedure, folder: Path, how: signal.Signals = signal.SIGKILL
) -> Killed:
    """Carry a procedure out, killed at every point in turn; return the run and where it was killed.

    `how` may also be SIGINT or SIGTERM: then every process must end with code 130, the Lease given back.
    """
    visited = folder / "visited"
    before = {each["id"] for each in _runs(scene)}
    counted = count(scene, procedure)
    words, run, said = (*procedure.words, "--yes"), "", []
    for _ in range(DEATHS):
        done = _drive(scene, procedure, visited, how, words)
        if done.returncode == 0:
            break
        text = f"{_last(visited)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, text
        if how is signal.SIGKILL:
            assert done.returncode == -how, text
        else:
            assert done.returncode == 130, text
            assert not _holder(scene), f"the Lease was not given back: {text}"
            said.append(done.stdout + done.stderr)
        mine = [each for each in _runs(scene) if each["id"] not in before]
        assert len(mine) <= 1, [each["id"] for each in mine]
        if mine:
            run = mine[0]["id"]
            words = ("run", "resume", run)
            if mine[0]["state"] == "done":
                break
    else:
        raise AssertionError(f"killed {DEATHS} times: {visited.read_text()}")
    (record,) = [each for each in _runs(scene) if each["id"] not in before]
    assert record["state"] == "done", record
    procedure.goal(scene)
    assert_once(procedure, counted, count(scene, procedure))
    return Killed(visited.read_text().splitlines(), record, said)


def count(scene: Scene, procedure: Procedure) -> dict[str, Counter[str]]:
    """Return the side effects up to now, by counter."""
    return {name: Counter(of(scene)) for name, of in procedure.counters}


def assert_once(
    procedure: Procedure, before: Mapping[str, Counter[str]], after: Mapping[str, Counter[str]]
) -> None:
    """Assert that no side effect came twice."""
    known = {name: dict(wanted) for name, wanted in procedure.once}
    for name, _ in procedure.counters:
        grown = dict(after[name] - before[name])
        wanted = known.get(name, dict.fromkeys(grown, 1))
        assert grown == wanted, f"{name}: {grown}, not {wanted}"
        assert grown or name in known, f"{name}: nothing was counted"


def assert_planned_again(scene: Scene, procedure: Procedure) -> None:
    """Assert that in the goal state there is nothing to do, with the reason, where that is so."""
    again = scene.user.run(*procedure.words, "--dry-run", **dict(procedure.environment))
    if procedure.again:
        assert procedure.again in again.stdout, again.stdout
    else:
        assert "nothing to do" not in again.stdout, again.stdout


def _drive(
    scene: Scene, procedure: Procedure, visited: Path, how: signal.Signals, words: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.killing.driver", str(visited), how.name, *words],
        env={
            **scene.user.environment(),
            **dict(procedure.environment),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        cwd=scene.user.home,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=400,
        check=False,
    )


def _runs(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.user.json("run", "list")
    return found


def _holder(scene: Scene) -> str:
    leases = scene.user.kubectl(
        "get", "lease", "-n", "prompt-kafka", "-o", "jsonpath={.items[*].spec.holderIdentity}"
    )
    return leases.strip()


def _last(visited: Path) -> str:
    return visited.read_text().splitlines()[-1] if visited.exists() else "no point was reached"
