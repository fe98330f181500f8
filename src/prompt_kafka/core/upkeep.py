"""What wears out by itself: certificates that end, volumes that fill; and the dates they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RENEWAL_DAYS = 30
"""So long before its end Strimzi renews a certificate, unless the Kafka resource says otherwise."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that Strimzi renews, which restarts the nodes.

    Attributes
    ----------
    name
        What it is, for people: ``cluster CA``, ``clients CA``, or a node's name.
    ends
        Its last moment.
    renewal_days
        So long before that moment the operator renews it.
    unmanaged
        It is the user's own: nothing renews it.
    """

    name: str
    ends: datetime
    renewal_days: int = RENEWAL_DAYS
    unmanaged: bool = False

    @property
    def renewed(self) -> datetime:
        """The moment from which on the operator renews it, at its next reconciliation."""
        return self.ends - timedelta(days=self.renewal_days)


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume of one broker, as the broker reports it.

    Attributes
    ----------
    total, usable
        Bytes; None where the broker does not tell.
    logs
        Bytes of all its replicas.
    growth
        Bytes a second by which the logs grow now; None when that was not seen.
    at_retention
        Bytes of the logs once every topic has kept messages for as long as it may; None when unknown, or
        when a topic keeps them for ever.
    """

    broker: int
    total: int | None
    usable: int | None
    logs: int
    growth: float | None = None
    at_retention: int | None = None

    @property
    def free(self) -> float | None:
        """The share that is free, None when unknown."""
        return None if not self.total or self.usable is None else self.usable / self.total

    @property
    def days_left(self) -> float | None:
        """Days until it is full at the present growth; None when unknown, or when retention ends it before.

        What is full is a volume without a usable byte. The logs stop growing at `at_retention`: where that
        fits, the volume never fills.
        """
        if self.usable is None or self.growth is None or self.growth <= 0:
            return None
        if self.at_retention is not None and self.at_retention - self.logs <= self.usable:
            return None
        return self.usable / self.growth / 86400
