"""The picture of a run, and its lines where there is no terminal."""

from __future__ import annotations

import io

from rich.console import Console

from prompt_kafka.cli.console import THEME
from prompt_kafka.cli.live import Live, watching
from prompt_kafka.cli.progress import Progress
from prompt_kafka.core.actions import Annotate
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.conditions import Replaced
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import StepRecord, StepState
from prompt_kafka.core.verdict import no
from tests.worlds import NOW, change, healthy

K4 = "prompt-kafka-kafka-4"
STEP = Step(
    f"restart {K4}", "why", Annotate("pod", K4, "n", "k", "true"), proof=(Replaced(((K4, "uid-4"),)),)
)
PLAN = Plan("restart", healthy().target, "restart one pod", (STEP, STEP))


def _console(*, terminal: bool) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=100,
        theme=THEME,
        color_system=None,
        highlight=False,
    )


def _rolled(shown: Progress, clock: ManualClock) -> None:
    shown.step_began(1, STEP)
    shown.acted(STEP)
    for after, patch in (
        (0, {}),
        (2, {"pods": {K4: {"deleting": True}}}),
        (6, {"pods": {K4: {"uid": "uid-4b", "ready": False}}}),
        (4, {"pods": {K4: {"uid": "uid-4b", "ready": False}}}),
    ):
        clock.turn(after)
        shown.looked(STEP, change(healthy(), patch), (no(f"{K4} is new, not Ready yet"),))
    clock.turn(6)
    shown.looked(STEP, change(healthy(), {"pods": {K4: {"uid": "uid-4b", "ready": False}}}), (no("not yet"),))


def test_the_picture_shows_steps_pods_partitions_and_since_when_it_waits() -> None:
    clock = ManualClock(NOW)
    console = _console(terminal=True)
    shown = watching(console, PLAN)
    assert isinstance(shown, Live)
    shown = Live(console, PLAN, clock)
    _rolled(shown, clock)
    shown.beat(healthy())
    with console.capture() as captured:
        console.print(shown.picture())
    text = captured.get()
    assert f"restart · {healthy().target.environment} · 0:18" in text
    assert f"1. restart {K4}" in text
    assert "10 s" in text.partition(K4)[2]
    assert "partitions in sync" in text
    assert "canary acknowledged in" in text
    assert "waiting 18 s (since 16:00:00 UTC): not yet" in text
    shown.step_ended(STEP, StepRecord(StepState.PROVED, True, ("seen",)), 18.0)
    with console.capture() as captured:
        console.print(shown.picture())
    assert "✓ 1. restart" in captured.get()
    assert "waiting" not in captured.get()


def test_elsewhere_there_are_lines_and_a_wait_says_for_what_and_since_when() -> None:
    clock = ManualClock(NOW)
    console = _console(terminal=False)
    assert not isinstance(watching(console, PLAN), Live)
    _rolled(Progress(console, clock), clock)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"2.0 s  {K4} stopping" in text
    assert f"8.0 s  {K4} starting" in text
    assert "waiting 18 s (since 16:00:00 UTC): not yet" in text
