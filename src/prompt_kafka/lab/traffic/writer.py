"""The Butler Writer: reads results in batches and, in one transaction, writes an event and its read offsets.

On any error it lets the transaction go, backs off, and reads the same messages again: from what its group has
committed, which also tells whether a commit that was not answered had happened.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import confluent_kafka

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.traffic.ledger import Ledger
from prompt_kafka.lab.traffic.settings import (
    EVENTS,
    RESULTS,
    TRANSACTIONAL_ID,
    WRITER,
    WRITER_GROUP,
    TrafficSettings,
)
from prompt_kafka.lab.traffic.visit import event, read_message

BACK_OFF_S = 0.5
BACK_OFF_MAX_S = 5.0
STEP_S = 10.0
TRIES = 3


class ButlerWriter(threading.Thread):
    """Consume, transform, produce, exactly once, until `stop` is set."""

    def __init__(
        self, settings: TrafficSettings, run: str, ledger: Ledger, clock: Clock, stop: threading.Event
    ) -> None:
        super().__init__(name="traffic-butler-writer", daemon=True)
        self._settings, self._run_id, self._ledger, self._clock = settings, run, ledger, clock
        self._stop_event = stop
        self._producer: confluent_kafka.Producer | None = None
        self._in_transaction = False

    def run(self) -> None:
        """Take in batches; after an error begin again at the last commit."""
        consumer = confluent_kafka.Consumer(
            self._settings.client(
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
        consumer.subscribe([RESULTS])
        back_off, rewind = BACK_OFF_S, False
        try:
            while not self._stop_event.is_set():
                try:
                    producer = self._producer or self._new_producer()
                    if rewind:
                        _rewind(consumer)
                        rewind = False
                    if self._batch(consumer, producer):
                        back_off = BACK_OFF_S
                except confluent_kafka.KafkaException as error:
                    what = error.args[0].str()
                    self._ledger.note(f"butler-writer: {what}; reads again in {back_off:.1f} s")
                    self._let_go()
                    rewind = True
                    self._clock.sleep(back_off, self._stop_event)
                    back_off = min(BACK_OFF_MAX_S, back_off * 2)
        finally:
            if self._producer is not None:
                self._producer.purge()
            consumer.close()

    def _new_producer(self) -> confluent_kafka.Producer:
        """Fence off the producer before this one and complete or abort what it left."""
        producer = confluent_kafka.Producer(
            self._settings.client(
                WRITER,
                **{
                    "transactional.id": TRANSACTIONAL_ID,
                    "transaction.timeout.ms": 60_000,
                    "linger.ms": 0,
                },
            )
        )
        _tried(lambda: producer.init_transactions(STEP_S))
        self._producer = producer
        return producer

    def _batch(self, consumer: confluent_kafka.Consumer, producer: confluent_kafka.Producer) -> bool:
        """Take in one batch; return False when there was nothing to read."""
        read = consumer.consume(self._settings.batch_size, timeout=self._settings.batch_wait)
        for message in read:
            if message.error() is not None:
                raise confluent_kafka.KafkaException(message.error())
        if not read:
            return False
        batch = uuid.uuid4()
        numbers = (read_message(message.value(), self._run_id) for message in read)
        self._ledger.open_batch(batch, (number for number in numbers if number is not None))
        next_offsets: dict[tuple[str, int], int] = {}
        for message in read:
            place = (str(message.topic()), int(message.partition() or 0))
            next_offsets[place] = int(message.offset() or 0) + 1
        positions = [confluent_kafka.TopicPartition(*place, offset) for place, offset in next_offsets.items()]
        producer.begin_transaction()
        self._in_transaction = True
        producer.produce(EVENTS, event(batch))
        group = consumer.consumer_group_metadata()
        # librdkafka 2.16 can hang here, whatever the timeout, after the call has failed once: so it is not
        # tried again, and the producer is given up.
        producer.send_offsets_to_transaction(positions, group, STEP_S)
        _tried(lambda: producer.commit_transaction(STEP_S))
        self._in_transaction = False
        self._ledger.commit(batch)
        return True

    def _let_go(self) -> None:
        """Give up the producer with its transaction; the next one aborts it (or completes its commit)."""
        if self._in_transaction:
            self._in_transaction = False
            self._ledger.abort()
        if self._producer is not None:
            self._producer.purge()
            self._producer = None


def _rewind(consumer: confluent_kafka.Consumer) -> None:
    """Go back to what the group has committed; to the beginning where it never has."""
    assigned = consumer.assignment()
    for place in consumer.committed(assigned, timeout=STEP_S) if assigned else ():
        if place.error is not None:
            raise confluent_kafka.KafkaException(place.error)
        offset = place.offset if place.offset >= 0 else confluent_kafka.OFFSET_BEGINNING
        consumer.seek(confluent_kafka.TopicPartition(place.topic, place.partition, offset))


def _tried(step: Callable[[], Any]) -> None:
    for attempt in range(TRIES):
        try:
            step()
            return
        except confluent_kafka.KafkaException as error:
            if not error.args[0].retriable() or attempt == TRIES - 1:
                raise
