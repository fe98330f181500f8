"""The Butler Writer: reads results in batches and, in one transaction, writes an event and its read offsets.

On any error it lets the transaction go, backs off, and reads the same messages again.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import confluent_kafka

from ...core.clock import Clock
from .ledger import Ledger
from .settings import EVENTS, RESULTS, TRANSACTIONAL_ID, WRITER, WRITER_GROUP, TrafficSettings
from .visit import event, read_message

BACK_OFF_S = 0.5
BACK_OFF_MAX_S = 5.0
TRANSACTION_S = 20.0
RETRIES = 5


class ButlerWriter(threading.Thread):
    """Consume, transform, produce, exactly once, until `stop` is set."""

    def __init__(
        self, settings: TrafficSettings, run: str, ledger: Ledger, clock: Clock, stop: threading.Event
    ) -> None:
        super().__init__(name="traffic-butler-writer", daemon=True)
        self._settings, self._run_id, self._ledger, self._clock = settings, run, ledger, clock
        self._stop_event = stop

    def run(self) -> None:
        """Work in sessions; each ends with the first error."""
        back_off = BACK_OFF_S
        while not self._stop_event.is_set():
            session = _Session(self._settings, self._run_id, self._ledger)
            try:
                session.open()
                while not self._stop_event.is_set():
                    if session.batch():
                        back_off = BACK_OFF_S
            except confluent_kafka.KafkaException as error:
                self._ledger.note(f"butler-writer: {_text(error)}; reads again in {back_off:.1f} s")
                session.abort()
                self._clock.sleep(back_off, self._stop_event)
                back_off = min(BACK_OFF_MAX_S, back_off * 2)
            finally:
                session.close()


class _Session:
    """One consumer and one transactional producer, good until the first error."""

    def __init__(self, settings: TrafficSettings, run: str, ledger: Ledger) -> None:
        self._settings, self._run, self._ledger = settings, run, ledger
        self._in_transaction = False
        self._consumer = confluent_kafka.Consumer(
            settings.client(
                WRITER,
                **{
                    "group.id": WRITER_GROUP,
                    "auto.offset.reset": "earliest",
                    "enable.auto.commit": False,
                    "isolation.level": "read_committed",
                    "session.timeout.ms": 15_000,
                    "fetch.wait.max.ms": 100,
                },
            )
        )
        self._producer = confluent_kafka.Producer(
            settings.client(
                WRITER,
                **{
                    "transactional.id": TRANSACTIONAL_ID,
                    "transaction.timeout.ms": 60_000,
                    "linger.ms": 0,
                },
            )
        )

    def open(self) -> None:
        """Fence off an earlier writer and join the group."""
        self._retried(lambda: self._producer.init_transactions(TRANSACTION_S))
        self._consumer.subscribe([RESULTS])

    def batch(self) -> bool:
        """Take in one batch; return False when there was nothing to read."""
        read = self._consumer.consume(self._settings.batch_size, timeout=self._settings.batch_wait)
        for message in read:
            if message.error() is not None:
                raise confluent_kafka.KafkaException(message.error())
        if not read:
            return False
        batch = uuid.uuid4()
        numbers = (read_message(message.value(), self._run) for message in read)
        self._ledger.open_batch(batch, (number for number in numbers if number is not None))
        next_offsets: dict[tuple[str, int], int] = {}
        for message in read:
            place = (str(message.topic()), int(message.partition() or 0))
            next_offsets[place] = int(message.offset() or 0) + 1
        self._producer.begin_transaction()
        self._in_transaction = True
        self._producer.produce(EVENTS, event(batch))
        positions = [confluent_kafka.TopicPartition(*place, offset) for place, offset in next_offsets.items()]
        group = self._consumer.consumer_group_metadata()
        self._retried(lambda: self._producer.send_offsets_to_transaction(positions, group, TRANSACTION_S))
        self._retried(lambda: self._producer.commit_transaction(TRANSACTION_S))
        self._in_transaction = False
        self._ledger.commit(batch)
        return True

    def abort(self) -> None:
        """Let the open transaction go; what cannot be aborted now is fenced off by the next session."""
        if not self._in_transaction:
            return
        self._in_transaction = False
        self._ledger.abort()
        try:
            self._producer.abort_transaction(TRANSACTION_S / 4)
        except confluent_kafka.KafkaException:
            pass

    def close(self) -> None:
        """Leave the group and forget the producer."""
        self._producer.purge()
        self._consumer.close()

    @staticmethod
    def _retried(step: Callable[[], Any]) -> None:
        for attempt in range(RETRIES):
            try:
                step()
                return
            except confluent_kafka.KafkaException as error:
                if not error.args[0].retriable() or attempt == RETRIES - 1:
                    raise


def _text(error: confluent_kafka.KafkaException) -> str:
    return str(error.args[0].str())
