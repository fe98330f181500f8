"""The condition on an environment in Git: its charts render from the branch, as Argo CD would render them."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.verdict import Verdict, no, unknown, yes
from prompt_kafka.core.world import BranchOf, Look, Part, RenderOf, World, unseen


@dataclass(frozen=True, slots=True)
class EnvironmentRenders:
    """An environment renders at the head of a branch, with its parent and these applications."""

    branch: str
    environment: str
    applications: tuple[str, ...]
    own: bool = False

    @property
    def look(self) -> RenderOf:
        """What it asks for."""
        return RenderOf(self.branch, self.environment, self.applications)

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({self.look, BranchOf(self.branch) if self.own else Part.GIT})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = world.renders.get(self.look, unseen())
        found = seen.known
        if found is None:
            return unknown(seen)
        lacking = [each for each in self.applications if each not in found]
        if lacking:
            return no(f"{self.environment} has no application {lacking[0]}")
        return yes(f"{self.environment} renders: {', '.join(f'{n} {c}' for n, c in sorted(found.items()))}")
