"""One look at many things of a cluster: asked in batches, by broker, and whoever is silent is named once.

A viewer that asks topic by topic takes minutes with thousands of them; one that lets an error through shows
nothing when one broker is down. Here every question goes to all brokers at once, in requests of bounded size,
and what a broker does not say is missing, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from prompt_kafka.clients.kafka.describe import metadata
from prompt_kafka.clients.kafka.errors import NotAuthorizedError, reason, translate
from prompt_kafka.clients.kafka.fetch import MOVED
from prompt_kafka.clients.kafka.offsets import request
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

T = TypeVar("T")
Place = tuple[str, int]
Question = tuple[int, int]
"""A time (or `EARLIEST`, `LATEST`, `NEWEST`) and an isolation level."""

NEWEST = -3
"""The record with the newest time; the answer has its time too."""
AT_ONCE = 2000
"""Partitions in one request: a broker answers this many in a moment, and no answer grows without bound."""
NO_LEADER = "it has no leader"


class Survey:
    """Asks the brokers of one cluster and remembers who does not answer.

    Attributes
    ----------
    silent
        Why a broker did not answer, by node id. It is not asked again in this look.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self.connection = connection
        self.cluster = connection.describe_cluster()
        self.silent: dict[int, str] = {
            broker.id: "it is registered and does not serve (fenced)"
            for broker in self.cluster.nodes
            if broker.fenced
        }

    @property
    def nodes(self) -> list[int]:
        """The brokers that may be asked."""
        return [broker.id for broker in self.cluster.nodes if broker.id not in self.silent]

    def ask(self, requests: Iterable[tuple[Any, int | None]]) -> list[Any]:
        """Send all requests at once; give each one's response, or its error as a value."""
        asked = list(requests)
        sent = [(number, each) for number, each in enumerate(asked) if each[1] not in self.silent]
        answers: list[Any] = [None] * len(asked)
        for (number, (_, node)), answer in zip(
            sent, self.connection.ask_each([each for _, each in sent]), strict=True
        ):
            answers[number] = answer
            if node is not None and isinstance(answer, UnreachableError):
                self.silent.setdefault(node, because(answer))
        for number, (_, node) in enumerate(asked):
            if answers[number] is None and node is not None:
                answers[number] = UnreachableError(self.said(node))
        return answers

    def said(self, node: int) -> str:
        """Return why a broker's word is missing."""
        return f"broker {node}: {self.silent.get(node, 'it did not answer')}"

    def offsets(
        self, leaders: Mapping[Place, int | None], questions: Sequence[Question]
    ) -> tuple[list[dict[Place, tuple[int, int]]], dict[Place, str]]:
        """Ask the partitions' leaders for offsets.

        Parameters
        ----------
        leaders
            Node id by topic and partition; None where there is none.
        questions
            Asked of every partition.

        Returns
        -------
        answers, unknown
            For each question offset and time (-1 where there is none) by partition; and why a partition did
            not answer one of them.
        """
        answers: list[dict[Place, tuple[int, int]]] = [{} for _ in questions]
        unknown: dict[Place, str] = {}
        moved = self._offsets(leaders, questions, answers, unknown)
        if moved:
            found = metadata(self.connection, sorted({topic for topic, _ in moved}), rights=False)
            led = {(t.name, p.partition_index): p.leader_id for t in found for p in t.partitions}
            again = {place: None if (node := led.get(place, -1)) < 0 else node for place in moved}
            for place in self._offsets(again, questions, answers, unknown):
                unknown[place] = "its leader is moving"
        return answers, unknown

    def _offsets(
        self,
        leaders: Mapping[Place, int | None],
        questions: Sequence[Question],
        answers: list[dict[Place, tuple[int, int]]],
        unknown: dict[Place, str],
    ) -> set[Place]:
        """Ask once; return the partitions whose leader has moved."""
        by_leader: dict[int, list[Place]] = defaultdict(list)
        for place, leader in leaders.items():
            if leader is None:
                unknown[place] = NO_LEADER
            else:
                by_leader[leader].append(place)
        asked = [
            (number, node, part)
            for node, places in by_leader.items()
            for part in parts(places, AT_ONCE)
            for number in range(len(questions))
        ]
        responses = self.ask(
            (request(dict.fromkeys(part, questions[number][0]), questions[number][1]), node)
            for number, node, part in asked
        )
        moved: set[Place] = set()
        for (number, _, part), response in zip(asked, responses, strict=True):
            if isinstance(response, BaseException):
                unknown.update(dict.fromkeys(part, because(response)))
                continue
            for topic in response.topics:
                for each in topic.partitions:
                    place = topic.name, each.partition_index
                    if each.error_code == 0:
                        answers[number][place] = each.offset, each.timestamp
                    elif each.error_code in MOVED:
                        moved.add(place)
                    else:
                        unknown[place] = told(each.error_code)
        return moved


def parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Give the items in parts of at most `size`."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def because(error: BaseException) -> str:
    """Return in one phrase why something was not said."""
    if isinstance(error, NotAuthorizedError):
        return "this user may not see it"
    return error.what if isinstance(error, PromptKafkaError) else reason(error)


def told(code: int, message: str | None = None) -> str:
    """Return in one phrase what an error code of Kafka means."""
    from kafka.errors import for_code

    return because(translate(for_code(code)(message or ""), ""))
