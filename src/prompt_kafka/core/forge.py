"""Pull requests as values: what a forge (GitHub) says of one, and what still stands in the way of its merge.

A run's pull request is recognised by its branch and by the run's line in its text, so that a run which was
killed finds its own again and never opens two. What people write around that text is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from prompt_kafka.core.delivery import TRAILER

BEGIN, END = "<!-- prompt-kafka: begin -->", "<!-- prompt-kafka: end -->"
"""What is between them is the runbook's, the rest of a text belongs to people."""

LONGEST = 60_000
"""Longer texts are cut: GitHub takes 65 536 characters."""

METHODS = ("merge", "squash", "rebase")

_HOSTED = re.compile(
    r"(?:https?://(?:[^@/]*@)?|ssh://(?:[^@/]*@)?|[\w.-]+@)([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?"
)
_BLOCK = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
_RUN = re.compile(rf"^{TRAILER}: (\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """A repository at a forge."""

    host: str
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.host}/{self.owner}/{self.name}"

    @property
    def page(self) -> str:
        """Its address in a browser."""
        return f"{'http' if self.host.startswith(('127.', 'localhost')) else 'https'}://{self}"

    def comparison(self, base: str, branch: str) -> str:
        """Return the address in a browser where a pull request of a branch is opened."""
        return f"{self.page}/compare/{base}...{branch}?expand=1"


def project_of(address: str, named: str = "", url: str = "") -> Project | None:
    """Return the repository at the forge that an address of Git means; None where it tells none.

    Parameters
    ----------
    address
        As Git takes it.
    named
        ``owner/name`` or ``host/owner/name``, where the address does not tell.
    url
        Base of the API, where the address has no host.
    """
    found = _HOSTED.fullmatch(address)
    host, path = (found[1], found[2]) if found else (_host(url), "")
    parts = (named or path).strip("/").split("/")
    if named and len(parts) == 3:
        host, parts = parts[0], parts[1:]
    if len(parts) != 2 or not all(re.fullmatch(r"[\w.-]+", part) for part in parts):
        return None
    return Project(host or "github.com", *parts)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].removeprefix("api.")


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a commit.

    Attributes
    ----------
    state
        ``passed``, ``failed`` or ``pending``.
    """

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request.

    Attributes
    ----------
    state
        ``open``, ``merged``, or ``closed`` without a merge.
    head
        The newest commit of its branch.
    runs
        The runs whose line is in its text.
    ours
        A run has opened it; else a person has.
    mergeable
        Whether it merges without conflicts; None where that is not worked out yet.
    rules
        Where it stands by the rules of the branch, in GitHub's word: ``clean``, ``blocked``, ``behind``, ….
    checks
        Those of its newest commit; None where they cannot be read.
    approvals, objections
        Who approves it, and who wants changes.
    there
        Its branch is there.
    by, because
        Who merged or closed it, and what was said when it was closed.
    """

    number: int
    url: str
    branch: str
    base: str
    state: str = "open"
    head: str = ""
    title: str = ""
    runs: tuple[str, ...] = ()
    ours: bool = False
    draft: bool = False
    mergeable: bool | None = None
    rules: str = "unknown"
    checks: tuple[Check, ...] | None = ()
    approvals: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    there: bool = True
    by: str = ""
    because: str = ""

    def __str__(self) -> str:
        return f"pull request #{self.number}"

    @property
    def closed(self) -> str:
        """How it was closed without a merge, as the rest of a sentence."""
        by = f" by {self.by}" if self.by else ""
        return f"was closed without a merge{by}" + (f": {self.because}" if self.because else "")

    @property
    def lacks(self) -> tuple[str, ...]:
        """What stands in the way of its merge now; nothing when it can be merged."""
        reasons = [*self._of_people(), *self._of_checks()]
        if self.mergeable is None:
            reasons.append("GitHub has not worked out yet whether it can be merged")
        if self.mergeable is False or self.rules == "dirty":
            reasons.append(f"it conflicts with {self.base}")
        if self.rules == "behind":
            reasons.append(f"its branch must first be brought up to date with {self.base}")
        if self.rules == "blocked" and not reasons:
            review = "" if self.approvals else ", such as an approving review"
            reasons.append(f"the rules of {self.base} want something more{review}")
        if self.rules == "unstable" and self.checks is None:
            reasons.append("a check has failed or is not done")
        return tuple(reasons)

    @property
    def hopeless(self) -> bool:
        """Waiting does not help: a person has to mend something."""
        failed = any(each.state == "failed" for each in self.checks or ())
        return failed or bool(self.objections) or self.mergeable is False or self.rules in ("dirty", "behind")

    def _of_people(self) -> Iterable[str]:
        if self.draft:
            yield "it is a draft"
        if self.objections:
            yield f"changes are asked for by {_listed(self.objections)}"

    def _of_checks(self) -> Iterable[str]:
        for state, said in (("failed", "failed"), ("pending", "not done yet")):
            names = [each.name for each in self.checks or () if each.state == state]
            if names:
                yield f"{'check' if len(names) == 1 else 'checks'} {said}: {_listed(names)}"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def chosen(requests: Iterable[PullRequest], mark: str) -> PullRequest | None:
    """Return a run's pull request among those of its branch: its own, else the open one, else the newest."""
    newest = sorted(requests, key=lambda each: each.number, reverse=True)
    own = [each for each in newest if mark and mark in each.runs]
    opened = [each for each in newest if each.state == "open"]
    return next(iter((*own, *opened, *newest)), None)


def text_of(body: str, mark: str) -> str:
    """Return the runbook's part of a pull request's text, with the run's line; cut where it is too long."""
    if len(body) > LONGEST:
        body = (
            body[:LONGEST].rpartition("\n")[0] + f"\n\n… cut here: `prompt-kafka run show {mark}` has it all"
        )
    return f"{BEGIN}\n{body.strip()}\n\n{TRAILER}: {mark or 'by hand'}\n{END}"


def with_text(former: str, text: str) -> str:
    """Return a pull request's text with the runbook's part replaced, or put at its end where it has none."""
    if _BLOCK.search(former):
        return _BLOCK.sub(lambda _: text, former, count=1)
    return f"{former.rstrip()}\n\n{text}" if former.strip() else text


def runs_of(body: str) -> tuple[str, ...]:
    """Return the runs whose line is in a text."""
    return tuple(_RUN.findall(body.replace("\r\n", "\n")))
