"""Wakes whoever waits when something changes in the service's namespace, so that nobody polls in the dark."""

from __future__ import annotations

import threading
from typing import Self

from prompt_kafka.clients.kinds import KAFKA, POD, Kind
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError


class Changes:
    """Sets :attr:`event` whenever a pod or the Kafka resource changes.

    A watch that breaks is begun again; without one the waiting falls back to its polling interval.
    """

    def __init__(self, kubernetes: Kubernetes, namespace: str, *, clock: Clock = SYSTEM) -> None:
        self.event = threading.Event()
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._clock = clock
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(kind,), name=f"changes-{kind.plural}", daemon=True)
            for kind in (POD, KAFKA)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()

    def _follow(self, kind: Kind) -> None:
        while not self._stopping.is_set():
            try:
                for _ in self._kubernetes.watch(kind, self._namespace, timeout=60):
                    self.event.set()
                    if self._stopping.is_set():
                        return
            except PromptKafkaError:
                self._clock.sleep(1.0, self._stopping)
