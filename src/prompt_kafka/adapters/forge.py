"""Pull requests at GitHub: found again by branch and run, opened once, looked at, merged, closed.

Works with GitHub Enterprise too. Every change looks first: the process that asked before may have been killed
between GitHub's deed and its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from prompt_kafka.adapters.forge_http import ForgeError, ForgeHttp
from prompt_kafka.adapters.forge_token import project, token_of
from prompt_kafka.core import forge
from prompt_kafka.core.delivery import TRAILER
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.forge import Check, Project, PullRequest
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest
from prompt_kafka.core.service import Environment

Object = dict[str, Any]

_PASSED = ("success", "neutral", "skipped")


class Forge:
    """A repository at GitHub.

    Parameters
    ----------
    project
        Which.
    http
        The way to its API.
    """

    def __init__(self, project: Project, http: ForgeHttp) -> None:
        self.project, self._http = project, http
        self._root = f"/repos/{quote(project.owner)}/{quote(project.name)}"

    @classmethod
    def of(cls, environment: Environment, address: str, variables: Mapping[str, str] | None = None) -> Forge:
        """Return the one that an environment means."""
        found = project(environment, address)
        own = "https://api.github.com" if found.host == "github.com" else f"https://{found.host}/api/v3"
        token, _ = token_of(environment, variables)
        return cls(found, ForgeHttp(environment.pull_request.url or own, token))

    def end(self) -> None:
        """Close the connections."""
        self._http.close()

    def look(self, branch: str, base: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch into another, each with what stands in its way.

        Raises
        ------
        ForgeError
            GitHub said no.
        UnreachableError
            It does not answer.
        """
        return tuple(self._seen(each, base) for each in self._list(branch, base))

    def open(self, action: OpenPullRequest) -> None:
        """Open a pull request, or bring the text of the one that is open up; never a second one.

        Raises
        ------
        StoppedError
            The run's own was closed meanwhile.
        ForgeError, UnreachableError
            As for :meth:`look`.
        """
        text = forge.text_of(action.body, action.mark)
        there = self._there(action, text)
        if there:
            return
        body = {"title": action.title, "head": action.branch, "base": action.base, "body": text}
        try:
            self._http.send("POST", f"{self._root}/pulls", body)
        except ForgeError as error:
            if error.status == 422 and self._there(action, text):
                return
            raise

    def _there(self, action: OpenPullRequest, text: str) -> bool:
        """Return whether the pull request is there; the text of an earlier run's is brought up."""
        listed = self._list(action.branch, action.base)
        own = [
            each for each in listed if action.mark and action.mark in forge.runs_of(each.get("body") or "")
        ]
        if own and own[0]["state"] == "closed" and not own[0].get("merged_at"):
            raise StoppedError(
                f"pull request #{own[0]['number']} {self._seen(own[0], action.base).closed}",
                where=str(own[0].get("html_url") or ""),
                next="reopen it there and resume the run; or abort the run",
            )
        if own:
            return True
        opened = next((each for each in listed if each["state"] == "open"), None)
        if opened is None:
            return False
        former = str(opened.get("body") or "")
        if forge.BEGIN in former:
            body = {"title": action.title, "body": forge.with_text(former, text)}
            self._http.send("PATCH", f"{self._root}/pulls/{opened['number']}", body)
        return True

    def merge(self, action: MergePullRequest) -> None:
        """Merge a pull request at the commit that was looked at.

        Raises
        ------
        StoppedError
            It was closed meanwhile.
        ForgeError, UnreachableError
            The rules do not allow it, somebody has pushed to it, or as for :meth:`look`.
        """
        path = f"{self._root}/pulls/{action.number}"
        now = self._http.get(path)
        if not now.get("merged") and now["state"] == "closed":
            raise StoppedError(
                f"pull request #{action.number} {self._seen(now, action.base).closed}",
                where=str(now.get("html_url") or ""),
                next="reopen it there, or abort the run",
            )
        if not now.get("merged"):
            body: Object = {"sha": action.head, "merge_method": action.method}
            if action.method == "squash":
                body["commit_title"] = f"{now['title']} (#{action.number})"
                body["commit_message"] = f"{TRAILER}: {action.of}"
            self._http.send("PUT", f"{path}/merge", body)

    def delete(self, action: DeleteBranch) -> None:
        """Delete a branch that is merged.

        Raises
        ------
        StoppedError
            It has more than what was merged.
        ForgeError, UnreachableError
            As for :meth:`look`.
        """
        tip = self._tip(action.branch)
        if tip and tip != action.head:
            raise StoppedError(
                f"branch {action.branch} has more than what was merged: it stays",
                where=f"{self.project} at {tip[:12]}",
                next="look at what was pushed after the merge, and delete the branch by hand",
            )
        if tip:
            self._delete(action.branch)

    def close(self, action: ClosePullRequest) -> None:
        """Close the open pull request of a branch, where a run has opened it, and delete the branch."""
        for each in self._list(action.branch, action.base):
            if each["state"] == "open" and forge.BEGIN in (each.get("body") or ""):
                self._http.send("PATCH", f"{self._root}/pulls/{each['number']}", {"state": "closed"})
                self._delete(action.branch)

    def examine(self) -> str:
        """Return, in a few words, what the token may do; nothing is changed.

        Raises
        ------
        ForgeError, UnreachableError
            As for :meth:`look`.
        """
        found = self._http.get(self._root)
        may = found.get("permissions") or {}
        if may and not may.get("push"):
            raise ForgeError(
                403,
                f"the token may look at {self.project}, and not open pull requests there",
                where=self._http.url,
                next="ask for the right to push to it, or set `delivery: branch`",
            )
        return f"{self.project}, and the token may push there" if may else f"{self.project} can be seen"

    def _delete(self, branch: str) -> None:
        """Delete a branch, unless it is gone."""
        try:
            self._http.send("DELETE", f"{self._root}/git/refs/heads/{quote(branch)}")
        except ForgeError as error:
            if error.status not in (404, 422) or self._tip(branch):
                raise

    def _list(self, branch: str, base: str) -> list[Object]:
        """Return the pull requests of a branch as GitHub lists them, the newest first."""
        head = f"{self.project.owner}:{branch}"
        found = self._http.all(f"{self._root}/pulls", state="all", head=head, base=base)
        mine = [each for each in found if (each.get("head") or {}).get("ref") == branch]
        return sorted(mine, key=lambda each: int(each["number"]), reverse=True)

    def _seen(self, listed: Object, base: str) -> PullRequest:
        """Return a pull request as a value; an open one is looked at closely."""
        text = str(listed.get("body") or "")
        found = PullRequest(
            number=int(listed["number"]),
            url=str(listed.get("html_url") or ""),
            branch=str(listed["head"]["ref"]),
            base=base,
            state="merged" if listed.get("merged_at") else str(listed["state"]),
            head=str(listed["head"].get("sha") or ""),
            title=str(listed.get("title") or ""),
            runs=forge.runs_of(text),
            ours=forge.BEGIN in text,
            draft=bool(listed.get("draft")),
        )
        if found.state == "open":
            return self._judged(found)
        if found.state == "merged":
            now = self._http.get(f"{self._root}/pulls/{found.number}")
            by = str((now.get("merged_by") or {}).get("login") or "")
            return replace(found, by=by, there=bool(self._tip(found.branch)))
        return self._ended(found) if found.state == "closed" else found

    def _judged(self, found: PullRequest) -> PullRequest:
        now = self._http.get(f"{self._root}/pulls/{found.number}")
        approvals, objections = self._reviews(found.number)
        return replace(
            found,
            mergeable=now.get("mergeable"),
            rules=str(now.get("mergeable_state") or "unknown"),
            checks=self._checks(found.head),
            approvals=approvals,
            objections=objections,
        )

    def _ended(self, found: PullRequest) -> PullRequest:
        """Return one that was closed without a merge with who did it, and what was said last."""
        issue = self._http.get(f"{self._root}/issues/{found.number}")
        by = str((issue.get("closed_by") or {}).get("login") or "")
        said = self._http.all(f"{self._root}/issues/{found.number}/comments") if issue.get("comments") else []
        because = " ".join(str(said[-1].get("body") or "").split())[:200] if said else ""
        there = bool(self._tip(found.branch))
        return replace(
            found, by=by, there=there, because=because or ("" if there else "its branch was deleted")
        )

    def _tip(self, branch: str) -> str:
        """Return the commit of a branch; empty when there is none."""
        try:
            found = self._http.get(f"{self._root}/git/ref/heads/{quote(branch)}")
        except ForgeError as error:
            if error.status == 404:
                return ""
            raise
        return str((found.get("object") or {}).get("sha") or "")

    def _reviews(self, number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who approves and who wants changes, by the last word of each."""
        last: dict[str, str] = {}
        for each in self._http.all(f"{self._root}/pulls/{number}/reviews"):
            if each.get("state") in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                last[str((each.get("user") or {}).get("login") or "?")] = str(each["state"])
        names = {state: tuple(who for who, said in last.items() if said == state) for state in last.values()}
        return names.get("APPROVED", ()), names.get("CHANGES_REQUESTED", ())

    def _checks(self, commit: str) -> tuple[Check, ...] | None:
        """Return the checks of a commit, of both kinds that GitHub has; None where they cannot be read."""
        try:
            runs = self._http.all(f"{self._root}/commits/{commit}/check-runs", "check_runs", filter="latest")
            statuses = self._http.get(f"{self._root}/commits/{commit}/status").get("statuses") or ()
        except ForgeError as error:
            if error.status in (403, 404):
                return None
            raise
        found = [Check(str(each.get("name")), _state(each)) for each in runs]
        words = {"success": "passed", "pending": "pending"}
        found += [Check(str(s.get("context")), words.get(str(s.get("state")), "failed")) for s in statuses]
        return tuple(sorted(found, key=lambda each: each.name))


def _state(run: Object) -> str:
    if run.get("status") != "completed":
        return "pending"
    return "passed" if run.get("conclusion") in _PASSED else "failed"
