"""What a person asks of a procedure, as values; the same from the command line, a console or a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartRequest:
    """Restart Kafka.

    Attributes
    ----------
    controllers, brokers
        Restrict it to one of the two.
    pods
        Restrict it to these pods.
    by_deletion
        Delete pods one at a time instead of asking the operator.
    stable_s
        For how many seconds the end state must hold.
    """

    controllers: bool = False
    brokers: bool = False
    pods: tuple[str, ...] = ()
    by_deletion: bool = False
    stable_s: float = 2.0
