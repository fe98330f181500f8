"""A topic live: records as they are written."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from prompt_kafka.clients.kafka import Fetched, KafkaConnection, OffsetOutOfRangeError, Record
from prompt_kafka.clients.kafka.fetch import fetch_from_each
from prompt_kafka.clients.kafka.reach import reach
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.messages.filters import Filter, FilterError
from prompt_kafka.messages.page import Notice, Page
from prompt_kafka.messages.view import PLAIN, View

POLL_S = 0.5
MOST = 1 << 20


def follow(
    connection: KafkaConnection,
    topic: str,
    partitions: Sequence[int] | None = None,
    after: Page | None = None,
    *,
    committed: bool = True,
    stop: threading.Event | None = None,
    wanted: Filter | None = None,
    view: View = PLAIN,
) -> Iterator[Record | Notice]:
    """Give records as they are written, from now on or from where `after` ended, until `stop` is set.

    A broker that goes away is waited for, while the others are read; a `Notice` says so, and which records
    were deleted before they could be read.
    """
    stop = stop or threading.Event()
    accepts = (wanted or Filter()).compile()
    tail = _Tail(connection, topic, partitions, committed, stop)
    for span in after.spans if after else ():
        if after and (after.forwards or span.end >= span.stable) and span.partition in tail.positions:
            tail.positions[span.partition] = span.end

    def judged() -> Iterator[Record | Notice]:
        warned = False
        for entry in tail:
            if isinstance(entry, Notice):
                yield entry
                continue
            try:
                if accepts.accepts(entry, view, shown=view.masks):
                    yield entry
            except FilterError as error:
                if not warned:
                    yield Notice(f"{entry.partition}:{entry.offset} cannot be judged: {error}")
                warned = True

    return judged()


class _Tail:
    """The ends of a topic's partitions, moving."""

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        partitions: Sequence[int] | None,
        committed: bool,
        stop: threading.Event,
    ) -> None:
        self._connection, self._topic, self._partitions = connection, topic, partitions
        self._committed, self._stop = committed, stop
        known = reach(connection, topic, partitions)
        self.positions = {p: each.stable if committed else each.end for p, each in known.found.items()}
        self._leaders = {p: each.leader for p, each in known.found.items()}
        self._silent: dict[int, str] = dict(known.unseen)
        self._said: dict[int, str] = {}

    def __iter__(self) -> Iterator[Record | Notice]:
        turn = 0
        while not self._stop.is_set():
            yield from self._tell()
            if self._silent:
                yield from self._look_again()
            asked: dict[int, dict[int, tuple[int, int]]] = {}
            turn += 1  # a broker gives the first a batch, however large it is
            places = list(self.positions.items())
            first = turn % max(1, len(places))
            for partition, position in places[first:] + places[:first]:
                if partition not in self._silent:
                    asked.setdefault(self._leaders[partition], {})[partition] = (position, MOST)
            if not asked:
                self._connection.clock.sleep(POLL_S, self._stop)
                continue
            try:
                answers = fetch_from_each(
                    self._connection, self._topic, asked, committed=self._committed, wait=POLL_S
                )
            except UnreachableError as error:
                answers = dict.fromkeys(self.positions, error)
            yield from self._read(answers)

    def _read(self, answers: Mapping[int, Fetched | PromptKafkaError]) -> Iterator[Record | Notice]:
        fresh: list[Record] = []
        for partition, answer in answers.items():
            if isinstance(answer, Fetched):
                fresh += answer.records()
                self.positions[partition] = answer.next_offset
            elif isinstance(answer, OffsetOutOfRangeError):
                yield from self._gone(partition)
            else:
                self._silent[partition] = answer.what
        yield from sorted(fresh, key=lambda record: (record.time_ms, record.partition, record.offset))

    def _tell(self) -> Iterator[Notice]:
        for partition, why in self._silent.items():
            if partition not in self._said:
                yield Notice(f"partition {partition}: waiting: {why}")
        for partition in self._said.keys() - self._silent.keys():
            yield Notice(f"partition {partition}: reading again")
        self._said = dict(self._silent)

    def _look_again(self) -> Iterator[Notice]:
        """Look for the leaders of what is silent; the others go on being read."""
        try:
            known = reach(self._connection, self._topic, list(self._silent))
        except PromptKafkaError:
            self._connection.clock.sleep(POLL_S, self._stop)
            return
        for partition, each in known.found.items():
            self._leaders[partition] = each.leader
            self._silent.pop(partition, None)
            if partition not in self.positions:
                self.positions[partition] = each.stable if self._committed else each.end
                yield Notice(f"partition {partition}: begins now, at offset {self.positions[partition]}")

    def _gone(self, partition: int) -> Iterator[Notice]:
        try:
            known = reach(self._connection, self._topic, [partition]).found
        except PromptKafkaError:
            return  # the next fetch says so
        position = self.positions[partition]
        if partition in known and not known[partition].start <= position <= known[partition].end:
            start = known[partition].start
            yield Notice(
                f"partition {partition}: offset {position} is not there any more, going on at {start}"
            )
            self.positions[partition] = start
