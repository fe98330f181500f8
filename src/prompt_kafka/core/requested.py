"""Conditions on a pull request: open, closed, ready to be merged, merged. Part of the closed union."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.forge import PullRequest, chosen
from prompt_kafka.core.verdict import Verdict, no, unknown, yes
from prompt_kafka.core.world import Look, RequestsOf, World, unseen


def _found(world: World, branch: str, base: str, mark: str = "") -> PullRequest | Verdict | None:
    seen = world.requests.get(RequestsOf(branch, base), unseen())
    return unknown(seen) if seen.known is None else chosen(seen.known, mark)


def _numbered(world: World, branch: str, base: str, number: int) -> PullRequest | Verdict | None:
    seen = world.requests.get(RequestsOf(branch, base), unseen())
    if seen.known is None:
        return unknown(seen)
    return next((each for each in seen.known if each.number == number), None)


@dataclass(frozen=True, slots=True)
class Requested:
    """The branch has a pull request: the run's own, open or merged, or one that a person has opened."""

    branch: str
    base: str
    mark: str = ""

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({RequestsOf(self.branch, self.base)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = _found(world, self.branch, self.base, self.mark)
        if isinstance(found, Verdict):
            return found
        if found is None or found.state == "closed":
            return no(f"there is no open pull request of {self.branch} into {self.base}")
        if found.ours and self.mark not in found.runs and found.state == "open":
            return no(f"{found} still has the text of run {', '.join(found.runs)}")
        if found.ours and self.mark not in found.runs:
            return no(f"{found} of an earlier run is merged already")
        return yes(f"{found} is {found.state}: {found.url}")


@dataclass(frozen=True, slots=True)
class RequestClosed:
    """The run's pull request was closed without a merge."""

    branch: str
    base: str
    mark: str = ""

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({RequestsOf(self.branch, self.base)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = _found(world, self.branch, self.base, self.mark)
        if isinstance(found, Verdict):
            return found
        if found is None or found.state != "closed" or self.mark not in found.runs:
            return no("it was not closed")
        return yes(f"{found} {found.closed}")


@dataclass(frozen=True, slots=True)
class Mergeable:
    """The pull request can be merged now: checks, review and the branch's rules allow it.

    Attributes
    ----------
    head
        The commit that was looked at.
    """

    branch: str
    base: str
    number: int
    head: str

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({RequestsOf(self.branch, self.base)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = _numbered(world, self.branch, self.base, self.number)
        if isinstance(found, Verdict):
            return found
        if found is None:
            return no(f"there is no pull request #{self.number} of {self.branch}")
        if found.state != "open":
            return no(f"{found} is {found.state}")
        if found.head != self.head:
            return no(f"{found} was at {self.head[:12]}, and somebody has pushed {found.head[:12]}")
        if found.lacks:
            return no(f"{found}: {'; '.join(found.lacks)}")
        return yes(f"{found} can be merged")


@dataclass(frozen=True, slots=True)
class Merged:
    """The pull request is merged."""

    branch: str
    base: str
    number: int

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({RequestsOf(self.branch, self.base)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = _numbered(world, self.branch, self.base, self.number)
        if isinstance(found, Verdict):
            return found
        if found is None or found.state != "merged":
            return no(f"pull request #{self.number} is {found.state if found else 'gone'}")
        return yes(f"{found} is merged{f' by {found.by}' if found.by else ''}")


@dataclass(frozen=True, slots=True)
class BranchGone:
    """The branch of a merged pull request is deleted."""

    branch: str
    base: str
    number: int

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return frozenset({RequestsOf(self.branch, self.base)})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = _numbered(world, self.branch, self.base, self.number)
        if isinstance(found, Verdict):
            return found
        if found is None or found.there:
            return no(f"branch {self.branch} is still there")
        return yes(f"branch {self.branch} is deleted")
