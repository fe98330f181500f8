"""The answer to a question about the World: yes, no, or cannot tell, always with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from prompt_kafka.core.world import Seen


class Answer(Enum):
    """Yes, no, or cannot tell. Only `YES` counts as proof."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer and its reason: what was seen, in a few words."""

    answer: Answer
    because: str

    @property
    def holds(self) -> bool:
        """True only for a yes."""
        return self.answer is Answer.YES


def yes(because: str) -> Verdict:
    """Return a yes."""
    return Verdict(Answer.YES, because)


def no(because: str) -> Verdict:
    """Return a no."""
    return Verdict(Answer.NO, because)


def unknown(part: Seen[Any] | str) -> Verdict:
    """Return a "cannot tell" with the reason why a part of the World was not seen."""
    because = part if isinstance(part, str) else part.because
    return Verdict(Answer.UNKNOWN, f"unknown, because {because}")


def judge(wrong: list[str], right: str, *, most: int = 3) -> Verdict:
    """Return a no that names the first things that are wrong, or a yes with `right`."""
    if not wrong:
        return yes(right)
    more = f" and {len(wrong) - most} more" if len(wrong) > most else ""
    return no("; ".join(wrong[:most]) + more)
