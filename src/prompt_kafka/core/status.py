"""*Is it healthy, and if not, what do I do?* One report from a World.

It holds the verdict, each cause with the command that mends it, and what comes by itself.

A look judges the instantaneous clauses of "really finished" only; it writes nothing, so it has no canary.
"""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.ahead import Ahead, ahead
from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.diagnosis import diagnose
from prompt_kafka.core.finished import Clause, clauses
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import INSTANT, Look, Part, World

SEES: frozenset[Look] = INSTANT | {
    Part.RESOURCES,
    Part.APPLICATIONS,
    Part.HOSTS,
    Part.WORKLOADS,
    Part.HOURS,
    Part.TIP,
    Part.CERTIFICATES,
    Part.VOLUMES,
    Part.SHUTDOWN,
}
WITHIN_S, PATIENCE_S = 3.8, 2.0
"""What has not answered by then is unknown, so that there is an answer within five seconds; and for how long
one node may be silent."""


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of ``status``.

    Attributes
    ----------
    answer
        Yes, it is finished; no; or it cannot be told.
    problems
        What is wrong, the most urgent first.
    warnings
        What is not wrong with the data that flows now but is somebody's work: an application out of sync, a
        topic resource that its operator refuses.
    clauses
        Every clause of "really finished" that was judged, with its verdict.
    ahead
        What comes by itself, the soonest first.
    """

    answer: Answer
    problems: tuple[Cause, ...]
    warnings: tuple[Cause, ...]
    clauses: tuple[Clause, ...]
    ahead: tuple[Ahead, ...]

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Problems and warnings."""
        return (*self.problems, *self.warnings)


def report(world: World) -> Report:
    """Judge a World for ``status``."""
    judged = clauses(world, canary=False)
    causes = diagnose(world, judged)
    problems = tuple(cause for cause in causes if not cause.is_notice)
    warnings = tuple(cause for cause in causes if cause.is_notice)
    return Report(_answer(world, judged, problems), problems, warnings, judged, ahead(world))


def _answer(world: World, judged: tuple[Clause, ...], problems: tuple[Cause, ...]) -> Answer:
    if world.unreachable:
        return Answer.UNKNOWN
    if any(clause.verdict.answer is Answer.NO for clause in judged):
        return Answer.NO
    unsure = any(clause.verdict.answer is Answer.UNKNOWN for clause in judged)
    if any(cause.kind is not Kind.NOT_SEEN for cause in problems):
        return Answer.NO
    return Answer.UNKNOWN if unsure else Answer.YES
