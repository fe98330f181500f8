"""A small GitHub: the methods of the REST API that pull requests need, on loopback, over the lab's Git.

It answers and refuses as GitHub does: 422 for a second pull request of a branch, 405 where the rules forbid a
merge, 409 when the branch has moved, 404 for a token that may not see the repository, 403 and 429 with
their headers when asked too often. Errors can be ordered, a lost answer among them: what was asked is done,
but whoever asked never learns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.forge_server import ROOT, Fault, ForgeServer, Login
from prompt_kafka.lab.forge_store import Pull, Pulls, RejectedError, token_of
from prompt_kafka.lab.loopback import Serving

Body = dict[str, Any]


class Forge:
    """The server.

    Parameters
    ----------
    folder
        Its pull requests are kept there, and the token of the runbook.
    bare
        The repository that it serves.
    port
        On 127.0.0.1; 0 for any.
    repository
        ``owner/name``.
    """

    def __init__(
        self, folder: Path, bare: Path, port: int, *, repository: str = "lab/phalanx", clock: Clock = SYSTEM
    ) -> None:
        self.token = token_of(folder)
        self.logins = {self.token: Login("prompt-kafka")}
        self.pulls = Pulls(folder / "forge.json", bare, clock)
        self.repository = repository
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self._serving = Serving("the lab's forge", "forge", port, lambda address: ForgeServer(address, self))

    @property
    def site(self) -> str:
        """Where it serves."""
        return f"http://{self._serving.address}"

    @property
    def url(self) -> str:
        """Base of its REST API."""
        return f"{self.site}{ROOT}"

    def start(self) -> None:
        """Begin to serve."""
        self._serving.start()

    def stop(self) -> None:
        """Stop serving."""
        self._serving.stop()

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the error that was ordered for a call, using it up."""
        for fault in self.faults:
            if fault.times > 0 and fault.method in ("*", method) and re.search(fault.path, path):
                fault.times -= 1
                return fault
        return None

    def answer(
        self, method: str, path: str, query: Mapping[str, str], body: Body, login: Login
    ) -> tuple[int, Any]:
        """Answer a call below the repository: status and body."""
        if login.may == "none":
            raise RejectedError(404, "Not Found")
        if method != "GET" and login.may != "write":
            raise RejectedError(403, "Resource not accessible by personal access token")
        for how, pattern, call in self._routes():
            found = re.fullmatch(pattern, path)
            if how == method and found:
                return call(*found.groups(), query=query, body=body, login=login)
        raise RejectedError(404, "Not Found")

    def _routes(self) -> tuple[tuple[str, str, Callable[..., tuple[int, Any]]], ...]:
        one = r"/pulls/(\d+)"
        return (
            ("GET", "", self._repository),
            ("GET", "/pulls", self._list),
            ("POST", "/pulls", self._open),
            ("GET", one, self._get),
            ("PATCH", one, self._change),
            ("PUT", f"{one}/merge", self._merge),
            ("GET", f"{one}/reviews", self._reviews),
            ("POST", f"{one}/reviews", self._review),
            ("GET", r"/issues/(\d+)", self._issue),
            ("GET", r"/issues/(\d+)/comments", self._comments),
            ("POST", r"/issues/(\d+)/comments", self._comment),
            ("GET", r"/commits/(\w+)/check-runs", self._check_runs),
            ("GET", r"/commits/(\w+)/status", self._status),
            ("GET", r"/git/ref/heads/(.+)", self._reference),
            ("DELETE", r"/git/refs/heads/(.+)", self._delete),
        )

    def _repository(self, *, login: Login, **_: Any) -> tuple[int, Body]:
        may = {"admin": False, "push": login.may == "write", "pull": True}
        return 200, {"full_name": self.repository, "default_branch": "main", "permissions": may}

    def _list(self, *, query: Mapping[str, str], **_: Any) -> tuple[int, list[Body]]:
        state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base", "")
        owner, branch = head.partition(":")[::2]
        mine = not head or owner == self.repository.partition("/")[0]
        found = [
            each
            for each in self.pulls.all()
            if mine and state in ("all", each.state) and branch in ("", each.head) and base in ("", each.base)
        ]
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        return 200, [self._told(each) for each in found[(page - 1) * size : page * size]]

    def _open(self, *, body: Body, login: Login, **_: Any) -> tuple[int, Body]:
        made = self.pulls.open(
            str(body.get("title") or ""),
            str(body.get("body") or ""),
            str(body.get("head") or "").rpartition(":")[2],
            str(body.get("base") or ""),
            login.user,
            draft=bool(body.get("draft")),
        )
        return 201, self._told(made)

    def _get(self, number: str, **_: Any) -> tuple[int, Body]:
        pull = self.pulls.get(int(number))
        mergeable, word = self.pulls.standing(pull) if pull.state == "open" else (None, "unknown")
        return 200, {
            **self._told(pull),
            "merged": bool(pull.merged_at),
            "merged_by": {"login": pull.merged_by} if pull.merged_by else None,
            "mergeable": mergeable,
            "mergeable_state": word,
        }

    def _change(self, number: str, *, body: Body, login: Login, **_: Any) -> tuple[int, Body]:
        return 200, self._told(self.pulls.change(int(number), user=login.user, **body))

    def _merge(self, number: str, *, body: Body, login: Login, **_: Any) -> tuple[int, Body]:
        made = self.pulls.merge(
            int(number),
            user=login.user,
            sha=str(body.get("sha") or ""),
            method=str(body.get("merge_method") or "merge"),
            title=str(body.get("commit_title") or ""),
            message=str(body.get("commit_message") or ""),
        )
        return 200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"}

    def _reviews(self, number: str, **_: Any) -> tuple[int, list[Body]]:
        pull = self.pulls.get(int(number))
        return 200, [{"user": {"login": who}, "state": said} for who, said in pull.reviews]

    def _review(self, number: str, *, body: Body, login: Login, **_: Any) -> tuple[int, Body]:
        said = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}.get(str(body.get("event")))
        pull = self.pulls.get(int(number))
        if said is None or (said == "APPROVED" and pull.user == login.user):
            raise RejectedError(422, "Unprocessable Entity", "Can not approve your own pull request")
        with self.pulls.changing():
            pull.reviews.append((login.user, said))
        return 200, {"user": {"login": login.user}, "state": said}

    def _issue(self, number: str, **_: Any) -> tuple[int, Body]:
        pull = self.pulls.get(int(number))
        by = {"login": pull.closed_by} if pull.closed_by else None
        return 200, {"number": pull.number, "closed_by": by, "comments": len(pull.comments)}

    def _comments(self, number: str, **_: Any) -> tuple[int, list[Body]]:
        found = self.pulls.get(int(number)).comments
        return 200, [{"user": {"login": who}, "body": text} for who, text in found]

    def _comment(self, number: str, *, body: Body, login: Login, **_: Any) -> tuple[int, Body]:
        with self.pulls.changing():
            self.pulls.get(int(number)).comments.append((login.user, str(body.get("body") or "")))
        return 201, {"body": body.get("body")}

    def _check_runs(self, commit: str, **_: Any) -> tuple[int, Body]:
        runs = [
            {
                "name": name,
                "status": "queued" if state == "queued" else "completed",
                "conclusion": None if state == "queued" else state,
            }
            for name, state in self.pulls.checks_of(commit).items()
        ]
        return 200, {"total_count": len(runs), "check_runs": runs}

    def _status(self, commit: str, **_: Any) -> tuple[int, Body]:
        return 200, {"sha": commit, "state": "pending", "statuses": []}

    def _reference(self, name: str, **_: Any) -> tuple[int, Body]:
        commit = self.pulls.commit(unquote(name))
        if not commit:
            raise RejectedError(404, "Not Found")
        return 200, {"ref": f"refs/heads/{name}", "object": {"sha": commit, "type": "commit"}}

    def _delete(self, name: str, **_: Any) -> tuple[int, None]:
        self.pulls.delete_branch(unquote(name))
        return 204, None

    def _told(self, pull: Pull) -> Body:
        owner = self.repository.partition("/")[0]
        return {
            "number": pull.number,
            "html_url": f"{self.site}/{self.repository}/pull/{pull.number}",
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "draft": pull.draft,
            "user": {"login": pull.user},
            "head": {"ref": pull.head, "label": f"{owner}:{pull.head}", "sha": pull.sha},
            "base": {"ref": pull.base, "label": f"{owner}:{pull.base}"},
            "created_at": pull.at,
            "merged_at": pull.merged_at or None,
            "merge_commit_sha": pull.merge_commit or None,
        }
