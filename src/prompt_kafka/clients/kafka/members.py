"""Members of groups of every kind that Kafka 4 has, and how far share groups are.

The classic protocol has its assignment in the consumers' own bytes; consumer, share and streams groups tell
it by topic and partition.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from prompt_kafka.clients.kafka.survey import Place, because, told
from prompt_kafka.core.kafka import Member

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.survey import Survey

NOT_FOUND = 69  # it ended between the list and the question


class Described(Protocol):
    """What is known of a group, to be filled in."""

    id: str
    state: str
    protocol: str
    unknown: str
    members: tuple[Member, ...]

    def place(self, place: Place, committed: int | None = None) -> None:
        """Add a partition, with the next offset that the group reads there, where it is known."""


def members(survey: Survey, node: int, groups: Mapping[str, Described]) -> None:
    """Fill in the members of groups that one broker coordinates, and the partitions that they have."""
    by_protocol: dict[str, list[str]] = {}
    for name, group in groups.items():
        by_protocol.setdefault(group.protocol, []).append(name)
    asked = [
        (protocol, names, each)
        for protocol, names in by_protocol.items()
        for each in _requests(protocol, names)
    ]
    answers = survey.ask((request, node) for _, _, (request, _) in asked)
    for (_, names, (_, read)), answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            for name in names:
                groups[name].unknown = because(answer)
            continue
        read(answer, groups)


Read = Callable[[Any, Mapping[str, Described]], None]


def _requests(protocol: str, names: Sequence[str]) -> Iterator[tuple[Any, Read]]:
    from kafka.protocol.admin import DescribeGroupsRequest

    from prompt_kafka.clients.kafka import schemas

    if protocol == "consumer":
        yield (
            schemas.ConsumerGroupDescribeRequest(group_ids=names, include_authorized_operations=False),
            lambda answer, groups: _read(answer, groups, _assigned),
        )
    elif protocol == "share":
        yield (
            schemas.ShareGroupDescribeRequest(group_ids=names, include_authorized_operations=False),
            lambda answer, groups: _read(answer, groups, _assigned),
        )
        entry = schemas.DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup
        yield (
            schemas.DescribeShareGroupOffsetsRequest(
                groups=[entry(group_id=name, topics=None) for name in names]
            ),
            _share_offsets,
        )
    elif protocol == "streams":
        yield (
            schemas.StreamsGroupDescribeRequest(group_ids=names, include_authorized_operations=False),
            _streams,
        )
    else:
        yield DescribeGroupsRequest(groups=names, include_authorized_operations=False), _classic


def _classic(answer: Any, groups: Mapping[str, Described]) -> None:
    for each in answer.groups:
        group = groups[each.group_id]
        if each.error_code:
            group.unknown = f"its members: {told(each.error_code)}"
            continue
        group.state = each.group_state or group.state
        _fill(group, ((member, _classic_assigned(member)) for member in each.members))


def _read(answer: Any, groups: Mapping[str, Described], assigned: Callable[[Any], Iterable[Place]]) -> None:
    for each in answer.groups:
        group = groups[each.group_id]
        if each.error_code and each.error_code != NOT_FOUND:
            group.unknown = f"its members: {told(each.error_code, each.error_message)}"
        elif not each.error_code:
            group.state = each.group_state or group.state
            _fill(group, ((member, assigned(member)) for member in each.members))


def _streams(answer: Any, groups: Mapping[str, Described]) -> None:
    """Read tasks: a task has the partition of each topic that its part of the topology reads."""
    for each in answer.groups:
        parts = {
            part.subtopology_id: [
                *part.source_topics,
                *(topic.name for topic in part.repartition_source_topics),
            ]
            for part in (each.topology.subtopologies or () if each.topology else ())
        }

        def tasks(member: Any, parts: Mapping[str, Sequence[str]] = parts) -> Iterator[Place]:
            for task in member.assignment.active_tasks:
                for topic in parts.get(task.subtopology_id, ()):
                    for partition in task.partitions:
                        yield topic, partition

        _read(_One([each]), groups, tasks)


class _One:
    """An answer with one group of several."""

    def __init__(self, groups: Sequence[Any]) -> None:
        self.groups = groups


def _share_offsets(answer: Any, groups: Mapping[str, Described]) -> None:
    for each in answer.groups:
        group = groups[each.group_id]
        if each.error_code and each.error_code != NOT_FOUND:
            group.unknown = f"its offsets: {told(each.error_code, each.error_message)}"
        for topic in each.topics:
            for partition in topic.partitions:
                if partition.error_code == 0:
                    offset = partition.start_offset if partition.start_offset >= 0 else None
                    group.place((topic.topic_name, partition.partition_index), offset)


def _fill(group: Described, found: Iterable[tuple[Any, Iterable[Place]]]) -> None:
    filled = []
    for member, places in found:
        mine = sorted(places)
        filled.append(
            Member(
                member.member_id,
                member.client_id,
                member.client_host.lstrip("/"),
                tuple(f"{topic}-{partition}" for topic, partition in mine),
            )
        )
        for place in mine:
            group.place(place)
    group.members = tuple(filled)


def _assigned(member: Any) -> Iterator[Place]:
    for topic in member.assignment.topic_partitions:
        for partition in topic.partitions:
            yield topic.topic_name, partition


def _classic_assigned(member: Any) -> list[Place]:
    from kafka.protocol.consumer import ConsumerProtocolAssignment

    if not member.member_assignment:
        return []
    try:
        assigned = ConsumerProtocolAssignment.decode(member.member_assignment)
        return [
            (topic.topic, partition)
            for topic in assigned.assigned_partitions
            for partition in topic.partitions
        ]
    except (struct.error, AttributeError, ValueError):  # another protocol than the consumers'
        return []
