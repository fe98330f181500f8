"""Failures of a reconciliation, named as the operator's own exceptions.

A failure reaches the administrator as ``reason`` of the NotReady condition, and that is always the simple
name of the Java class; runbooks match it. So the names here are an interface.
"""

from __future__ import annotations


class ReconciliationError(Exception):
    """A reconciliation that failed. `reason` becomes the condition's reason."""

    reason = "RuntimeException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnsupportedKafkaVersionError(ReconciliationError):
    """The operator does not run the Kafka version asked for."""

    reason = "UnsupportedKafkaVersionException"


class KafkaUpgradeError(ReconciliationError):
    """The metadata version forbids the change of version."""

    reason = "KafkaUpgradeException"


class InvalidResourceError(ReconciliationError):
    """The resource asks for something that cannot be."""

    reason = "InvalidResourceException"


class InvalidConfigurationError(ReconciliationError):
    """Something that the resource needs is missing or wrong."""

    reason = "InvalidConfigurationException"


class OperationTimeout(ReconciliationError):
    """Something was waited for and did not come."""

    reason = "TimeoutException"


class FatalProblem(ReconciliationError):
    """Ends a roll at once."""

    reason = "FatalProblem"


class UnforceableProblem(ReconciliationError):
    """A pod is not touched, not even at the last attempt."""

    reason = "UnforceableProblem"


class ForceableProblem(ReconciliationError):
    """A pod is not touched until the last attempt."""

    reason = "ForceableProblem"

    def __init__(self, message: str, *, tls: bool = False) -> None:
        super().__init__(message)
        self.tls = tls


class OperatorGone(Exception):
    """The operator's pod went away: the run ends where it is, without a word in any status."""
