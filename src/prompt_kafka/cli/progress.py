"""How a run is shown while it goes on: one line for each thing that changed, with the time it took."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from prompt_kafka.core.actions import Observe, by_hand
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.objects import Pod
from prompt_kafka.core.plan import Step
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import World

QUIET_S = 5.0
"""A wait that shows nothing new for so long says what it is waiting for."""


class Progress:
    """Prints a run's progress: pods as they stop, come back and are ready; partitions out of sync."""

    def __init__(
        self, console: Console, clock: Clock = SYSTEM, *, began: float | None = None, context: str = ""
    ) -> None:
        self._console = console
        self._context = context
        self._clock = clock
        self._began = clock.monotonic() if began is None else began
        self._spoke = clock.monotonic()
        self._pods: dict[str, tuple[str, str]] = {}
        self._gone_at: dict[str, float] = {}
        self._under_replicated = -1

    def step_began(self, number: int, step: Step) -> None:
        """Print the step's title."""
        self._console.print(f"\n[bold]{number}. {escape(step.title)}[/]")

    def acted(self, step: Step) -> None:
        """Print that the proof is waited for now."""
        if step.by_hand:
            self._say("waiting until it is done")
        elif not isinstance(step.action, Observe):
            self._say("asked; waiting for the proof")

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Print what changed since the last look."""
        if world is not None and world.nodes.known is not None:
            for pod in world.nodes.known.pods:
                self._pod(pod)
            self._missing({pod.name for pod in world.nodes.known.pods})
        if world is not None and world.topics.known is not None:
            under = sum(len(topic.under_replicated) for topic in world.topics.known)
            if under != self._under_replicated and (under or self._under_replicated > 0):
                self._say(f"under-replicated partitions: {under}")
            self._under_replicated = under
        if unmet and self._clock.monotonic() - self._spoke > QUIET_S:
            self._say(f"[quiet]waiting: {escape(unmet[0].because)}[/]")

    def handed_over(self, step: Step) -> None:
        """Print what a person has to do now."""
        self._say(f"[unsure]by hand ({escape(step.by_hand)}):[/]")
        for line in by_hand(step.action, self._context).splitlines():
            self._console.print(f"    [command]{escape(line)}[/]")

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        """Print that something is asked for again."""
        self._say(f"[unsure]{escape(given_up.because)}; asking again for what is left[/]")

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Print the evidence."""
        done = "proved" if record.acted or isinstance(step.action, Observe) else "already so"
        self._say(f"[good]✓ {done}[/] in {seconds:.1f} s")
        for line in record.evidence:
            self._console.print(f"          [quiet]{escape(line)}[/]")

    def _pod(self, pod: Pod) -> None:
        state = "stopping" if pod.deleting else "ready" if pod.ready else "starting"
        before = self._pods.get(pod.name)
        self._pods[pod.name] = (pod.uid, state)
        if before is None or before == (pod.uid, state):
            return
        if state == "stopping":
            self._gone_at[pod.name] = self._clock.monotonic()
            self._say(f"{pod.name} stopping")
        elif state == "ready":
            since = self._gone_at.pop(pod.name, None)
            took = f" after {self._clock.monotonic() - since:.1f} s" if since is not None else ""
            self._say(f"{pod.name} [good]ready[/]{took}")
        elif before[0] != pod.uid:
            self._say(f"{pod.name} starting")
        elif before[1] == "ready":
            self._say(f"{pod.name} [bad]not ready any more[/] {escape(pod.why_not_ready)}")

    def _missing(self, present: set[str]) -> None:
        for name in sorted(self._pods.keys() - present):
            if self._pods[name][1] != "gone":
                self._gone_at.setdefault(name, self._clock.monotonic())
                self._pods[name] = ("", "gone")

    def _say(self, text: str) -> None:
        self._spoke = self._clock.monotonic()
        self._console.print(f"  {self._spoke - self._began:6.1f} s  {text}")
