"""How far groups are behind, in records and in time, for all groups of a look at once.

Lag in time is the age of the first record that the group has not read. Offsets that hold no record for it
(transaction markers, aborted records, compacted ones) are no lag. So the first record is read, once for all
groups that stand at the same offset: many partitions in one request to their leader, a few KB of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from prompt_kafka.clients.kafka.batches import parse
from prompt_kafka.clients.kafka.describe import metadata
from prompt_kafka.clients.kafka.fetch import MOVED, Fetched, fetch_request
from prompt_kafka.clients.kafka.offsets import COMMITTED, EARLIEST, LATEST, UNCOMMITTED
from prompt_kafka.clients.kafka.survey import NO_LEADER, Place, Survey, because, parts, told
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.kafka import GroupLag

LIMITS = (16 << 10, 1 << 20, 48 << 20)
"""Bytes of each partition: at first, and where the first batch is bigger; at last alone in its request."""
WHOLE = 48 << 20
"""Bytes of all partitions of a request."""
ROUNDS = 20
"""So many times is read on where batches hold no record for the group."""
TOPICS_AT_ONCE = 1000

Spot = tuple[Place, int]
"""A partition, and the offset from which the first record is wanted."""


def lags(
    survey: Survey, positions: Sequence[Mapping[Place, int | None]], *, ages: bool
) -> list[tuple[GroupLag, ...]]:
    """Return the lag at each of `positions`: next offset, or ``None`` where nothing was committed.

    Parameters
    ----------
    ages
        Lag in time too; else it is None where a group is behind.
    """
    places = {place for each in positions for place in each}
    leaders, unknown = _leaders(survey, places)
    (starts, ends), unanswered = survey.offsets(leaders, [(EARLIEST, UNCOMMITTED), (LATEST, COMMITTED)])
    unknown |= unanswered
    beyond = {
        place
        for each in positions
        for place, position in each.items()
        if position is not None and place in ends and position > ends[place][0]
    }
    if beyond:  # who reads uncommitted records is past an open transaction: none are missing
        (tops,), unanswered = survey.offsets({p: leaders[p] for p in beyond}, [(LATEST, UNCOMMITTED)])
        unknown |= unanswered
        ends = {**ends, **tops}
    spots: set[Spot] = set()
    for each in positions:
        for place, position in each.items():
            if place in starts and place in ends and place not in unknown:
                first = max(starts[place][0], position or 0)
                if first < ends[place][0]:
                    spots.add((place, first))
    firsts, unread = first_records(survey, leaders, ends, spots) if ages else ({}, {})
    now_ms = survey.connection.clock.now().timestamp() * 1000

    def lag(place: Place, position: int | None) -> GroupLag:
        topic, partition = place
        if place in unknown or place not in starts or place not in ends:
            why = unknown.get(place, "its leader did not answer")
            return GroupLag(topic, partition, position, 0, 0, unknown=why)
        start, end = starts[place][0], ends[place][0]
        spot = place, max(start, position or 0)
        age: float | None = 0.0
        if spot in spots:
            first = firsts.get(spot, -1)
            age = None if first == -1 else 0.0 if first is None else max(0.001, (now_ms - first) / 1000)
        return GroupLag(
            topic=topic,
            partition=partition,
            committed=position,
            start=start,
            end=end,
            age_s=age,
            expired=position is not None and position < start,
            unknown=unread.get(spot, ""),
        )

    return [tuple(lag(place, each[place]) for place in sorted(each)) for each in positions]


def _leaders(survey: Survey, places: set[Place]) -> tuple[dict[Place, int | None], dict[Place, str]]:
    """Look the leaders of partitions up, a thousand topics in a request."""
    leaders: dict[Place, int | None] = {}
    unknown: dict[Place, str] = {}
    by_topic: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_topic[place[0]].append(place)
    for names in parts(sorted(by_topic), TOPICS_AT_ONCE):
        try:
            found = metadata(survey.connection, names, rights=False)
        except PromptKafkaError as error:
            unknown.update(dict.fromkeys((p for name in names for p in by_topic[name]), because(error)))
            continue
        for topic in found:
            led = {each.partition_index: each.leader_id for each in topic.partitions}
            for place in by_topic[topic.name]:
                if topic.error_code not in (0, 5):
                    unknown[place] = told(topic.error_code)
                elif led.get(place[1], -1) < 0:
                    unknown[place] = NO_LEADER
                else:
                    leaders[place] = led[place[1]]
    return leaders, unknown


def first_records(
    survey: Survey,
    leaders: Mapping[Place, int | None],
    ends: Mapping[Place, tuple[int, int]],
    spots: set[Spot],
) -> tuple[dict[Spot, int | None], dict[Spot, str]]:
    """Return the time of the first record from each spot on (None: there is none), and why one is unknown."""
    found: dict[Spot, int | None] = {}
    unknown: dict[Spot, str] = {}
    left = {spot: (spot[1], LIMITS[0]) for spot in spots}
    for _ in range(ROUNDS):
        if not left:
            break
        for wave in _waves(leaders, left):
            for spot, read in _fetch(survey, wave, left).items():
                offset, limit = left.pop(spot)
                if isinstance(read, str):
                    unknown[spot] = read
                elif (record := next(read.records(), None)) is not None:
                    found[spot] = record.time_ms
                elif read.next_offset >= ends[spot[0]][0]:
                    found[spot] = None
                elif read.batches:
                    left[spot] = read.next_offset, limit
                elif limit < LIMITS[-1]:
                    left[spot] = offset, next(each for each in LIMITS if each > limit)
                else:
                    unknown[spot] = "its first batch is too big to be read"
    unknown.update(dict.fromkeys(left, f"no record within the first {ROUNDS} reads"))
    return found, unknown


def _waves(
    leaders: Mapping[Place, int | None], left: Mapping[Spot, tuple[int, int]]
) -> list[dict[int, list[Spot]]]:
    """Put the spots into rounds: one request to each leader at once, no partition twice in a request."""
    waves: list[dict[int, list[Spot]]] = []
    full: dict[tuple[int, int], int] = defaultdict(int)
    times: dict[tuple[Place, int], int] = defaultdict(int)
    for spot in sorted(left, key=lambda spot: (left[spot][1], spot)):
        node = leaders[spot[0]]
        assert node is not None
        size = left[spot][1]
        number = times[spot[0], node]
        while full[number, node] and full[number, node] + size > WHOLE:
            number += 1
        times[spot[0], node] = number + 1
        full[number, node] += size
        while len(waves) <= number:
            waves.append({})
        waves[number].setdefault(node, []).append(spot)
    return waves


def _fetch(
    survey: Survey, wave: Mapping[int, Sequence[Spot]], left: Mapping[Spot, tuple[int, int]]
) -> dict[Spot, Fetched | str]:
    requests = []
    for node, spots in wave.items():
        offsets = {spot[0]: left[spot][0] for spot in spots}
        limits = {spot[0]: left[spot][1] for spot in spots}
        requests.append((fetch_request(offsets, limits, True, 0.0), node))
    found: dict[Spot, Fetched | str] = {}
    for spots, answer in zip(wave.values(), survey.ask(requests), strict=True):
        by_place = {spot[0]: spot for spot in spots}
        if isinstance(answer, BaseException):
            found.update(dict.fromkeys(spots, because(answer)))
            continue
        for topic in answer.responses:
            for each in topic.partitions:
                spot = by_place[topic.topic, each.partition_index]
                found[spot] = _read(spot, left[spot][0], each)
    return found


def _read(spot: Spot, asked: int, answer: Any) -> Fetched | str:
    (topic, partition), _ = spot
    if answer.error_code:
        return "its leader is moving" if answer.error_code in MOVED else told(answer.error_code)
    return Fetched(
        topic=topic,
        partition=partition,
        asked=asked,
        start=answer.log_start_offset,
        end=answer.high_watermark,
        stable=answer.last_stable_offset,
        batches=parse(topic, partition, answer.records or b""),
        aborted=tuple((each.producer_id, each.first_offset) for each in answer.aborted_transactions or ()),
    )
