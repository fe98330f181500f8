"""Prompt Publication: reads the events of committed batches, in its own group."""

from __future__ import annotations

import threading

import confluent_kafka

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.traffic.ledger import Ledger
from prompt_kafka.lab.traffic.settings import EVENTS, READER, READER_GROUP, TrafficSettings
from prompt_kafka.lab.traffic.visit import read_event

BACK_OFF_S = 1.0


class Publication(threading.Thread):
    """Read committed events until `stop` is set."""

    def __init__(
        self, settings: TrafficSettings, ledger: Ledger, clock: Clock, stop: threading.Event
    ) -> None:
        super().__init__(name="traffic-publication", daemon=True)
        self._settings, self._ledger, self._clock, self._stop_event = settings, ledger, clock, stop

    def run(self) -> None:
        """Read and commit; an event that is read twice says the same thing twice."""
        consumer = confluent_kafka.Consumer(
            self._settings.client(
                READER,
                **{
                    "group.id": READER_GROUP,
                    "auto.offset.reset": "earliest",
                    "enable.auto.commit": False,
                    "isolation.level": "read_committed",
                    "session.timeout.ms": 15_000,
                    "fetch.wait.max.ms": 100,
                },
            )
        )
        consumer.subscribe([EVENTS])
        try:
            while not self._stop_event.is_set():
                try:
                    self._read(consumer)
                except confluent_kafka.KafkaException as error:
                    self._ledger.note(f"prompt-publication: {error.args[0].str()}")
                    self._clock.sleep(BACK_OFF_S, self._stop_event)
        finally:
            consumer.close()

    def _read(self, consumer: confluent_kafka.Consumer) -> None:
        read = consumer.consume(100, timeout=0.3)
        failed = [message.error() for message in read if message.error() is not None]
        for message in read:
            batch = read_event(message.value()) if message.error() is None else None
            if batch is not None:
                self._ledger.publish(batch)
        if failed:
            raise confluent_kafka.KafkaException(failed[0])
        if read:
            consumer.commit(asynchronous=False)
