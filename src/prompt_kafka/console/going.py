"""A run as it is seen while it goes on: steps, pods, partitions, the canary, what it waits for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from prompt_kafka.core.actions import Observe, by_hand
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.objects import Canary
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.pods_seen import Pods
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, Part, World

LINES = 200


@dataclass(frozen=True, slots=True)
class StepSeen:
    """How a step stands.

    Attributes
    ----------
    state
        ``pending``, ``going`` or ``proved``.
    began
        When it was taken up.
    """

    state: str = "pending"
    began: datetime | None = None
    took_s: float | None = None
    evidence: tuple[str, ...] = ()
    hand: str = ""


@dataclass(frozen=True, slots=True)
class PodSeen:
    """What a pod does."""

    name: str
    state: str
    said: str


class Going:
    """Is told how a run goes on, and keeps what a page shows of it. Safe to read from any thread.

    Parameters
    ----------
    changed
        Called whenever something is new.

    Attributes
    ----------
    also
        What it wants to be looked at beside what a proof needs.
    """

    also: frozenset[Look] = frozenset({Part.NODES, Part.TOPICS, Part.CANARY})

    def __init__(self, plan: Plan, changed: Callable[[], None], clock: Clock = SYSTEM) -> None:
        self.plan, self._changed, self._clock = plan, changed, clock
        self._lock = threading.Lock()
        self._steps = [StepSeen() for _ in plan.steps]
        self._pods = Pods()
        self._current = 0
        self._began = clock.monotonic()
        self.lines: deque[tuple[datetime, str]] = deque(maxlen=LINES)
        self.waiting = ""
        self.partitions: tuple[int, int] | None = None
        self.canary: Canary | None = None
        self.worst_ms = 0.0

    @property
    def steps(self) -> tuple[StepSeen, ...]:
        """The steps as they stand."""
        with self._lock:
            return tuple(self._steps)

    @property
    def pods(self) -> tuple[PodSeen, ...]:
        """The pods as they were seen last."""
        with self._lock:
            now, found = self._clock.monotonic(), []
            for name, pod in sorted(self._pods.last.items()):
                said = "new" if pod.renewed and pod.state == "ready" else ""
                if pod.state != "ready":
                    said = f"{now - pod.since:.0f} s {pod.why}"
                elif pod.after_s is not None:
                    said = f"{said} after {pod.after_s:.1f} s"
                found.append(PodSeen(name, pod.state, said))
            return tuple(found)

    def step_began(self, number: int, step: Step) -> None:
        """Take in that a step is taken up."""
        self._step(number, StepSeen("going", self._clock.now()))
        self.waiting = ""
        self._say(f"{number}. {step.title}")

    def acted(self, step: Step) -> None:
        """Take in that its proof is waited for."""
        if step.by_hand:
            lines = by_hand(step.acts_by, self.plan.target.context) if step.acts_by is not None else ""
            self._step(self._current, self._with_hand(lines))
        elif not isinstance(step.action, Observe):
            self._say("asked; waiting for the proof")

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Take in what was seen."""
        if world is not None and world.nodes.known is not None:
            with self._lock:
                changes = list(self._pods.saw(world.nodes.known, self._clock.monotonic()))
            for change in changes:
                took = f" after {change.after_s:.1f} s" if change.after_s is not None else ""
                self._say(f"{change.name} {change.state}{took}")
        if world is not None and world.topics.known is not None:
            topics = world.topics.known
            self.partitions = (
                sum(len(topic.under_replicated) for topic in topics),
                sum(len(topic.partitions) for topic in topics),
            )
        self.waiting = unmet[0].because if unmet else ""
        if world is not None:
            self.beat(world)
        self._changed()

    def beat(self, world: World) -> None:
        """Take in the canary."""
        if world.canary.known is not None:
            self.canary = world.canary.known
            self.worst_ms = max(self.worst_ms, world.canary.known.produce_ms)
            self._changed()

    def handed_over(self, step: Step) -> None:
        """Take in what a person has to do now."""
        lines = by_hand(step.acts_by, self.plan.target.context) if step.acts_by is not None else ""
        self._step(self._current, self._with_hand(lines))
        self._say(f"by hand: {step.by_hand}")

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        """Take in that something is asked for again."""
        self._say(f"{given_up.because}; asking again for what is left")

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Take in that a step is proved."""
        self.waiting = ""
        done = "proved" if record.acted or isinstance(step.action, Observe) else "already so"
        self._step(self._current, StepSeen("proved", None, seconds, record.evidence))
        self._say(f"{done} in {seconds:.1f} s")

    def noticed(self, text: str) -> None:
        """Take in what became of an announcement."""
        self._say(text)

    def _with_hand(self, lines: str) -> StepSeen:
        with self._lock:
            began = self._steps[self._current - 1].began
        return StepSeen("going", began, hand=lines)

    def _step(self, number: int, seen: StepSeen) -> None:
        with self._lock:
            self._current = number
            self._steps[number - 1] = seen

    def _say(self, text: str) -> None:
        with self._lock:
            self.lines.append((self._clock.now(), text))
        self._changed()
