"""Consumer groups and how far they are behind, in records and in time.

Every broker is asked for the groups that it coordinates, and asked the rest about those: so no coordinator
need be looked up, which would create `__consumer_offsets` on a cluster without groups (a look never writes).

Lag in time is the age of the first record that the group has not read. Offsets that hold no record for it
(transaction markers, aborted records, compacted ones) are no lag.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.describe import check
from prompt_kafka.clients.kafka.offsets import COMMITTED, EARLIEST, LATEST, UNCOMMITTED, look_up
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.kafka import Group, GroupLag, Member, Offsets

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

Place = tuple[str, int]
FIRST_FETCH_BYTES = 1024
FETCHES = 20


def groups(connection: KafkaConnection, names: Sequence[str] | None = None) -> tuple[Group, ...]:
    """Return all groups that we may see, or those named (without those that do not exist), by name."""
    from kafka.protocol.admin import ListGroupsRequest

    nodes = [broker.id for broker in connection.brokers() if not broker.fenced]
    listed: dict[int, list[Any]] = {}
    silent: list[str] = []
    answers = connection.ask_each([(ListGroupsRequest(), node) for node in nodes])
    for node, answer in zip(nodes, answers, strict=True):
        if isinstance(answer, BaseException):
            silent.append(f"broker {node}: {answer}")
            continue
        check(answer.error_code, f"broker {node}")
        listed[node] = [group for group in answer.groups if names is None or group.group_id in names]
    found = [group for node, here in listed.items() if here for group in _at(connection, node, here)]
    if silent and not found:
        raise PromptKafkaError("no broker lists its groups", where="; ".join(silent))
    return tuple(sorted(found, key=lambda group: group.id))


def _at(connection: KafkaConnection, node: int, listed: list[Any]) -> list[Group]:
    """Describe the groups that broker `node` coordinates."""
    from kafka.protocol.admin import DescribeGroupsRequest
    from kafka.protocol.consumer import OffsetFetchRequest

    entry = OffsetFetchRequest.OffsetFetchRequestGroup
    names = [group.group_id for group in listed]
    classic = [group.group_id for group in listed if (group.group_type or "classic") == "classic"]
    described, offsets = connection.ask_each(
        [
            (DescribeGroupsRequest(groups=classic, include_authorized_operations=False), node),
            (
                OffsetFetchRequest(
                    groups=[entry(group_id=name, topics=None) for name in names],
                    require_stable=False,
                    min_version=8,
                    max_version=9,
                ),
                node,
            ),
        ]
    )
    members: dict[str, tuple[Member, ...]] = {}
    if not isinstance(described, BaseException):
        members = {group.group_id: tuple(map(_member, group.members)) for group in described.groups}
    committed: dict[str, dict[Place, int]] = {}
    unknown: dict[str, str] = {}
    if isinstance(offsets, BaseException):
        unknown = {name: str(offsets) for name in names}
    else:
        for group in offsets.groups:
            try:
                check(group.error_code, f"group {group.group_id}")
            except PromptKafkaError as error:
                unknown[group.group_id] = error.what
                continue
            committed[group.group_id] = {
                (topic.name, partition.partition_index): partition.committed_offset
                for topic in group.topics
                for partition in topic.partitions
                if partition.error_code == 0 and partition.committed_offset >= 0
            }
    result = []
    for group in listed:
        name = group.group_id
        positions: dict[Place, int | None] = dict.fromkeys(
            place for member in members.get(name, ()) for place in map(_place, member.partitions)
        )
        positions.update(committed.get(name, {}))
        lags: tuple[GroupLag, ...] = ()
        if name not in unknown:
            try:
                lags = lag(connection, positions)
            except PromptKafkaError as error:
                unknown[name] = error.what
        result.append(
            Group(
                id=name,
                state=group.group_state or "unknown",
                protocol=group.group_type or "classic",
                members=members.get(name, ()),
                lags=lags,
                unknown=unknown.get(name, ""),
            )
        )
    return result


def lag(connection: KafkaConnection, positions: dict[Place, int | None]) -> tuple[GroupLag, ...]:
    """Return the lag of a group at `positions`: next offset, or ``None`` where it never committed."""
    if not positions:
        return ()
    starts = look_up(connection, dict.fromkeys(positions, EARLIEST), UNCOMMITTED)
    stable = look_up(connection, dict.fromkeys(positions, LATEST), COMMITTED)
    now_ms = connection.clock.now().timestamp() * 1000
    found = []
    for place in sorted(positions):
        topic, partition = place
        position = positions[place]
        offsets = Offsets(topic, partition, starts[place], stable[place], stable[place])
        first = _first_record_ms(connection, offsets, max(offsets.start, position or 0))
        found.append(
            GroupLag(
                topic=topic,
                partition=partition,
                committed=position,
                start=offsets.start,
                end=offsets.end,
                age_s=0.0 if first is None else max(0.001, (now_ms - first) / 1000),
                expired=position is not None and position < offsets.start,
            )
        )
    return tuple(found)


def _first_record_ms(connection: KafkaConnection, offsets: Offsets, position: int) -> int | None:
    """Return the time of the first record from `position` on, ``None`` if there is none."""
    for _ in range(FETCHES):
        if position >= offsets.stable:
            return None
        fetched = connection.fetch(offsets.topic, offsets.partition, position, max_bytes=FIRST_FETCH_BYTES)
        for record in fetched.records():
            return record.time_ms
        if fetched.next_offset <= position:
            return None
        position = fetched.next_offset
    raise PromptKafkaError("no record within the first batches", where=f"{offsets.topic}-{offsets.partition}")


def _member(member: Any) -> Member:
    from kafka.protocol.consumer import ConsumerProtocolAssignment

    partitions: tuple[str, ...] = ()
    if member.member_assignment:
        try:
            assigned = ConsumerProtocolAssignment.decode(member.member_assignment)
            partitions = tuple(
                sorted(
                    f"{topic.topic}-{partition}"
                    for topic in assigned.assigned_partitions
                    for partition in topic.partitions
                )
            )
        except (struct.error, AttributeError, ValueError):  # another protocol than the consumers'
            partitions = ()
    return Member(member.member_id, member.client_id, member.client_host.lstrip("/"), partitions)


def _place(text: str) -> Place:
    topic, _, partition = text.rpartition("-")
    return topic, int(partition)
