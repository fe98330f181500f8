"""Kafka's errors in the words of this tool."""

from __future__ import annotations

from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UnreachableError, UsageError


class KafkaError(PromptKafkaError):
    """The cluster answered with an error."""

    code = "kafka"


class NotAuthorizedError(KafkaError):
    """The user may not do this, or the login failed."""

    code = "not-authorized"


class UnknownTopicError(UsageError):
    """No such topic or partition."""

    code = "unknown-topic"


class OffsetOutOfRangeError(UsageError):
    """The offset is not in the partition."""

    code = "offset-out-of-range"


class LeaderMovedError(KafkaError):
    """The broker that was asked does not lead the partition any more."""

    code = "leader-moved"


class NotTheLeaderError(KafkaError):
    """The controller that was asked does not lead the quorum.

    Parameters
    ----------
    leader_id
        Whom it follows; ``None`` when it knows no leader.
    """

    code = "not-the-leader"

    def __init__(self, what: str, *, leader_id: int | None, where: str | None = None) -> None:
        super().__init__(what, where=where)
        self.leader_id = leader_id


class ReadOnlyError(RefusedError):
    """A request that is not a read, over a connection that only reads."""

    def __init__(self, request: str) -> None:
        super().__init__("read-only", f"{request} is not a read, and this connection only reads")


def reason(error: BaseException) -> str:
    """Return one line that says what `error` was."""
    name = type(error).__name__.removesuffix("Error")
    text = " ".join(str(arg) for arg in error.args if arg) or name
    return text if name in ("KafkaConnection", "KafkaTimeout") or text == name else f"{name}: {text}"


def translate(error: BaseException, where: str) -> BaseException:
    """Return this tool's error for one of kafka-python's; others are returned as they are."""
    from kafka import errors as theirs

    if isinstance(error, PromptKafkaError) or not isinstance(error, theirs.KafkaError):
        return error
    if isinstance(error, (theirs.SaslAuthenticationFailedError, theirs.IllegalSaslStateError)):
        return NotAuthorizedError(
            "Kafka refused the login", where=where, next="check the user's Secret and its KafkaUser"
        )
    if isinstance(error, theirs.AuthorizationError):
        return NotAuthorizedError(
            f"Kafka refused the request ({reason(error)})", where=where, next="check the user's ACLs"
        )
    if isinstance(error, theirs.UnknownTopicOrPartitionError):
        return UnknownTopicError("no such topic or partition", where=where)
    unreachable = (
        theirs.KafkaConnectionError,
        theirs.KafkaTimeoutError,
        theirs.RequestTimedOutError,
        theirs.NodeNotReadyError,
        theirs.Cancelled,
    )
    if isinstance(error, unreachable):
        return UnreachableError(f"Kafka does not answer ({reason(error)})", where=where)
    return KafkaError(f"Kafka answered {reason(error)}", where=where)
