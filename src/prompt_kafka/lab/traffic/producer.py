"""The workers of Prompt Processing: they send one message for each finished detector."""

from __future__ import annotations

import threading
from typing import Any

import confluent_kafka

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.traffic.ledger import Ledger
from prompt_kafka.lab.traffic.settings import PRODUCER, RESULTS, TrafficSettings
from prompt_kafka.lab.traffic.visit import Message, messages

TICK_S = 0.01


class Workers(threading.Thread):
    """Send at the wanted rate until `stop` is set or the duration is over, then wait for what is under way.

    Parameters
    ----------
    stop
        Ends the sending.
    hurry
        Ends the waiting, too: what is not acknowledged then is failed.
    """

    def __init__(
        self,
        settings: TrafficSettings,
        run: str,
        ledger: Ledger,
        clock: Clock,
        stop: threading.Event,
        hurry: threading.Event,
    ) -> None:
        super().__init__(name="traffic-workers", daemon=True)
        self._settings, self._run_id, self._ledger, self._clock = settings, run, ledger, clock
        self._stop_event, self._hurry = stop, hurry
        self._broken = threading.Event()
        self._producer = self._connect()

    def run(self) -> None:
        """Send, then wait for the acknowledgements."""
        began = self._clock.monotonic()
        sent = 0
        source = messages(self._run_id, self._clock.now(), self._settings.seed)
        while not self._stop_event.is_set():
            elapsed = self._clock.monotonic() - began
            if self._settings.duration is not None and elapsed >= self._settings.duration:
                break
            due = int(elapsed * self._settings.rate) + 1
            while sent < due and not self._stop_event.is_set():
                self._send(next(source))
                sent += 1
                if sent % 100 == 0:
                    self._producer.poll(0)
            self._producer.poll(0)
            if self._broken.is_set():
                self._replace()
            next_due = began + sent / self._settings.rate
            self._clock.sleep(min(0.2, max(TICK_S, next_due - self._clock.monotonic())), self._stop_event)
        self._wait()

    def _connect(self) -> Any:
        timeout_ms = int(self._settings.delivery_timeout * 1000)
        return confluent_kafka.Producer(
            self._settings.client(
                PRODUCER,
                **{
                    "acks": "all",
                    "enable.idempotence": True,
                    "linger.ms": 5,
                    "delivery.timeout.ms": timeout_ms,
                    "request.timeout.ms": min(30_000, timeout_ms),
                    "queue.buffering.max.messages": 200_000,
                    "error_cb": self._on_error,
                },
            )
        )

    def _send(self, message: Message) -> None:
        sent_at = self._clock.monotonic()

        def delivered(error: Any, _: Any) -> None:
            if error is None:
                self._ledger.acknowledge(message.sequence, sent_at, self._clock.monotonic())
            else:
                self._ledger.fail(error.name())

        self._ledger.sent()
        while True:
            try:
                self._producer.produce(RESULTS, message.value, on_delivery=delivered)
                return
            except BufferError:  # the queue is full: the brokers do not keep up
                self._producer.poll(0.1)
                if self._stop_event.is_set():
                    self._ledger.fail("QUEUE_FULL")
                    return
            except confluent_kafka.KafkaException as error:
                self._ledger.fail(error.args[0].name())
                return

    def _wait(self) -> None:
        while self._ledger.unresolved() > 0 and not self._hurry.is_set() and not self._broken.is_set():
            self._producer.poll(0.1)
        if self._ledger.unresolved() > 0:
            self._give_up()

    def _replace(self) -> None:
        """Begin again with a new producer id after an error that librdkafka calls fatal."""
        self._give_up()
        self._broken.clear()
        self._producer = self._connect()

    def _give_up(self) -> None:
        self._producer.purge()
        self._producer.flush(2)

    def _on_error(self, error: Any) -> None:
        self._ledger.note(f"workers: {error.str()}")
        if error.fatal():
            self._broken.set()
