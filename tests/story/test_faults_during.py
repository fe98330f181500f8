"""Something breaks in the middle of a run: it stops or waits and says so, is taken up, and nothing is lost.

A table of faults (by their names in ``lab faults``) and procedures (those of the killing harness). Traffic
runs through each case; no commit is made twice, nothing is told twice, no acknowledged message is lost. CI
runs the pairs of `SAMPLE`, drawn by the seed; the rest is slow.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.core.run import RunRecord, StepState
from tests.killing.harness import count
from tests.killing.procedure import Procedure
from tests.killing.registered import ALL
from tests.killing.registered.restart import ONE
from tests.killing.scene import IDENTITY, NAMESPACE, Scene
from tests.story.conftest import User, wait_until
from tests.story.upgrading import LONG, Traffic

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

RESULTS = "PROMPT_KAFKA_RESULTS"
"""Names a file to which results are added, a line a case."""

SEED = 20261134
STOPPED = (5, 6)
"""No proof in time; stopped. Both can be taken up."""


@dataclass(frozen=True)
class Breaking:
    """A fault.

    Attributes
    ----------
    words
        After ``lab faults``.
    first
        It is there when the run begins; else it comes in its middle.
    stops
        The run cannot go on while it lasts, and what it then says.
    only
        The procedures that have to do with it; all when there are none.
    """

    words: tuple[str, ...]
    first: bool = False
    stops: str = ""
    only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.words[0]


FAULTS = (
    Breaking(("broker-kill",)),
    Breaking(("controller-leader-kill",)),
    Breaking(("api-restart",)),
    Breaking(("controllers-kill",)),
    Breaking(("slow", "prompt-kafka-kafka-4")),
    Breaking(
        ("git-refuse",), True, "the push to main was refused", ("topic-create", "rollback", "upgrade-kafka")
    ),
    Breaking(("slack-down",), True, "nothing was done", ("restart-one", "restart", "upgrade-kafka")),
    Breaking(("slack-down",), True, "", ("topic-create", "deploy")),
    Breaking(("slack-down",), False),
)
NAMES = ("restart", "deploy", "rollback", "topic-create", "upgrade-metadata", "upgrade-kafka")
PROCEDURES = (ONE, *(each for name in NAMES for each in ALL if each.name == name))
PAIRS = tuple(
    (procedure, fault)
    for procedure in PROCEDURES
    for fault in FAULTS
    if not fault.only or procedure.name in fault.only
)
QUICK = [pair for pair in PAIRS if pair[0].name in ("restart-one", "deploy", "topic-create")]
SAMPLE = random.Random(SEED).sample(QUICK, 1)


def _id(pair: tuple[Procedure, Breaking]) -> str:
    procedure, fault = pair
    return f"{procedure.name}-{fault.name}{'-before' if fault.first else ''}"


EACH = [
    pytest.param(*pair, id=_id(pair), marks=[] if pair in SAMPLE else [pytest.mark.slow])
    for pair in sorted(PAIRS, key=lambda pair: pair not in SAMPLE)
]


@pytest.fixture(scope="module")
def scene(user: User) -> Iterator[Scene]:
    user.env |= IDENTITY
    user.run("lab", "up", timeout=600)
    opened = Scene(user)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def mended(scene: Scene) -> Iterator[None]:
    yield
    scene.user.run("lab", "faults", "release")


def _ours(scene: Scene, before: set[str]) -> list[RunRecord]:
    return [each for each in RunStore(scene.kubernetes, NAMESPACE).list() if each.id not in before]


def _in_the_middle(scene: Scene, procedure: Procedure, before: set[str], rolled: Counter[str]) -> bool:
    """Return whether a pod was made anew, where the procedure does that; else whether something was done."""
    if dict(procedure.once).get("rolls"):
        return scene.rolls() != rolled
    return any(
        step.acted or step.state is StepState.ACTED for each in _ours(scene, before) for step in each.steps
    )


def _stopped_clearly(fault: Breaking, code: int, said: str, errors: str) -> None:
    """Assert that a person knows what is wrong, and how the run is taken up."""
    assert code in STOPPED, f"{code}\n{said}\n{errors}"
    assert "Traceback" not in errors
    assert "prompt-kafka run resume " in errors, errors
    assert fault.stops in errors, errors


@pytest.mark.parametrize(("procedure", "fault"), EACH)
def test_it_stops_or_waits_is_taken_up_and_nothing_is_lost(
    scene: Scene, procedure: Procedure, fault: Breaking
) -> None:
    scene.number += 1
    procedure = procedure.at(scene)
    procedure.start(scene)
    before, rolled = {each.id for each in _ours(scene, set())}, scene.rolls()
    counted = count(scene, procedure)
    traffic, running = Traffic(scene.user), None
    began = time.monotonic()
    try:
        if fault.first:
            scene.user.run("lab", "faults", *fault.words)
        running = scene.user.start(*procedure.words, "--yes")
        if not fault.first:
            wait_until(
                lambda: running.poll() is not None or _in_the_middle(scene, procedure, before, rolled),
                300,
                "the middle of the run",
            )
            assert running.poll() is None, running.communicate()
            scene.user.run("lab", "faults", *fault.words)
        ended = _to_its_end(scene, fault, running, before)
        took_s = round(time.monotonic() - began, 1)
    finally:
        if running is not None and running.poll() is None:
            running.kill()
        scene.user.run("lab", "faults", "release")
        report = traffic.end()
    told = {key: report[key] for key in ("acknowledged", "lost", "failed", "longest_pause_ms")}
    _keep({"case": _id((procedure, fault)), "run": ended, "seconds": took_s, **told})
    assert report["lost"] == 0, report
    assert report["acknowledged"] > 0
    procedure.goal(scene)
    _nothing_twice(procedure, counted, count(scene, procedure))


def _keep(result: dict[str, Any]) -> None:
    """Print a result, and add it to the file that the variable names."""
    line = json.dumps(result)
    print(line)
    if RESULTS in os.environ:
        with Path(os.environ[RESULTS]).open("a") as file:
            file.write(line + "\n")


def _to_its_end(scene: Scene, fault: Breaking, running: subprocess.Popen[str], before: set[str]) -> str:
    """Wait for the end; where it stops, end the fault and take it up, once. Return how it ended at first."""
    said, errors = running.communicate(timeout=LONG)
    runs = _ours(scene, before)
    assert len(runs) == 1, f"{runs}\n{said}\n{errors}"
    (run,) = runs
    print(f"{run.id}: {run.state} {run.because}", errors, sep="\n")
    if running.returncode != 0:
        _stopped_clearly(fault, running.returncode, said, errors)
        scene.user.run("lab", "faults", "release")
        scene.user.run("run", "resume", run.id, timeout=LONG)
    else:
        assert not fault.stops, said
    assert scene.user.json("run", "show", run.id)["state"] == "done"
    return f"{run.state}: {run.because}" if running.returncode else "done"


def _nothing_twice(
    procedure: Procedure, before: dict[str, Counter[str]], after: dict[str, Counter[str]]
) -> None:
    """Assert that no commit and no notice came twice, and that every pod that was to be rolled was.

    The operator may ask Argo CD's or a pod's turn once more than the run did, when what it rolled was killed.
    """
    for name in ("commits", "posts"):
        grown = after.get(name, Counter()) - before.get(name, Counter())
        assert not {key: times for key, times in grown.items() if times > 1}, f"{name}: {grown}"
    rolls = after["rolls"] - before["rolls"]
    assert rolls.keys() >= dict(dict(procedure.once)["rolls"]).keys(), rolls
