"""The pull requests of the lab's forge: kept in one file, their branches in the lab's Git.

What can be merged, and why not, is worked out from Git, the checks, the reviews and the rules of the branch,
in GitHub's own words.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.git import GitError, git
from prompt_kafka.lab.loopback import kept_token

ADMIN = "lab-maintainer"


def token_of(folder: Path) -> str:
    """Return the runbook's token, made once and kept in a private file."""
    return kept_token(folder / "forge-token", "ghp_lab_")


class RejectedError(Exception):
    """What GitHub answers when it says no."""

    def __init__(self, status: int, message: str, *errors: str) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    user: str
    at: str
    sha: str = ""
    state: str = "open"
    merged_at: str = ""
    merged_by: str = ""
    merge_commit: str = ""
    closed_by: str = ""
    draft: bool = False
    reviews: list[tuple[str, str]] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Rules:
    """Of every base branch.

    Attributes
    ----------
    reviews
        Approving reviews that are wanted.
    checks
        Checks that must have passed.
    strict
        The branch must be up to date with its base.
    methods
        How it may be merged.
    """

    reviews: int = 0
    checks: tuple[str, ...] = ()
    strict: bool = False
    methods: tuple[str, ...] = ("merge", "squash", "rebase")


class Pulls:
    """All pull requests of one repository.

    Parameters
    ----------
    file
        Where they are kept.
    bare
        The bare repository.
    """

    def __init__(self, file: Path, bare: Path, clock: Clock = SYSTEM) -> None:
        self.rules = Rules()
        self.checks: dict[str, dict[str, str]] = {}
        self.usual_checks: dict[str, str] = {}
        self._file, self._bare, self._clock = file, bare, clock
        self._worked_out: dict[int, tuple[str, str]] = {}
        self._lock = threading.RLock()
        told = json.loads(file.read_text()) if file.exists() else []
        self._pulls = {each["number"]: Pull(**each) for each in told}

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold everybody else off; keep what was changed."""
        with self._lock:
            yield
            write_atomic(self._file, json.dumps([asdict(each) for each in self._pulls.values()]))

    def commit(self, name: str) -> str:
        """Return the commit of a branch; empty when there is none."""
        try:
            reference = f"refs/heads/{name}^{{commit}}"
            return git("rev-parse", "--verify", "--quiet", reference, directory=self._bare)
        except GitError:
            return ""

    def all(self) -> list[Pull]:
        """Return them, the newest first; one whose branch is gone is closed by that."""
        with self.changing():
            for each in self._pulls.values():
                now = self.commit(each.head) if each.state == "open" else each.sha
                if each.state == "open" and not now:
                    each.state, each.closed_by = "closed", each.user
                each.sha = now or each.sha
            return sorted(self._pulls.values(), key=lambda each: -each.number)

    def get(self, number: int) -> Pull:
        """Return one."""
        found = next((each for each in self.all() if each.number == number), None)
        if found is None:
            raise RejectedError(404, "Not Found")
        return found

    def open(self, title: str, body: str, head: str, base: str, user: str, *, draft: bool = False) -> Pull:
        """Open one, or refuse it as GitHub does."""
        with self.changing():
            if any(p.state == "open" and (p.head, p.base) == (head, base) for p in self.all()):
                said = f"A pull request already exists for {user}:{head}."
                raise RejectedError(422, "Validation Failed", said)
            for name, field_ in ((head, "head"), (base, "base")):
                if not self.commit(name):
                    raise RejectedError(422, "Validation Failed", f"PullRequest {field_} is invalid")
            if len(body) > 65_536:
                raise RejectedError(
                    422, "Validation Failed", "body is too long (maximum is 65536 characters)"
                )
            if self._is_in(self.commit(head), self.commit(base)):
                raise RejectedError(422, "Validation Failed", f"No commits between {base} and {head}")
            number = max(self._pulls, default=0) + 1
            made = Pull(number, title, body, head, base, user, self._now(), draft=draft)
            made.sha = self.commit(head)
            self._pulls[number] = made
            return made

    def change(self, number: int, *, user: str, **fields: str) -> Pull:
        """Change the title, the text, or whether it is open."""
        with self.changing():
            found = self.get(number)
            if fields.get("state") == "open" and not self.commit(found.head):
                said = "state cannot be changed. The branch has been deleted."
                raise RejectedError(422, "Validation Failed", said)
            if fields.get("state") == "closed" and found.state == "open":
                found.closed_by = user
            for name in ("title", "body", "state"):
                if name in fields and not found.merged_at:
                    setattr(found, name, fields[name])
            return found

    def checks_of(self, commit: str) -> dict[str, str]:
        """Return the checks of a commit, each ``queued``, ``success`` or ``failure``."""
        return self.checks.setdefault(commit, dict(self.usual_checks))

    def standing(self, pull: Pull) -> tuple[bool | None, str]:
        """Return whether it can be merged, and GitHub's word for where it stands; at first unknown."""
        tips = (pull.sha, self.commit(pull.base))
        if self._worked_out.get(pull.number) != tips:
            self._worked_out[pull.number] = tips
            return None, "unknown"
        if self._tree(*tips) is None:
            return False, "dirty"
        if pull.draft:
            return True, "draft"
        if self.rules.strict and not self._is_in(tips[1], tips[0]):
            return True, "behind"
        if self._forbidden(pull):
            return True, "blocked"
        states = self.checks_of(pull.sha).values()
        return True, "clean" if all(each == "success" for each in states) else "unstable"

    def merge(
        self,
        number: int,
        *,
        user: str,
        sha: str = "",
        method: str = "merge",
        title: str = "",
        message: str = "",
    ) -> str:
        """Merge one, or refuse it as GitHub does; return the commit."""
        with self.changing():
            pull = self.get(number)
            if pull.state != "open":
                raise RejectedError(405, "Pull Request is not mergeable")
            if sha and sha != pull.sha:
                raise RejectedError(409, "Head branch was modified. Review and try the merge again.")
            if method not in self.rules.methods:
                raise RejectedError(405, f"{method.capitalize()} merges are not allowed on this repository.")
            base = self.commit(pull.base)
            tree = self._tree(pull.sha, base)
            if tree is None or pull.draft:
                raise RejectedError(405, "Pull Request is not mergeable")
            if self.rules.strict and not self._is_in(base, pull.sha):
                raise RejectedError(405, "Head branch is out of date. Review and try the merge again.")
            if forbidden := self._forbidden(pull):
                raise RejectedError(405, forbidden)
            said = f"{title}\n\n{message}" if title else self._said(pull, method)
            parents = ["-p", base, *(["-p", pull.sha] if method == "merge" else [])]
            made = git("commit-tree", tree, *parents, "-F", "-", directory=self._bare, given=said)
            git("update-ref", f"refs/heads/{pull.base}", made, base, directory=self._bare)
            pull.state, pull.merged_at, pull.merged_by, pull.merge_commit = "closed", self._now(), user, made
            return made

    def delete_branch(self, name: str) -> None:
        """Delete a branch."""
        if not self.commit(name):
            raise RejectedError(422, "Reference does not exist")
        git("update-ref", "-d", f"refs/heads/{name}", directory=self._bare)

    def _said(self, pull: Pull, method: str) -> str:
        if method == "merge":
            return f"Merge pull request #{pull.number} from {pull.user}/{pull.head}\n\n{pull.title}"
        commits = git("log", "--reverse", "--format=%B", f"{pull.base}..{pull.sha}", directory=self._bare)
        return commits if method == "rebase" else f"{pull.title} (#{pull.number})\n\n{commits}"

    def _forbidden(self, pull: Pull) -> str:
        """Return what the rules say against a merge, as GitHub says it."""
        checks, last = self.checks_of(pull.sha), dict(pull.reviews)
        for name in self.rules.checks:
            state = checks.get(name, "expected")
            if state != "success":
                return f'Required status check "{name}" is {"failing" if state == "failure" else "expected"}.'
        if "CHANGES_REQUESTED" in last.values():
            return "Changes have been requested."
        approvals = sum(said == "APPROVED" for said in last.values())
        if approvals < self.rules.reviews:
            some = "s are" if self.rules.reviews > 1 else " is"
            count = f"At least {self.rules.reviews} approving review{some}"
            return f"{count} required by reviewers with write access."
        return ""

    def _tree(self, head: str, base: str) -> str | None:
        """Return the tree that a merge makes; None when it conflicts."""
        try:
            return git("merge-tree", "--write-tree", base, head, directory=self._bare).splitlines()[0]
        except GitError:
            return None

    def _is_in(self, commit: str, tip: str) -> bool:
        try:
            git("merge-base", "--is-ancestor", commit, tip, directory=self._bare)
        except GitError:
            return False
        return True

    def _now(self) -> str:
        return f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}"
