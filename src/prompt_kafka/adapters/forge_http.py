"""Requests to GitHub's REST API: what its answers mean, and when it is asked again.

Certainly refused for a while (its rate limits) is asked again within a bound; no answer is never repeated
blindly here: whoever asked looks first whether it was heard. An answer that has not changed costs nothing of
the rate limit. The token goes into one header and nowhere else, only over TLS or to this machine, and never
after a redirection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError, UsageError

VERSION = "2022-11-28"
TIMEOUT_S = 15.0
PATIENCE_S = 30.0
SECONDARY_S = 60.0
"""What GitHub wants where a secondary limit names no time."""
PAGE = 100
MOST_PAGES = 20
PAGE_OF_DOCS = "docs/production.md, Pull requests"

Json = Any


class ForgeError(PromptKafkaError):
    """GitHub has said no.

    Attributes
    ----------
    status : int
        HTTP status code.
    """

    code = "github"

    def __init__(self, status: int, what: str, *, where: str, next: str) -> None:
        super().__init__(what, where=where, next=next)
        self.status = status


class ForgeHttp:
    """One API, with one token.

    Parameters
    ----------
    url
        Base of the API.
    token
        Empty to look at what everybody may see.
    patience_s
        So long in all it waits where GitHub asks to.
    """

    def __init__(
        self, url: str, token: str, *, patience_s: float = PATIENCE_S, clock: Clock = SYSTEM
    ) -> None:
        self.url = url.rstrip("/")
        self._patience_s, self._clock = patience_s, clock
        self._known: dict[str, tuple[str, Json]] = {}
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
            "User-Agent": "prompt-kafka",
        }
        if not re.fullmatch(r"[!-~]*", token):
            raise UsageError("the GitHub token has characters that no token has", next=f"see {PAGE_OF_DOCS}")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx2.Client(
                headers=headers,
                timeout=TIMEOUT_S,
                follow_redirects=False,
                trust_env=not _is_loopback(self.url),
            )
        except (OSError, ValueError, httpx2.InvalidURL) as error:
            raise UsageError(
                f"GitHub's address or the proxy cannot be used: {error}", where=self.url
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Json:
        """Return what is there; what has not changed is not sent again."""
        key = f"{path}?{sorted(query.items())}"
        tag, former = self._known.get(key, ("", None))
        answer = self._send("GET", path, query=query, headers={"If-None-Match": tag} if tag else {})
        if answer.status_code == 304:
            return former
        data = self._json(answer)
        if answer.headers.get("ETag"):
            self._known[key] = (answer.headers["ETag"], data)
        return data

    def all(self, path: str, within: str = "", **query: str | int) -> list[dict[str, Any]]:
        """Return the items of every page; of the list called `within`, where the answer is an object."""
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            data = self.get(path, **query, per_page=PAGE, page=page)
            items = data.get(within) if within and isinstance(data, dict) else data
            if not isinstance(items, list):
                raise ForgeError(200, "GitHub's answer is no list", where=self._where(path), next=_PROXY)
            found += [each for each in items if isinstance(each, dict)]
            if len(items) < PAGE:
                break
        return found

    def send(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Json:
        """Change something; return the answer.

        Raises
        ------
        ForgeError
            It said no, so nothing was done.
        UnreachableError
            No answer: it may have been done.
        """
        return self._json(self._send(method, path, body=body))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        end = self._clock.monotonic() + self._patience_s
        while True:
            try:
                answer = self._http.request(
                    method,
                    f"{self.url}{path}",
                    params={key: str(value) for key, value in (query or {}).items()},
                    json=body,
                    headers=headers,
                )
            except httpx2.HTTPError as error:
                raise UnreachableError(
                    f"GitHub does not answer: {error or type(error).__name__}",
                    where=self.url,
                    next="check `pull_request.url` in service.yaml, the network and HTTPS_PROXY",
                ) from None
            wait_s = self._asked_to_wait(answer)
            if wait_s is None:
                return answer
            if self._clock.monotonic() + wait_s > end:
                raise self._limited(answer, wait_s)
            self._clock.sleep(wait_s)

    def _asked_to_wait(self, answer: httpx2.Response) -> float | None:
        """Return for how many seconds GitHub asks to wait; None when it does not."""
        if answer.status_code not in (403, 429):
            return None
        after = answer.headers.get("Retry-After", "")
        if after.isdigit():
            return float(after)
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = answer.headers.get("x-ratelimit-reset", "")
            if reset.isdigit():
                return max(1.0, float(reset) - self._clock.now().timestamp())
        said = self._message(answer).lower()
        return SECONDARY_S if answer.status_code == 429 or "rate limit" in said else None

    def _limited(self, answer: httpx2.Response, wait_s: float) -> ForgeError:
        until = datetime.fromtimestamp(self._clock.now().timestamp() + wait_s, UTC)
        limit = answer.headers.get("x-ratelimit-limit", "")
        used_up = answer.headers.get("x-ratelimit-remaining") == "0"
        why = f"the {limit} requests of this hour are used up" if used_up and limit else "asked too often"
        return ForgeError(
            answer.status_code,
            f"GitHub asks to wait until {until:%H:%M:%S} UTC: {why}",
            where=self.url,
            next="go on then; nothing was done",
        )

    def _json(self, answer: httpx2.Response) -> Json:
        """Return what an answer holds, or raise what it means."""
        if answer.status_code >= 500:
            raise UnreachableError(
                f"GitHub failed (HTTP {answer.status_code})",
                where=self._where(answer),
                next="try again later",
            )
        if answer.is_success:
            try:
                return answer.json() if answer.content else None
            except ValueError:
                raise ForgeError(
                    answer.status_code,
                    "this is no answer of GitHub's API",
                    where=self._where(answer),
                    next=_PROXY,
                ) from None
        what, mend = self._meaning(answer)
        raise ForgeError(answer.status_code, what, where=self._where(answer), next=mend)

    def _meaning(self, answer: httpx2.Response) -> tuple[str, str]:
        """Return what was wrong and what to do next."""
        status, said = answer.status_code, self._message(answer)
        site = urlsplit(self.url).hostname or "GitHub"
        if 300 <= status < 400:
            return (
                "the repository has moved",
                "correct `repository` in service.yaml, or `pull_request.repository`",
            )
        if status == 401:
            return f"GitHub does not take the token: {said}", f"make a new one ({PAGE_OF_DOCS})"
        if status == 403 and answer.headers.get("X-GitHub-SSO"):
            return (
                "the token is not yet authorized for the organization's single sign-on",
                f"authorize it in your settings at {site}: Personal access tokens, Configure SSO",
            )
        if status == 403:
            return f"GitHub does not allow it: {said}", f"give the token the rights of {PAGE_OF_DOCS}"
        if status == 404:
            return (
                f"GitHub has no such thing, or the token may not see it: {said}",
                f"check the repository's name, and the token's rights ({PAGE_OF_DOCS})",
            )
        if status == 405:
            return f"GitHub does not merge it: {said}", "do what it asks for, or have a person merge it"
        if status == 409:
            return f"GitHub says that it has moved: {said}", "look at what was pushed, and continue again"
        return f"GitHub says: {said}", "see its page; prompt-kafka doctor tries the token"

    @staticmethod
    def _message(answer: httpx2.Response) -> str:
        """Return GitHub's own words, without anything that looks like a page of a proxy."""
        try:
            data = answer.json()
        except ValueError:
            return f"HTTP {answer.status_code}"
        if not isinstance(data, dict):
            return f"HTTP {answer.status_code}"
        errors = [each for each in data.get("errors") or () if isinstance(each, dict)]
        more = [str(each.get("message") or f"{each.get('field')} {each.get('code')}") for each in errors]
        words = "; ".join([str(data.get("message") or f"HTTP {answer.status_code}"), *more])
        return re.sub(r"\s+", " ", words)[:300]

    def _where(self, answer: httpx2.Response | str) -> str:
        return f"{self.url}{answer}" if isinstance(answer, str) else str(answer.request.url).partition("?")[0]


_PROXY = "is there a proxy in between? check `pull_request.url` in service.yaml"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
