"""Slack's own client, told what it must not do by itself: no retries, no log, no proxy to this machine."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from slack_sdk import WebClient


class Client(WebClient):
    """A ``WebClient`` that asks once, says nothing, and takes a proxy from the environment for Slack only.

    Parameters
    ----------
    token, url, timeout_s
        The bot's token, the base of the Web API, seconds for one call.
    """

    def __init__(self, token: str, url: str, timeout_s: int) -> None:
        super().__init__(token, base_url=url, timeout=timeout_s, retry_handlers=[], logger=_silent())
        if is_loopback(url):
            self.proxy = None

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """Send a request; to this machine directly, where urllib would take a proxy from the environment."""
        if not is_loopback(url):
            found: dict[str, Any] = super()._perform_urllib_http_request_internal(url, req)
            return found
        with build_opener(ProxyHandler({})).open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return {"status": answer.status, "headers": answer.headers, "body": answer.read().decode(charset)}


def is_loopback(url: str) -> bool:
    """Return whether a URL is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _silent() -> logging.Logger:
    """Return a logger that tells nobody: the SDK's messages say no more than our errors do."""
    logger = logging.getLogger("prompt_kafka.adapters.slack.sdk")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger
