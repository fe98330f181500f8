"""Topics as a look shows them: a handful of questions for thousands of topics, and for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_kafka.clients.kafka.describe import metadata, require_topic
from prompt_kafka.clients.kafka.disks import disks
from prompt_kafka.clients.kafka.growth import growing
from prompt_kafka.clients.kafka.offsets import EARLIEST, LATEST, UNCOMMITTED
from prompt_kafka.clients.kafka.sight import blind_spot
from prompt_kafka.clients.kafka.survey import NEWEST, Place, Survey
from prompt_kafka.clients.kafka.topic_settings import stated
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.topic_look import PartitionLook, TopicLook, TopicsLook
from prompt_kafka.core.upkeep import Disk

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection


class _Offsets(NamedTuple):
    """Offset and time by partition: the first, the last, since when, the newest; and why one is unknown."""

    starts: dict[Place, tuple[int, int]]
    ends: dict[Place, tuple[int, int]]
    since: dict[Place, tuple[int, int]]
    last: dict[Place, tuple[int, int]]
    unknown: dict[Place, str]


def look(
    connection: KafkaConnection,
    *,
    names: Sequence[str] | None = None,
    match: Callable[[str], bool] = lambda name: True,
    internal: bool = False,
    seconds: float = 300.0,
    every_setting: bool = False,
) -> TopicsLook:
    """Look at the topics that this user may see.

    Parameters
    ----------
    names
        Only these.
    match
        Only those whose name it accepts.
    internal
        Kafka's own topics too.
    seconds
        The time over which rates are taken.
    every_setting
        All settings, not only those of a list.

    Raises
    ------
    UnknownTopicError
        One of `names` is not there, or this user may not see it.
    UnreachableError
        No broker answers.
    """
    survey = Survey(connection)
    found = metadata(connection, names, rights=names is not None)
    for topic in found if names is not None else ():
        require_topic(connection, topic)
    chosen = [
        topic
        for topic in sorted(found, key=lambda topic: str(topic.name))
        if topic.error_code in (0, 5)
        and (names is not None or ((internal or not topic.is_internal) and match(topic.name)))
    ]
    with ThreadPoolExecutor(2) as pool:  # the brokers work on one question while another's answer is read
        settings = pool.submit(stated, survey, chosen, every=every_setting)
        sizes = pool.submit(disks, survey)
        offsets = _offsets(survey, chosen, seconds)
        seen, (held, disks_unknown) = settings.result(), sizes.result()
    partitions = _partitions(seen.topics, held, offsets)
    looks = tuple(
        TopicLook(
            state,
            partitions[state.name],
            seen.origins.get(state.name, {}),
            seen.unknown.get(state.name, ""),
        )
        for state in seen.topics
    )
    return TopicsLook(
        looks,
        seconds,
        growing(survey, held, seen.topics),
        connection.user or "",
        tuple(_unknown(survey, looks, disks_unknown, connection if names is None else None)),
    )


def _offsets(survey: Survey, topics: Iterable[Any], seconds: float) -> _Offsets:
    """Ask the leaders; when something was written is asked only where there is something."""
    leaders: dict[Place, int | None] = {
        (topic.name, each.partition_index): each.leader_id if each.leader_id >= 0 else None
        for topic in topics
        for each in topic.partitions
    }
    (starts, ends), unknown = survey.offsets(leaders, [(EARLIEST, UNCOMMITTED), (LATEST, UNCOMMITTED)])
    since_ms = int((survey.connection.clock.now().timestamp() - seconds) * 1000)
    full = {
        place: leaders[place]
        for place, (start, _) in starts.items()
        if place in ends and place not in unknown and start < ends[place][0]
    }
    (since, last), untold = survey.offsets(full, [(since_ms, UNCOMMITTED), (NEWEST, UNCOMMITTED)])
    since |= {place: ends[place] for place in starts.keys() & ends.keys() - full.keys()}
    return _Offsets(starts, ends, since, last, unknown | untold)


def _partitions(
    states: Sequence[TopicState], held: Mapping[int, Disk], offsets: _Offsets
) -> dict[str, tuple[PartitionLook, ...]]:
    starts, ends, since, last, unknown = offsets
    places = {(state.name, each.index) for state in states for each in state.partitions}
    copies: dict[Place, list[int]] = {}
    for disk in held.values():
        for place, size in disk.sizes.items():
            if place in places:
                copies.setdefault(place, []).append(size)

    def look_of(place: Place) -> PartitionLook:
        end = ends[place][0] if place in ends else None
        first = since[place][0] if place in since else None
        newest = last[place][1] if place in last else -1
        sizes = copies.get(place)
        return PartitionLook(
            index=place[1],
            start=starts[place][0] if place in starts else None,
            end=end,
            size=max(sizes) if sizes else None,
            disk=sum(sizes or ()),
            since=end if first is not None and first < 0 else first,
            last_ms=newest if newest >= 0 else None,
            unknown=unknown.get(place, ""),
        )

    return {
        state.name: tuple(look_of((state.name, each.index)) for each in state.partitions) for state in states
    }


def _unknown(
    survey: Survey,
    looks: Iterable[TopicLook],
    disks_unknown: Mapping[int, str],
    listed: KafkaConnection | None,
) -> Iterable[str]:
    """Say what could not be seen: each reason once, whatever the number of topics."""
    for node, why in sorted(survey.silent.items()):
        yield f"broker {node} is not seen: {why}"
    reasons: dict[str, list[int]] = {}
    for node, why in sorted(disks_unknown.items()):
        if node not in survey.silent:
            reasons.setdefault(why, []).append(node)
    for why, nodes in reasons.items():
        names = ", ".join(map(str, nodes))
        yield f"sizes on {'brokers' if len(nodes) > 1 else 'broker'} {names} are unknown: {why}"
    counted: dict[str, int] = {}
    for each in looks:
        for why in each.unknown:
            counted[why] = counted.get(why, 0) + 1
    for why, count in sorted(counted.items()):
        yield f"{count} {'topics' if count > 1 else 'topic'}: {why}"
    if listed is not None and (spot := blind_spot(listed, survey.cluster, "topic")):
        yield spot
