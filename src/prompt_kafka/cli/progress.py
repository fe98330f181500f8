"""How a run is shown while it goes on: one line for each thing that changed, with the time it took."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape

from prompt_kafka.core.actions import Observe, by_hand
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.plan import Step
from prompt_kafka.core.pods_seen import Change, Pods
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, World

QUIET_S = 5.0
"""A wait that shows nothing new for so long says what it is waiting for."""


class Progress:
    """Prints a run's progress: pods as they stop, come back and are ready; partitions out of sync.

    A context, so that one that draws (:class:`prompt_kafka.cli.live.Live`) can take its place.

    Attributes
    ----------
    also
        What it wants to be looked at beside what a proof needs.
    """

    also: frozenset[Look] = frozenset()

    def __init__(
        self, console: Console, clock: Clock = SYSTEM, *, began: float | None = None, context: str = ""
    ) -> None:
        self._console = console
        self._context = context
        self._clock = clock
        self._began = clock.monotonic() if began is None else began
        self._spoke = clock.monotonic()
        self._pods = Pods()
        self._under_replicated = -1
        self._waits = (clock.monotonic(), clock.now())
        self._missing = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    @property
    def waiting(self) -> str:
        """For what is waited and since when; empty when nothing is waited for."""
        if not self._missing:
            return ""
        began, since = self._waits
        seconds = self._clock.monotonic() - began
        return f"waiting {seconds:.0f} s (since {since:%H:%M:%S} UTC): {self._missing}"

    def step_began(self, number: int, step: Step) -> None:
        """Print the step's title."""
        self._wait_begins()
        self._console.print(f"\n[bold]{number}. {escape(step.title)}[/]")

    def acted(self, step: Step) -> None:
        """Print that the proof is waited for now."""
        self._wait_begins()
        if step.by_hand and isinstance(step.action, Observe):
            self._say("by itself, or by this line when it does not come:")
            self._lines(step)
        elif step.by_hand:
            self._say("waiting until it is done")
        elif not isinstance(step.action, Observe):
            self._say("asked; waiting for the proof")

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Print what changed since the last look."""
        if world is not None and world.nodes.known is not None:
            for change in self._pods.saw(world.nodes.known, self._clock.monotonic()):
                self._pod(change)
        if world is not None and world.topics.known is not None:
            under = sum(len(topic.under_replicated) for topic in world.topics.known)
            if under != self._under_replicated and (under or self._under_replicated > 0):
                self._say(f"under-replicated partitions: {under}")
            self._under_replicated = under
        self._missing = unmet[0].because if unmet else ""
        if self._missing and self._clock.monotonic() - self._spoke > QUIET_S:
            self._still_waiting()

    def beat(self, world: World) -> None:
        """Take in the canary, which sings beside the looks."""

    def handed_over(self, step: Step) -> None:
        """Print what a person has to do now; the lines begin at the margin, to be pasted as they are."""
        self._say(f"[unsure]by hand ({escape(step.by_hand)}):[/]")
        self._lines(step)

    def _lines(self, step: Step) -> None:
        self._console.print()
        lines = by_hand(step.acts_by, self._context) if step.acts_by is not None else ""
        for line in lines.splitlines():
            self._console.print(f"[{'quiet' if line.startswith('#') else 'command'}]{escape(line)}[/]")
        self._console.print()

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        """Print that something is asked for again."""
        self._say(f"[unsure]{escape(given_up.because)}; asking again for what is left[/]")

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Print the evidence."""
        self._missing = ""
        done = "proved" if record.acted or isinstance(step.action, Observe) else "already so"
        self._say(f"[good]✓ {done}[/] in {seconds:.1f} s")
        for line in record.evidence:
            self._console.print(f"          [quiet]{escape(line)}[/]")

    def noticed(self, text: str) -> None:
        """Print what became of an announcement."""
        head, _, rest = escape(text).partition("\n")
        self._say(head)
        for line in rest.splitlines():
            self._console.print(f"    {line}")

    def _wait_begins(self) -> None:
        self._waits = (self._clock.monotonic(), self._clock.now())
        self._missing = ""

    def _pod(self, change: Change) -> None:
        match change.state:
            case "ready":
                took = f" after {change.after_s:.1f} s" if change.after_s is not None else ""
                self._say(f"{change.name} [good]ready[/]{took}")
            case "not ready":
                self._say(f"{change.name} [bad]not ready any more[/] {escape(change.why)}")
            case "stopping" | "starting":
                self._say(f"{change.name} {change.state}")

    def _still_waiting(self) -> None:
        self._say(f"[quiet]{escape(self.waiting)}[/]")

    def _say(self, text: str) -> None:
        self._spoke = self._clock.monotonic()
        self._console.print(f"  {self._spoke - self._began:6.1f} s  {text}")
