"""How far the partitions of a topic reach, each for itself: one that does not answer hides no other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.describe import check, metadata, require_topic
from prompt_kafka.clients.kafka.offsets import COMMITTED, EARLIEST, LATEST, TRIES, UNCOMMITTED, request
from prompt_kafka.core.errors import PromptKafkaError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

Question = tuple[int, int]  # time (or EARLIEST, LATEST), isolation
NO_LEADER = "it has no leader now"


@dataclass(frozen=True, slots=True)
class Reach:
    """One partition.

    Parameters
    ----------
    leader
        Node that was asked.
    start, end, stable
        First offset, the one after the last, and where committed data ends.
    at
        First offset that is not older, by the times that were asked for; ``None`` if there is none.
    """

    partition: int
    leader: int
    start: int
    end: int
    stable: int
    at: Mapping[int, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reached:
    """What could be seen of a topic.

    Parameters
    ----------
    partitions
        All that the topic has.
    unseen
        Why a partition could not be asked.
    """

    topic: str
    topic_id: str
    partitions: tuple[int, ...]
    found: Mapping[int, Reach]
    unseen: Mapping[int, str]


def reach(
    connection: KafkaConnection,
    topic: str,
    partitions: Sequence[int] | None = None,
    times: Sequence[int] = (),
) -> Reached:
    """Ask the leaders of all partitions (or of those named) at once, a second time where that failed.

    Parameters
    ----------
    times
        Milliseconds since the epoch, to look up in each partition.

    Raises
    ------
    UnknownTopicError
        With the names near it.
    """
    questions: list[Question] = [(EARLIEST, UNCOMMITTED), (LATEST, UNCOMMITTED), (LATEST, COMMITTED)]
    questions += [(time, UNCOMMITTED) for time in dict.fromkeys(times)]
    answers: dict[int, dict[Question, int]] = defaultdict(dict)
    unseen: dict[int, str] = {}
    led: dict[int, int] = {}
    known: tuple[int, ...] = ()
    topic_id = ""
    for attempt in range(TRIES):
        if attempt:
            connection.clock.sleep(0.3 * attempt)
        (found,) = metadata(connection, [topic])
        require_topic(connection, found)
        topic_id = str(found.topic_id)
        known = tuple(sorted(p.partition_index for p in found.partitions))
        led.update({p.partition_index: p.leader_id for p in found.partitions})
        wanted = [p for p in known if partitions is None or p in partitions]
        missing = [p for p in wanted if len(answers[p]) < len(questions)]
        unseen = {p: NO_LEADER for p in missing if led[p] < 0}
        _ask(connection, topic, {p: led[p] for p in missing if led[p] >= 0}, questions, answers, unseen)
        if not unseen or set(unseen.values()) == {NO_LEADER}:
            break
    reached = {
        p: Reach(
            p,
            led[p],
            answers[p][questions[0]],
            answers[p][questions[1]],
            answers[p][questions[2]],
            {
                time: None if answers[p][time, way] < 0 else answers[p][time, way]
                for time, way in questions[3:]
            },
        )
        for p in wanted
        if p not in unseen
    }
    return Reached(topic, topic_id, known, reached, unseen)


def _ask(
    connection: KafkaConnection,
    topic: str,
    led: Mapping[int, int],
    questions: Sequence[Question],
    answers: dict[int, dict[Question, int]],
    unseen: dict[int, str],
) -> None:
    by_leader: dict[int, list[int]] = defaultdict(list)
    for partition, leader in led.items():
        by_leader[leader].append(partition)
    asked = [(leader, question) for leader in by_leader for question in questions]
    requests: list[tuple[Any, int | None]] = [
        (request({(topic, p): time for p in by_leader[leader]}, isolation), leader)
        for leader, (time, isolation) in asked
    ]
    for (leader, question), response in zip(asked, connection.ask_each(requests), strict=True):
        if isinstance(response, BaseException):
            unseen.update(dict.fromkeys(by_leader[leader], f"broker {leader}: {_why(response)}"))
            continue
        for answer in response.topics[0].partitions:
            try:
                check(answer.error_code, f"{topic}-{answer.partition_index}")
            except PromptKafkaError as error:
                unseen[answer.partition_index] = f"broker {leader}: {_why(error)}"
                continue
            answers[answer.partition_index][question] = answer.offset


def _why(error: BaseException) -> str:
    return error.what if isinstance(error, PromptKafkaError) else str(error) or type(error).__name__
