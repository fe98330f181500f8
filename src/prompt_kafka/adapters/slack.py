"""Posts notices to Slack and finds what was posted, with Slack's own SDK.

Its retries are switched off: after a lost connection they would post twice. What is asked again, and when,
is decided here: certainly not posted (again, within a bound), or in doubt (looked up by its mark, never
posted blindly). The token comes from a file that ``service.yaml`` names or from the environment, and goes
nowhere but into the request's header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from slack_sdk.web import SlackResponse

from prompt_kafka.adapters.slack_client import Client
from prompt_kafka.adapters.slack_errors import FAILURES, NEXT, problem_of, retry_after
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.notices import DoubtfulPostError, HistoryUnreadableError, NotPostedError, Posted

URL = "https://slack.com/api/"
EVENT = "prompt_kafka_notice"
TYPES = "public_channel,private_channel"
TIMEOUT_S = 10
MOST_TEXT = 3000
"""Longer texts may be split by Slack; ours are cut, never split."""

SETTLE_S = 1.0
"""After a lost answer, before it is looked up whether something is scheduled."""

SKEW = timedelta(hours=1)
"""So far this machine's clock may be from Slack's when a post is looked for."""


class Slack:
    """A Slack workspace, as a bot.

    Parameters
    ----------
    token
        The bot's.
    url
        Base of the Web API; Slack's own when empty.
    patience_s
        So long something that passes (asked too often, nobody answers) is tried again.
    timeout_s
        For one call.
    """

    def __init__(
        self,
        token: str,
        url: str = "",
        *,
        patience_s: float = 20.0,
        timeout_s: int = TIMEOUT_S,
        clock: Clock = SYSTEM,
    ) -> None:
        self._url = url or URL
        self._patience_s = patience_s
        self._clock = clock
        self._client = Client(token, self._url, timeout_s)

    def post(self, channel: str, text: str, mark: tuple[str, str], root: str = "") -> Posted:
        """Post once.

        Parameters
        ----------
        channel
            Its id, or its name with or without ``#``.
        mark
            Run and key; kept with the post, and found by :meth:`find`.
        root
            Time stamp of the message that it replies to.

        Raises
        ------
        NotPostedError
            It is certainly not there.
        DoubtfulPostError
            It may be there.
        """
        metadata = {"event_type": EVENT, "event_payload": {"run": mark[0], "key": mark[1]}}
        more: dict[str, Any] = {"thread_ts": root} if root else {}
        answer = self._patiently(
            lambda: self._client.chat_postMessage(
                channel=_address(channel),
                text=_escaped(text),
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
                **more,
            ),
            f"channel {channel}",
        )
        channel_id, stamp = str(answer["channel"]), str(answer["ts"])
        return Posted(channel_id, stamp, "" if root else self._link(channel_id, stamp))

    def find(self, channel: str, mark: tuple[str, str], root: str, since: datetime) -> Posted | None:
        """Return the post that carries a mark; None when it is certainly not there.

        Raises
        ------
        HistoryUnreadableError
            The channel or the thread cannot be read to its end.
        """
        wanted = {"run": mark[0], "key": mark[1]}
        try:
            channel_id = self._id(channel)
            for message in self._messages(channel_id, root, since - SKEW):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT and wanted == {
                    key: payload.get(key) for key in ("run", "key")
                }:
                    stamp = str(message["ts"])
                    return Posted(channel_id, stamp, "" if root else self._link(channel_id, stamp))
        except (NotPostedError, DoubtfulPostError) as error:
            raise HistoryUnreadableError(
                f"what was posted cannot be looked up: {error.what}", where=error.where, next=error.next
            ) from None
        return None

    def who(self) -> str:
        """Return whose token it is.

        Raises
        ------
        NotPostedError, DoubtfulPostError
            It is not good, or nobody answers.
        """
        answer = self._patiently(self._client.auth_test, "auth.test")
        return f"{answer['user']} in {answer['team']}"

    def remind(self, channel_id: str, text: str, root: str, at: datetime) -> None:
        """Schedule a reply, unless one of this text is scheduled already.

        What has metadata and is scheduled Slack never posts, so the text itself is the mark: it must say
        whose it is. After a lost answer it is looked up before it is asked for again.

        Raises
        ------
        NotPostedError, DoubtfulPostError
            It is not, or may not be, scheduled.
        """
        for last in (False, True):
            if any(each["text"] == _escaped(text) for each in self._scheduled(channel_id)):
                return
            try:
                self._patiently(
                    lambda: self._client.chat_scheduleMessage(
                        channel=channel_id, text=_escaped(text), post_at=int(at.timestamp()), thread_ts=root
                    ),
                    f"channel {channel_id}",
                )
                return
            except DoubtfulPostError:
                if last:
                    raise
                self._clock.sleep(SETTLE_S)

    def forget(self, channel_id: str, begin: str, *, besides: str = "") -> None:
        """Take back every scheduled message that begins so; what was posted already stays.

        Parameters
        ----------
        besides
            The whole text of one that is left.

        Raises
        ------
        NotPostedError, DoubtfulPostError
            Nobody answers.
        """
        for each in self._scheduled(channel_id):
            if not each["text"].startswith(_escaped(begin)) or (
                besides and each["text"] == _escaped(besides)
            ):
                continue
            delete = partial(
                self._client.chat_deleteScheduledMessage,
                channel=channel_id,
                scheduled_message_id=each["id"],
            )
            try:
                self._patiently(delete, f"channel {channel_id}")
            except NotPostedError as error:
                if "invalid_scheduled_message_id" not in error.what:
                    raise

    def _scheduled(self, channel_id: str) -> list[dict[str, str]]:
        """Return id and text of what is scheduled in a channel."""
        found: list[dict[str, str]] = []
        given: dict[str, Any] = {"channel": channel_id, "limit": 100}
        while True:
            answer = self._patiently(
                lambda: self._client.chat_scheduledMessages_list(**given), f"channel {channel_id}"
            )
            found += (
                {"id": str(e["id"]), "text": str(e.get("text", ""))} for e in answer["scheduled_messages"]
            )
            given["cursor"] = _next(answer)
            if not given["cursor"]:
                return found

    def _link(self, channel_id: str, stamp: str) -> str:
        """Return the post's permalink; empty when it is not to be had, which takes nothing from the post."""
        try:
            return str(self._client.chat_getPermalink(channel=channel_id, message_ts=stamp)["permalink"])
        except FAILURES:
            return ""

    def _id(self, channel: str) -> str:
        """Return a channel's id: history is read by id only."""
        address = _address(channel)
        if not address.startswith("#"):
            return address
        given: dict[str, Any] = {"limit": 1000, "exclude_archived": True, "types": TYPES}
        while True:
            answer = self._patiently(lambda: self._client.conversations_list(**given), f"channel {channel}")
            for each in answer["channels"]:
                if each["name"] == address[1:]:
                    return str(each["id"])
            given["cursor"] = _next(answer)
            if not given["cursor"]:
                what, mend = f"the bot sees no channel {address}", NEXT["not_in_channel"]
                raise NotPostedError(what, where=self._where(channel), next=mend)

    def _messages(self, channel_id: str, root: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        method: Callable[..., SlackResponse]
        given: dict[str, Any] = {"channel": channel_id, "limit": 200, "include_all_metadata": True}
        if root:
            method = self._client.conversations_replies
            given["ts"] = root
        else:
            method, given = (
                self._client.conversations_history,
                {**given, "oldest": f"{since.timestamp():.6f}"},
            )
        while True:
            answer = self._patiently(lambda: method(**given), f"channel {channel_id}")
            yield from answer["messages"]
            given["cursor"] = _next(answer)
            if not given["cursor"]:
                return

    def _patiently(self, call: Callable[[], SlackResponse], what: str) -> SlackResponse:
        """Call; what passes is tried again within the bound, as late as Slack asks for."""
        end = self._clock.monotonic() + self._patience_s
        pause = 0.5
        while True:
            try:
                return call()
            except FAILURES as error:
                problem = problem_of(error, self._where(what))
                asked = retry_after(error)
                wait = pause if asked is None else asked
                passing = isinstance(problem, NotPostedError) and problem.passing
                if not passing or self._clock.monotonic() + wait > end:
                    raise problem from None
            self._clock.sleep(wait)
            pause = min(2 * pause, 4.0)

    def _where(self, what: str) -> str:
        return f"{what}, {self._url}"


def _next(answer: SlackResponse) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")


def _address(channel: str) -> str:
    """Return a channel as Slack takes it: an id as it is, a name with ``#``."""
    name = channel.removeprefix("#")
    is_id = len(name) >= 9 and name[0] in "CGD" and name.isalnum() and name.upper() == name
    return name if is_id else f"#{name}"


def _escaped(text: str) -> str:
    cut = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
