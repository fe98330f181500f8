"""One tree of errors: what was wrong, where, and what to do next.

Whoever reads an error at night needs those three and nothing else, so a traceback is kept for our own
mistakes. The exit code belongs to the error, so that every command ends the same way for the same reason.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends (``docs/exit-codes.md``)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CHANGES_PENDING = 3
    REFUSED = 4
    TIMED_OUT = 5
    STOPPED = 6
    INTERRUPTED = 130


class PromptKafkaError(Exception):
    """The root of the tree.

    Parameters
    ----------
    what
        What was wrong, one sentence.
    where
        The file and line, the resource or the address at fault.
    next
        What to do about it.

    Attributes
    ----------
    resume : str
        The command that takes the run up which it ended, where there is one.
    code : str
        Stable word for the kind of error, for scripts.
    exit_code : ExitCode
        What the command returns.
    """

    code = "failed"
    exit_code = ExitCode.FAILED

    def __init__(self, what: str, *, where: str | None = None, next: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next = next
        self.resume = ""

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"where: {self.where}")
        if self.next:
            parts.append(f"next: {self.next}")
        if self.resume:
            parts.append(f"take it up: {self.resume}")
        return "\n".join(parts)


class UsageError(PromptKafkaError):
    """The request itself is wrong: a name, a value, an option."""

    code = "usage"
    exit_code = ExitCode.USAGE


class UnreachableError(PromptKafkaError):
    """An interface of the service does not answer."""

    code = "unreachable"


class RefusedError(PromptKafkaError):
    """A guard said no. ``rule`` is its name.

    Parameters
    ----------
    rule
        Name of the rule, such as ``replica-out-of-sync``.
    """

    code = "refused"
    exit_code = ExitCode.REFUSED

    def __init__(self, rule: str, what: str, *, where: str | None = None, next: str | None = None) -> None:
        super().__init__(what, where=where, next=next)
        self.rule = rule

    def __str__(self) -> str:
        return f"refused ({self.rule}): {super().__str__()}"


class TimedOutError(PromptKafkaError):
    """Something was waited for and did not come."""

    code = "timed-out"
    exit_code = ExitCode.TIMED_OUT


class StoppedError(PromptKafkaError):
    """A run stopped before its end and can be taken up again."""

    code = "stopped"
    exit_code = ExitCode.STOPPED


class InterruptedRunError(PromptKafkaError):
    """A person or the machine ended a run, between two acts.

    Parameters
    ----------
    in_flight
        Sentences: which step it is in, what was asked, what goes on without it.
    """

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED

    def __init__(self, in_flight: tuple[str, ...]) -> None:
        super().__init__("\n".join(("interrupted; the Lease is given back", *in_flight)))
