"""What changed lately, in order of time: from Git to the brokers, from every source that keeps a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that changed or happened.

    Attributes
    ----------
    at
        When, UTC.
    source
        Who keeps the record: ``git``, ``argo cd``, ``operator``, ``pod``, ``edit``, ``run``.
    what
        What it was, one sentence.
    who
        By whom; empty where the record does not say.
    """

    at: datetime
    source: str
    what: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What changed since a time, the newest first.

    Attributes
    ----------
    unknown
        Sources that could not be read, each with the reason: what they would say is missing here.
    """

    since: datetime
    happenings: tuple[Happening, ...]
    unknown: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, since: datetime, happenings: Iterable[Happening], unknown: Iterable[tuple[str, str]] = ()
    ) -> History:
        """Return what is not older than `since`; the same happening told twice appears once."""
        kept = {happening for happening in happenings if happening.at >= since}
        return cls(since, tuple(sorted(kept, key=_newest_first)), tuple(unknown))


def _newest_first(happening: Happening) -> tuple[float, str, str]:
    return -happening.at.timestamp(), happening.source, happening.what


def handover(target: str, verdict: str, problems: Iterable[tuple[str, str]], history: History) -> str:
    """Return the note for the next shift as Markdown: how it is, what is wrong, what changed."""
    lines = ["# Handover", "", target, "", f"**{verdict}**", ""]
    lines += [f"- {what} — `{mend}`" for what, mend in problems]
    return "\n".join(lines) + "\n\n" + history_told(history)


def history_told(history: History) -> str:
    """Return what changed as Markdown, and what is not known."""
    lines = [f"## Since {history.since:%Y-%m-%d %H:%M} UTC", ""]
    lines += [
        f"- {h.at:%m-%d %H:%M:%S} {h.source}: {h.what}{f' ({h.who})' if h.who else ''}"
        for h in history.happenings
    ]
    if not history.happenings:
        lines.append("Nothing changed.")
    if history.unknown:
        lines += ["", "## Not known", ""]
        lines += [f"- {source}: {because}" for source, because in history.unknown]
    return "\n".join(lines) + "\n"
