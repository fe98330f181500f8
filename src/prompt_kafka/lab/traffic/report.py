"""What a run of traffic ends with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.traffic.ledger import Ledger


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """The account of one run.

    Parameters
    ----------
    sent
        Messages handed to the client.
    acknowledged
        Confirmed by all in-sync replicas (``acks=all``).
    failed
        Given up by the client after its delivery timeout, or refused for good.
    consumed
        Different messages of this run in committed transactions of the Butler Writer.
    published
        Different messages whose committed event the prompt-publication consumer read.
    not_in_topic
        Acknowledged, but not found when at the end the topic was read from the run's beginning by a reader
        of its own that belongs to no group; ``None`` if that was not done to the end.
    not_consumed
        Acknowledged, but in no committed transaction of the Butler Writer.
    lost
        Acknowledged messages that are missing from the topic **or**, once the consumers were waited for, from
        the consumers.
    duplicated
        Messages beyond the first in committed transactions: written twice to the topic, or ingested twice.
    latency_ms
        From sending to acknowledgement: ``p50``, ``p99``, ``max``; 0 without any.
    longest_pause_ms
        Longest time without an acknowledgement between the first and the last one.
    waited
        Whether the consumers had their time to catch up; not if that was cut short.
    missing
        The first sequence numbers that are lost.
    """

    run: str
    duration_s: float
    sent: int
    acknowledged: int
    failed: int
    consumed: int
    published: int
    lost: int
    not_in_topic: int | None
    not_consumed: int
    duplicated: int
    latency_ms: dict[str, float]
    longest_pause_ms: float
    transactions_committed: int
    transactions_aborted: int
    failures: dict[str, int]
    waited: bool = True
    missing: tuple[int, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing lost, failed or duplicated, and that was checked."""
        return not (self.lost or self.failed or self.duplicated) and self.checked

    @property
    def checked(self) -> bool:
        """Both witnesses were heard to the end: the topic and the consumers."""
        return self.waited and self.not_in_topic is not None

    def to_json(self) -> dict[str, Any]:
        """Return the report for ``-o json``."""
        return {
            "run": self.run,
            "duration_s": round(self.duration_s, 1),
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "failed": self.failed,
            "failures": self.failures,
            "consumed": self.consumed,
            "published": self.published,
            "lost": self.lost,
            "not_in_topic": self.not_in_topic,
            "not_consumed": self.not_consumed,
            "checked": self.checked,
            "missing": list(self.missing),
            "duplicated": self.duplicated,
            "latency_ms": {name: round(value, 2) for name, value in self.latency_ms.items()},
            "longest_pause_ms": round(self.longest_pause_ms, 1),
            "transactions": {"committed": self.transactions_committed, "aborted": self.transactions_aborted},
        }

    def lines(self) -> list[str]:
        """Return the report in words."""
        latency = self.latency_ms
        unchecked = "" if self.checked else " as far as was looked: the check was cut short"
        return [
            f"{self.sent} sent, {self.acknowledged} acknowledged, {self.failed} failed"
            f" in {self.duration_s:.0f} s",
            f"{self.consumed} ingested, {self.published} published;"
            f" transactions: {self.transactions_committed} committed, {self.transactions_aborted} aborted",
            f"{self.lost} lost, {self.duplicated} duplicated{unchecked}",
            f"acknowledged after p50 {latency['p50']:.1f} ms, p99 {latency['p99']:.1f} ms,"
            f" max {latency['max']:.0f} ms; longest pause {self.longest_pause_ms:.0f} ms",
        ]


MISSING_SHOWN = 20


def make_report(
    run: str, duration_s: float, ledger: Ledger, stored: set[int] | None, *, waited: bool
) -> TrafficReport:
    """Close the books.

    Parameters
    ----------
    stored
        Sequence numbers that an independent reader found; ``None`` if it could not read to the end.
    waited
        Whether the consumers had their time to catch up.
    """
    acknowledged = set(ledger.acknowledged)
    consumed = ledger.consumed()
    not_consumed = acknowledged - consumed.keys()
    not_in_topic = set() if stored is None else acknowledged - stored
    lost = not_in_topic | not_consumed if waited else not_in_topic
    committed, aborted = ledger.transactions()
    standing = ledger.progress(duration_s)
    return TrafficReport(
        run=run,
        duration_s=duration_s,
        sent=standing.sent,
        acknowledged=len(acknowledged),
        failed=standing.failed,
        consumed=len(consumed),
        published=standing.published,
        lost=len(lost),
        not_in_topic=None if stored is None else len(not_in_topic),
        not_consumed=len(not_consumed),
        duplicated=sum(consumed.values()) - len(consumed),
        latency_ms=quantiles(ledger.latencies()),
        longest_pause_ms=ledger.longest_pause_s() * 1000,
        transactions_committed=committed,
        transactions_aborted=aborted,
        failures=ledger.failures(),
        waited=waited,
        missing=tuple(sorted(lost)[:MISSING_SHOWN]),
    )


def quantiles(ascending: Sequence[float]) -> dict[str, float]:
    """Return the median, the 99th percentile (nearest rank) and the largest of `ascending`."""
    if not ascending:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}

    def rank(share: float) -> float:
        return ascending[max(0, math.ceil(share * len(ascending)) - 1)]

    return {"p50": rank(0.5), "p99": rank(0.99), "max": ascending[-1]}
