"""What the roller needs around it: Kafka, pods and a measure of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from prompt_kafka.core.quorum import Quorum
from prompt_kafka.lab.strimzi.kafka.nodes import Entry, Operation, Replicas
from prompt_kafka.lab.strimzi.model.cluster import Node

Object = dict[str, Any]

ATTEMPTS = 10
FIRST_DELAY = 0.25


class Kafka(Protocol):
    """What the roller asks of Kafka (:class:`..kafka.nodes.Nodes`)."""

    def reachable(self, nodes: Sequence[Node]) -> bool: ...  # noqa: D102
    def quorum(self, controllers: Sequence[Node]) -> Quorum: ...  # noqa: D102
    def config(self, node: Node) -> dict[str, Entry]: ...  # noqa: D102
    def partitions(self, broker: Node) -> list[Replicas]: ...  # noqa: D102
    def alter_config(  # noqa: D102
        self, node: Node, own: Sequence[Operation], shared: Sequence[Operation]
    ) -> None: ...


class Pods(Protocol):
    """What the roller does with pods."""

    def find(self, name: str) -> Object | None: ...  # noqa: D102
    def wait_ready(self, name: str, timeout: float) -> bool: ...  # noqa: D102
    def restart(self, pod: Object, timeout: float) -> bool: ...  # noqa: D102
    def sleep(self, seconds: float) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take.

    Parameters
    ----------
    operation
        Seconds for a pod to become ready, or to go beyond its own grace period.
    factor
        What the delays between attempts are divided by.
    start
        Seconds for a pod that was just made to become ready.
    """

    operation: float = 300.0
    factor: float = 1.0
    start: float = 300.0

    def deletion(self, pod: Object) -> float:
        """Return the seconds for a pod to go: its grace period is never scaled."""
        return self.operation + float(pod.get("spec", {}).get("terminationGracePeriodSeconds") or 30)

    def delay(self, attempt: int) -> float:
        """Return the seconds before an attempt, the first being number 0."""
        return FIRST_DELAY * 2 ** (attempt - 1) / self.factor if attempt else 0.0

    @property
    def total_ms(self) -> int:
        """Milliseconds of all delays together."""
        return int(1000 * sum(self.delay(attempt) for attempt in range(ATTEMPTS)))
