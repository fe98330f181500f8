"""The condition that keeps disruptive steps out of production hours."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.verdict import Verdict, no, unknown, yes
from prompt_kafka.core.world import Look, Part, World


@dataclass(frozen=True, slots=True)
class OutsideProductionHours:
    """It is not production now, or somebody took it upon them to go on all the same.

    Attributes
    ----------
    override
        Why it may be done in production hours; empty when it may not. No part of a plan's digest.
    """

    override: str = ""

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset() if self.override else frozenset({Part.HOURS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World, at the time it was seen."""
        if self.override:
            return yes(f"production hours are overridden: {self.override}")
        hours = world.hours.known
        if hours is None:
            return unknown(world.hours)
        inside = hours.production_at(world.at)
        end = hours.changes_at(world.at)
        until = f"until {end:%Y-%m-%d %H:%M} UTC" if end else "and no end of it is known"
        if inside is None:
            return yes(f"outside production hours {until}")
        return no(f"production hours {until} ({inside.because or hours.rule})")
