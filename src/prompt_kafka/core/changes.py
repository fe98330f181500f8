"""Actions on the way from Git to the cluster: commit, refresh, sync, and what only a person can do.

Part of the closed union in :mod:`prompt_kafka.core.actions`. Each is recognised as done by the run's mark: a
trailer of the commit, an entry of the operation's ``info``.
"""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.delivery import RUN_INFO, STEP_INFO, TRAILER, blob

REFRESH = "argocd.argoproj.io/refresh"
REFRESH_TIMESTAMP = "argocd.argoproj.io/refresh-timestamp"
_NO_NEWLINE = "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Return lines with their ends, as Git counts them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; `before` is None for a new one, `after` for one that goes."""

    path: str
    before: str | None
    after: str | None

    @property
    def diff(self) -> str:
        """The change as ``git apply`` takes it."""
        old, new = _lines(self.before or ""), _lines(self.after or "")
        source = f"a/{self.path}" if self.before is not None else "/dev/null"
        target = f"b/{self.path}" if self.after is not None else "/dev/null"
        lines = list(difflib.unified_diff(old, new, source, target))
        head = f"diff --git a/{self.path} b/{self.path}\n"
        head += "new file mode 100644\n" if self.before is None else ""
        head += "deleted file mode 100644\n" if self.after is None else ""
        return head + "".join(line if line.endswith("\n") else line + "\n" + _NO_NEWLINE for line in lines)

    @property
    def blobs(self) -> tuple[str, str]:
        """The Git ids before and after."""
        return blob(self.before), blob(self.after)

    @property
    def reversed(self) -> FileChange:
        """What takes it back."""
        return FileChange(self.path, self.after, self.before)


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """Commit files to a branch and push it. Where they are there already, nothing is done.

    Attributes
    ----------
    repository
        For people: without a password.
    mark
        The run, which the commit bears as its trailer.
    base
        The branch that `branch` is made from, for a pull request; empty for a commit to `branch` itself.
    """

    repository: str
    branch: str
    message: str
    files: tuple[FileChange, ...]
    mark: str = ""
    base: str = ""

    @property
    def undone(self) -> CommitFiles:
        """The commit that restores the former files."""
        message = f"Take back: {self.message.partition(chr(10))[0]}"
        files = tuple(each.reversed for each in self.files)
        return CommitFiles(self.repository, self.branch, message, files, base=self.base)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Have Argo CD read Git again and compare; `hard` also drops what it has rendered."""

    application: str
    namespace: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """An object that a selective sync brings; `resource` is its kind."""

    group: str
    resource: str
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Sync:
    """Have Argo CD bring a commit to the cluster. Never prunes.

    Attributes
    ----------
    repository, branch
        Where the commit is: `revision`, else the one that bears the run's mark, else the branch's newest.
    step
        Tells the syncs of one run apart.
    resources
        Only these; everything when empty.
    """

    application: str
    namespace: str
    repository: str
    branch: str
    step: str
    resources: tuple[Synced, ...] = ()
    mark: str = ""
    revision: str = ""

    def operation(self, revision: str, *, who: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Return the ``operation`` to set: what the API server of Argo CD would make of it.

        Parameters
        ----------
        revision
            The commit.
        who
            Shown in the history.
        spec
            Of the Application: the controller does not copy its options and retries, so they are copied here.
        """
        policy = spec.get("syncPolicy") or {}
        sync: dict[str, Any] = {"revision": revision, "prune": False}
        if self.resources:
            sync["resources"] = [
                {"group": r.group, "kind": r.resource, "name": r.name, "namespace": r.namespace}
                for r in self.resources
            ]
        if policy.get("syncOptions"):
            sync["syncOptions"] = list(policy["syncOptions"])
        operation: dict[str, Any] = {
            "initiatedBy": {"username": who, "automated": False},
            "info": [{"name": RUN_INFO, "value": self.mark}, {"name": STEP_INFO, "value": self.step}],
            "sync": sync,
        }
        if policy.get("retry"):
            operation["retry"] = policy["retry"]
        return operation


@dataclass(frozen=True, slots=True)
class Manual:
    """What only a person can do.

    Attributes
    ----------
    what
        One sentence.
    line
        A command that does it, where there is one.
    """

    what: str
    line: str = ""


Change = CommitFiles | Refresh | Sync | Manual


def by_hand(action: Change, context: str) -> str:
    """Return the lines for a shell that do the same; a comment where there is another way."""
    kubectl = ["kubectl", "--context", context]
    match action:
        case CommitFiles():
            return "\n".join(_commit_by_hand(action))
        case Refresh(application, namespace, hard):
            how = "hard" if hard else "normal"
            words = [*kubectl, "annotate", "application", application, f"{REFRESH}={how}", "--overwrite"]
            option = "--hard-refresh" if hard else "--refresh"
            return f"{shlex.join([*words, '-n', namespace])}\n# or: argocd app get {application} {option}"
        case Sync():
            return "\n".join(_sync_by_hand(action, kubectl))
        case Manual(what, line):
            return f"# {what}" + (f"\n{line}" if line else "")


def _commit_by_hand(action: CommitFiles) -> Iterator[str]:
    folder = "prompt-kafka-change"
    start = action.base or action.branch
    yield shlex.join(["git", "clone", "-q", "--branch", start, action.repository, folder])
    yield f"git -C {folder} apply --index - <<'END_OF_CHANGE'"
    yield "".join(change.diff for change in action.files) + "END_OF_CHANGE"
    trailer = f"{TRAILER}: {action.mark or 'by hand'}"
    yield shlex.join(["git", "-C", folder, "commit", "-q", "-m", action.message, "--trailer", trailer])
    yield shlex.join(["git", "-C", folder, "push", "-q", "origin", f"HEAD:{action.branch}"])


def _sync_by_hand(action: Sync, kubectl: list[str]) -> Iterator[str]:
    reference = shlex.join([action.repository, f"refs/heads/{action.branch}"])
    revision = action.revision or f"$(git ls-remote {reference} | cut -f1)"
    where = [action.application, "-n", action.namespace]
    asks = shlex.join([*kubectl, "get", "application", *where, "-o"])
    policy_of = f"$({asks} jsonpath='{{.spec.syncPolicy.%s}}')"
    yield f"REVISION={revision} OPTIONS={policy_of % 'syncOptions'} RETRY={policy_of % 'retry'}"
    policy = {"syncPolicy": {"syncOptions": ["OPTIONS"], "retry": "RETRY"}}
    operation = action.operation("$REVISION", who="$USER", spec=policy)
    text = json.dumps({"operation": operation, "status": {"operationState": None}}).replace('"', '\\"')
    body = text.replace('[\\"OPTIONS\\"]', "${OPTIONS:-[]}").replace('\\"RETRY\\"', "${RETRY:-null}")
    yield f'{shlex.join([*kubectl, "patch", "application", *where])} --type merge -p "{body}"'
    chosen = [f"--resource {r.group}:{r.resource}:{r.namespace}/{r.name}" for r in action.resources]
    info = f"--info {RUN_INFO}={action.mark or 'by-hand'} --info {STEP_INFO}={shlex.quote(action.step)}"
    options = " ".join([*chosen, info])
    yield f"# or: argocd app sync {action.application} --revision $REVISION {options}"


_SHORTENED = (("END_OF_CHANGE", "the difference above"), ("END_OF_TEXT", "this plan"))


def shortened(lines: str) -> str:
    """Return lines for a shell without the difference or the text in them, where that is shown already."""
    for word, instead in _SHORTENED:
        begin, end = f"<<'{word}'\n", f"\n{word}"
        head, found, rest = lines.partition(begin)
        lines = f"{head}< {instead}{rest.partition(end)[2]}" if found else lines
    return lines
