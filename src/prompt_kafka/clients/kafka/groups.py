"""Groups: who is in them, what they committed, and how far they are behind.

Every broker is asked for the groups that it coordinates, and asked the rest about those: so no coordinator
need be looked up, which would create `__consumer_offsets` on a cluster without groups (a look never writes).
Thousands of groups are a few requests to each broker; their lag is computed for all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.coordinators import coordinator_of
from prompt_kafka.clients.kafka.lags import lags
from prompt_kafka.clients.kafka.members import members
from prompt_kafka.clients.kafka.sight import blind_spot
from prompt_kafka.clients.kafka.survey import Place, Survey, because, parts, told
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.kafka import Group, GroupLag, Member

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

AT_ONCE = 250
"""Groups in one request."""


@dataclass(frozen=True, slots=True)
class GroupsSeen:
    """The groups that were asked for.

    Attributes
    ----------
    unknown
        What could not be seen, in sentences.
    """

    groups: tuple[Group, ...]
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """A group while it is looked at."""

    id: str
    node: int
    state: str
    protocol: str
    unknown: str = ""
    members: tuple[Member, ...] = ()
    positions: dict[Place, int | None] | None = None

    def place(self, place: Place, committed: int | None = None) -> None:
        """Add a partition, with the next offset that the group reads there, where it is known."""
        self.positions = self.positions or {}
        if committed is not None or place not in self.positions:
            self.positions[place] = committed


def groups(connection: KafkaConnection, names: Sequence[str] | None = None) -> tuple[Group, ...]:
    """Return all groups that we may see, or those named (without those that do not exist), by name.

    A named group whose broker does not answer is there, with the reason why nothing is known of it.

    Raises
    ------
    UnreachableError
        No broker answers.
    """
    return look(connection, names=names).groups


def look(
    connection: KafkaConnection,
    *,
    names: Sequence[str] | None = None,
    match: Callable[[str], bool] = lambda name: True,
    ages: bool = True,
    topic: str = "",
) -> GroupsSeen:
    """Look at groups and their lag.

    Parameters
    ----------
    names
        Only these; those that do not exist are left out.
    match
        Only those whose name it accepts.
    ages
        Lag in time too: the first unread record of every partition that is behind is read.
    topic
        Only groups that read this topic, and their lag on it.

    Raises
    ------
    UnreachableError
        No broker answers.
    """
    survey = Survey(connection)
    wanted = None if names is None else frozenset(names)
    found, unknown = _list(survey, lambda name: match(name) if wanted is None else name in wanted)
    for node in sorted({each.node for each in found}):
        here = [each for each in found if each.node == node]
        for part in parts(here, AT_ONCE):
            _describe(survey, node, part)
    if topic:
        for each in found:
            each.positions = {p: at for p, at in (each.positions or {}).items() if p[0] == topic}
        found = [each for each in found if each.positions or each.unknown]
    behind = lags(survey, [each.positions or {} for each in found], ages=ages)
    seen = [_group(each, lag) for each, lag in zip(found, behind, strict=True)]
    seen += _hidden(survey, wanted or frozenset(), {each.id for each in seen})
    if names is None and (spot := blind_spot(connection, survey.cluster, "group")):
        unknown.append(spot)
    return GroupsSeen(tuple(sorted(seen, key=lambda group: group.id)), tuple(unknown))


def _list(survey: Survey, wanted: Callable[[str], bool]) -> tuple[list[_Found], list[str]]:
    """Ask every broker for its groups; two that both name one (it is moving) give one."""
    from kafka.protocol.admin import ListGroupsRequest

    nodes = survey.nodes
    found: dict[str, _Found] = {}
    unknown: list[str] = []
    answered = False
    for node, answer in zip(nodes, survey.ask((ListGroupsRequest(), node) for node in nodes), strict=True):
        if isinstance(answer, BaseException):
            if node not in survey.silent:
                unknown.append(f"groups that broker {node} coordinates are not seen: {because(answer)}")
            continue
        answered = True
        if answer.error_code:
            unknown.append(f"groups that broker {node} coordinates are not seen: {told(answer.error_code)}")
        for group in answer.groups:
            if wanted(group.group_id):
                protocol = (group.group_type or "classic").lower()
                found[group.group_id] = _Found(group.group_id, node, group.group_state or "unknown", protocol)
    unknown = [
        f"groups that broker {node} coordinates are not seen: {why}"
        for node, why in sorted(survey.silent.items())
        if "fenced" not in why
    ] + unknown
    if not answered:
        raise UnreachableError("no broker lists its groups", where="; ".join(unknown))
    return list(found.values()), unknown


def _describe(survey: Survey, node: int, here: Sequence[_Found]) -> None:
    """Fill in members and committed offsets of groups that one broker coordinates."""
    from kafka.protocol.consumer import OffsetFetchRequest

    entry = OffsetFetchRequest.OffsetFetchRequestGroup
    by_id = {each.id: each for each in here}
    members(survey, node, by_id)
    named = [each.id for each in here if each.protocol != "share" and not each.unknown]
    if named:
        request = OffsetFetchRequest(
            groups=[entry(group_id=name, topics=None) for name in named],
            require_stable=False,
            min_version=8,
            max_version=9,
        )
        (answer,) = survey.ask([(request, node)])
        _committed(answer, [by_id[name] for name in named], by_id)


def _committed(answer: Any, asked: Sequence[_Found], by_id: dict[str, _Found]) -> None:
    if isinstance(answer, BaseException):
        for each in asked:
            each.unknown, each.positions = because(answer), None
        return
    for group in answer.groups:
        here = by_id[group.group_id]
        if group.error_code:
            here.unknown, here.positions = f"its offsets: {told(group.error_code)}", None
        for topic in group.topics:
            for partition in topic.partitions:
                if partition.error_code == 0 and partition.committed_offset >= 0:
                    here.place((topic.name, partition.partition_index), partition.committed_offset)


def _group(found: _Found, lag: tuple[GroupLag, ...]) -> Group:
    return Group(
        id=found.id,
        state=found.state,
        protocol=found.protocol,
        members=found.members,
        lags=lag,
        unknown=found.unknown,
    )


def _hidden(survey: Survey, wanted: frozenset[str], seen: set[str]) -> Iterator[Group]:
    """Give the groups that were asked for and whose broker does not answer: they may be there."""
    if not survey.silent:
        return
    for name in sorted(wanted - seen):
        node = coordinator_of(survey, name)
        if node is None or node in survey.silent:
            who = "a broker that may coordinate it" if node is None else "its coordinator"
            silent = ", ".join(map(str, sorted(survey.silent))) if node is None else str(node)
            yield Group(name, "unknown", "unknown", unknown=f"{who} does not answer: broker {silent}")
