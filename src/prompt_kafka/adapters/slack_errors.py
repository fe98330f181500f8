"""What a failed call to Slack means: certainly not done, done later, or in doubt. Never the token."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from errno import EHOSTUNREACH, ENETUNREACH
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from prompt_kafka.core.notices import DoubtfulPostError, NotPostedError

FAILURES = (SlackClientError, HTTPException, OSError, ValueError)
"""What the SDK raises."""

NEXT: Mapping[str, str] = {
    "channel_not_found": "check `channel` in service.yaml, and invite the bot: /invite @prompt-kafka",
    "not_in_channel": "invite the bot to the channel: /invite @prompt-kafka",
    "is_archived": "name another `channel` in service.yaml",
    "invalid_auth": "the token is wrong: see docs/production.md, Slack",
    "not_authed": "the token is empty: see docs/production.md, Slack",
    "token_revoked": "ask the workspace's administrators for a new token",
    "token_expired": "ask the workspace's administrators for a new token",
    "account_inactive": "ask the workspace's administrators for a new token",
    "missing_scope": "give the bot the scopes of docs/production.md, Slack",
    "thread_not_found": "the message that was announced is not in this channel any more: give another link",
}
_PASSING = ("ratelimited", "rate_limited", "service_unavailable", "message_limit_exceeded")
_DOUBTFUL = ("fatal_error", "internal_error", "request_timeout")
LOOK = "look in the channel whether the post is there"


def problem_of(error: Exception, where: str) -> NotPostedError | DoubtfulPostError:
    """Return what a failure means for the post."""
    if isinstance(error, SlackApiError):
        return _api_problem(error, where)
    reason = getattr(error, "reason", error)
    if _never_arrived(error):
        return NotPostedError(
            f"Slack does not answer ({reason})",
            where=where,
            next="check the network and HTTPS_PROXY; prompt-kafka doctor",
            passing=not isinstance(reason, ssl.SSLError),
        )
    return DoubtfulPostError(
        f"Slack's answer is missing ({reason or type(error).__name__})", where=where, next=LOOK
    )


def retry_after(error: Exception) -> float | None:
    """Return for how many seconds Slack asks to wait; None when it does not."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("Retry-After") or "")
    return float(value) if value.isdigit() else None


def _api_problem(error: SlackApiError, where: str) -> NotPostedError | DoubtfulPostError:
    answer = error.response
    status = int(getattr(answer, "status_code", 200) or 200)
    word = str(answer.get("error") or "") if isinstance(answer.data, dict) else ""
    if status == 429 or word in _PASSING:
        asked = retry_after(error)
        later = "later" if asked is None else f"in {asked:.0f} s"
        return NotPostedError(
            f"Slack says: asked too often ({word or status})" if status == 429 else f"Slack says: {word}",
            where=where,
            next=f"try again {later}",
            passing=True,
        )
    if len(word) > 60:
        word = ""  # no word of Slack's: a page of a proxy, say
    if status >= 500 or word in _DOUBTFUL or (status == 200 and not word):
        return DoubtfulPostError(
            f"Slack failed ({word or f'HTTP {status}'})",
            where=where,
            next=LOOK,
        )
    needed = answer.get("needed") if isinstance(answer.data, dict) else None
    return NotPostedError(
        f"Slack says: {word or f'HTTP {status}'}{f' ({needed})' if needed else ''}",
        where=where,
        next=NEXT.get(word, "look the error up in Slack's documentation of the method"),
    )


def _never_arrived(error: Exception) -> bool:
    """Return whether the request certainly did not reach Slack: no address, no connection, no trust."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)):
        return True
    if isinstance(reason, OSError) and "Tunnel connection failed" in str(reason):
        return True
    return isinstance(reason, OSError) and getattr(reason, "errno", None) in (ENETUNREACH, EHOSTUNREACH)
