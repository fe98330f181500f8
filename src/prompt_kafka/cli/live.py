"""A run as a picture that stays in place: steps, pods, partitions in sync, the canary, and the wait.

Only for a terminal; elsewhere there are the lines of :class:`prompt_kafka.cli.progress.Progress`, which are
printed above the picture as well and stay when it is gone.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Picture
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from prompt_kafka.cli.progress import Progress
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.objects import Canary
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, Part, Seen, World

DOTS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
STYLE = {"ready": "good", "stopping": "unsure", "gone": "unsure", "starting": "unsure", "not ready": "bad"}
STEPS = 9
"""So many steps are drawn, around the present one; the whole plan was shown before."""


class Live(Progress):
    """Draws a run; a context.

    Parameters
    ----------
    plan
        Whose steps these are.
    """

    also: frozenset[Look] = frozenset({Part.NODES, Part.TOPICS, Part.CANARY})

    def __init__(self, console: Console, plan: Plan, clock: Clock = SYSTEM) -> None:
        super().__init__(console, clock, context=plan.target.context)
        self._plan = plan
        self._current = 0
        self._step_began = clock.monotonic()
        self._took: dict[int, str] = {}
        self._in_sync = ""
        self._canary: Canary | None = None
        self._worst_ms = 0.0
        self._picture = Picture(
            console=console, get_renderable=self.picture, refresh_per_second=5, transient=True
        )

    def __enter__(self) -> Self:
        self._picture.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._picture.stop()

    def step_began(self, number: int, step: Step) -> None:
        """Mark the step as the present one."""
        self._current, self._step_began = number, self._clock.monotonic()
        super().step_began(number, step)

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Mark the step as proved."""
        self._took[self._current] = f"{seconds:.1f} s"
        super().step_ended(step, record, seconds)

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Take in what was seen."""
        if world is not None:
            self._partitions(world)
            self._sang(world.canary)
        super().looked(step, world, unmet)

    def beat(self, world: World) -> None:
        """Take in the canary."""
        self._sang(world.canary)

    def picture(self) -> RenderableType:
        """Return the picture as it is now."""
        parts: list[RenderableType] = [Text(), self._heading(), self._steps()]
        if self._pods.last:
            parts += [Text(), self._pods_table()]
        facts = [self._in_sync, self._song()]
        if any(facts):
            parts += [Text(), Text.from_markup("   " + "  ·  ".join(fact for fact in facts if fact))]
        if self.waiting:
            parts.append(Padding(Text(self.waiting, style="unsure"), (0, 0, 0, 3)))
        return Group(*parts)

    def _heading(self) -> Rule:
        seconds = int(self._clock.monotonic() - self._began)
        where = f"{self._plan.procedure} · {self._plan.target.environment}"
        title = f"{escape(where)} · {seconds // 60}:{seconds % 60:02d}"
        return Rule(f"[bold]{title}[/]", style="quiet", align="left")

    def _steps(self) -> Table:
        table = Table.grid(padding=(0, 1))
        now = self._clock.monotonic()
        first = max(0, min(self._current - STEPS // 2 - 1, len(self._plan.steps) - STEPS))
        for number, step in list(enumerate(self._plan.steps, 1))[first : first + STEPS]:
            title = escape(f"{number}. {step.title}")
            if number in self._took:
                table.add_row(" [good]✓[/]", f"[quiet]{title}[/]", f"[quiet]{self._took[number]}[/]")
            elif number == self._current:
                dot = DOTS[int(now * 10) % len(DOTS)]
                table.add_row(f" [unsure]{dot}[/]", f"[bold]{title}[/]", f"{now - self._step_began:.0f} s")
            else:
                mark = "✓" if number < self._current else "·"
                table.add_row(f" [quiet]{mark}[/]", f"[quiet]{title}[/]", "")
        return table

    def _pods_table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        now = self._clock.monotonic()
        for name, pod in sorted(self._pods.last.items()):
            style = STYLE[pod.state]
            said = "new" if pod.renewed and pod.state == "ready" else ""
            if pod.state != "ready":
                said = f"{now - pod.since:.0f} s {pod.why}"
            elif pod.after_s is not None:
                said = f"{said} after {pod.after_s:.1f} s"
            table.add_row(f"   {escape(name)}", f"[{style}]{pod.state}[/]", f"[quiet]{escape(said)}[/]")
        return table

    def _partitions(self, world: World) -> None:
        topics = world.topics.known
        if topics is None:
            if world.topics.at is not None:
                self._in_sync = f"[unsure]partitions unknown: {escape(world.topics.because[:60])}[/]"
            return
        every = sum(len(topic.partitions) for topic in topics)
        behind = sum(len(topic.under_replicated) for topic in topics)
        self._in_sync = (
            f"[bad]{behind} of {every} partitions not in sync[/]"
            if behind
            else f"[good]{every} partitions in sync[/]"
        )

    def _sang(self, seen: Seen[Canary]) -> None:
        if seen.known is not None:
            self._canary = seen.known
            self._worst_ms = max(self._worst_ms, seen.known.produce_ms)

    def _song(self) -> str:
        if self._canary is None:
            return ""
        if self._canary.failed:
            return f"[bad]canary: {escape(self._canary.failed[:60])}[/]"
        return f"canary acknowledged in {self._canary.produce_ms:.0f} ms (worst {self._worst_ms:.0f} ms)"


def watching(console: Console, plan: Plan) -> Progress:
    """Return what shows a run: a picture on a terminal, lines elsewhere."""
    return Live(console, plan) if console.is_terminal else Progress(console, context=plan.target.context)
