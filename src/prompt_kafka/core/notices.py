"""What is told about a run in one thread of a channel, as values: which notices there are, which are posted.

A notice is written down before it is posted, and what may have been posted is looked up by its mark before it
is posted again. So nothing is told twice, whoever takes the thread up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from prompt_kafka.core.errors import PromptKafkaError

_PERMALINK = re.compile(r"https?://[^/]+/archives/([A-Z0-9]+)/p(\d{10})(\d{6})(?:\?.*)?$")


class NoticeState(StrEnum):
    """How a notice stands.

    ``queued`` waits; ``intended`` is being posted, or was when its process died: it may be there; ``sent`` is
    there; ``paste`` was printed for a person to post, where there is no token or no thread to reply to.
    """

    QUEUED = "queued"
    INTENDED = "intended"
    SENT = "sent"
    PASTE = "paste"


@dataclass(frozen=True, slots=True)
class Notice:
    """One post.

    Attributes
    ----------
    key
        Unique in its thread: with the thread's id it is the mark by which the post is recognised.
    text
        As it is to be read; never holds a secret.
    stamp
        Slack's time stamp of the post.
    """

    key: str
    text: str
    state: NoticeState = NoticeState.QUEUED
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a post is: the channel's id, the time stamp, a link to it (empty when it is not to be had)."""

    channel_id: str
    stamp: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread in a channel.

    Attributes
    ----------
    channel
        As configured, a name or an id.
    channel_id, root
        Slack's id and the time stamp of the message that replies go to; empty until it is posted.
    link
        To the message that began it; a person's, when they posted it by hand.
    """

    channel: str
    channel_id: str = ""
    root: str = ""
    link: str = ""
    notices: tuple[Notice, ...] = ()

    @classmethod
    def below(cls, channel: str, link: str) -> Thread:
        """Return a thread below a message that a person posted; replies need a Slack permalink."""
        found = _PERMALINK.match(link.strip())
        if found is None:
            return cls(channel, link=link.strip())
        return cls(channel, found[1], f"{found[2]}.{found[3]}", link.strip())

    @property
    def announced(self) -> bool:
        """Readers of the channel have been told."""
        return bool(self.root or self.link)

    @property
    def paste_only(self) -> bool:
        """A person's post that cannot be replied to: what follows is printed."""
        return bool(self.link and not self.root)

    @property
    def by_bot(self) -> bool:
        """Something was posted by a bot, or may have been: what follows waits for one."""
        return any(n.stamp or n.state is NoticeState.INTENDED for n in self.notices)

    @property
    def waiting(self) -> tuple[Notice, ...]:
        """What is not posted yet, or may not be."""
        return tuple(n for n in self.notices if n.state in (NoticeState.QUEUED, NoticeState.INTENDED))

    @property
    def intended(self) -> tuple[Notice, ...]:
        """What may have been posted although nobody knows."""
        return tuple(n for n in self.notices if n.state is NoticeState.INTENDED)

    def find(self, key: str) -> Notice | None:
        """Return the notice of a key."""
        return next((notice for notice in self.notices if notice.key == key), None)

    def queue(self, key: str, text: str) -> Thread:
        """Return the thread with one more notice; one that is written down already stays as it is."""
        if self.find(key) is not None:
            return self
        return replace(self, notices=(*self.notices, Notice(key, text)))

    def mark(self, key: str, state: NoticeState) -> Thread:
        """Return the thread with a notice in another state."""
        return self._with(key, state=state)

    def sent(self, key: str, posted: Posted) -> Thread:
        """Return the thread with a notice posted; the first one is what the others reply to."""
        thread = self._with(key, state=NoticeState.SENT, stamp=posted.stamp)
        if thread.root:
            return thread
        return replace(thread, channel_id=posted.channel_id, root=posted.stamp, link=posted.link)

    def by_hand(self, link: str) -> Thread:
        """Return the thread below a person's post, which stands for the first notice."""
        below = Thread.below(self.channel, link)
        notices = tuple(
            replace(notice, state=NoticeState.SENT) if notice in self.waiting[:1] else notice
            for notice in self.notices
        )
        return replace(below, notices=notices)

    def missing(self) -> Thread:
        """Return the thread when a person has looked: what was in doubt is not there."""
        notices = tuple(
            replace(n, state=NoticeState.QUEUED) if n.state is NoticeState.INTENDED else n
            for n in self.notices
        )
        return replace(self, notices=notices)

    def without_queued(self) -> Thread:
        """Return the thread without what was never posted: nobody is to hear of it any more."""
        return replace(self, notices=tuple(n for n in self.notices if n.state is not NoticeState.QUEUED))

    def without_waiting(self) -> Thread:
        """Return the thread without anything that is still to come: what it tells of never began."""
        return replace(self, notices=tuple(n for n in self.notices if n not in self.waiting))

    def pasted(self) -> Thread:
        """Return the thread with everything that waits left to a person."""
        notices = tuple(replace(n, state=NoticeState.PASTE) if n in self.waiting else n for n in self.notices)
        return replace(self, notices=notices)

    def _with(self, key: str, *, state: NoticeState, stamp: str = "") -> Thread:
        notices = tuple(
            replace(n, state=state, stamp=stamp or n.stamp) if n.key == key else n for n in self.notices
        )
        return replace(self, notices=notices)


class NotPostedError(PromptKafkaError):
    """A notice was certainly not posted.

    Attributes
    ----------
    passing
        It may go well a little later, so it is worth another try.
    """

    code = "not-posted"

    def __init__(self, what: str, *, where: str, next: str, passing: bool = False) -> None:
        super().__init__(what, where=where, next=next)
        self.passing = passing


class DoubtfulPostError(PromptKafkaError):
    """Nobody knows whether a notice was posted: the answer is missing."""

    code = "post-in-doubt"


class HistoryUnreadableError(PromptKafkaError):
    """What is in the channel cannot be read, so a doubt stays."""

    code = "history-unreadable"
