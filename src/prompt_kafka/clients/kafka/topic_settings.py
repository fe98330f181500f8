"""Topics with their settings, each with its origin: in requests of bounded size, from all brokers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prompt_kafka.clients.kafka.describe import state_of
from prompt_kafka.clients.kafka.survey import Survey, because, parts, told
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.topic_look import ORIGINS

SHORT = ("cleanup.policy", "min.insync.replicas", "retention.ms", "retention.bytes")
"""What a list shows: all settings of 5 000 topics in one answer end a broker with a small heap."""
AT_ONCE = 500
"""Topics whose settings are asked for in one request."""
ALL_AT_ONCE = 25
TOPIC_RESOURCE = 2
SET_ON_TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Stated:
    """Topics with their settings.

    Attributes
    ----------
    origins
        Where each setting of a topic comes from.
    unknown
        Why the settings of a topic could not be read.
    """

    topics: tuple[TopicState, ...]
    origins: Mapping[str, Mapping[str, str]]
    unknown: Mapping[str, str]


def stated(survey: Survey, topics: Iterable[Any], *, every: bool = False) -> Stated:
    """Turn topics of a metadata response into values, with the settings of a list or with `every` one."""
    states = [state_of(topic) for topic in topics]
    settings, unknown = _settings(survey, [state.name for state in states], every)
    return Stated(
        tuple(
            replace(
                state,
                settings={name: value for name, (value, _) in settings.get(state.name, {}).items()},
                overrides=frozenset(
                    name
                    for name, (_, origin) in settings.get(state.name, {}).items()
                    if origin == SET_ON_TOPIC
                ),
            )
            for state in states
        ),
        {topic: {name: origin for name, (_, origin) in found.items()} for topic, found in settings.items()},
        unknown,
    )


def _settings(
    survey: Survey, names: Sequence[str], every: bool
) -> tuple[dict[str, dict[str, tuple[str, str]]], dict[str, str]]:
    """Return value and origin of settings by topic, and why those of a topic could not be read."""
    from kafka.protocol.admin import DescribeConfigsRequest

    resource = DescribeConfigsRequest.DescribeConfigsResource
    keys = None if every else list(SHORT)
    asked = list(parts(names, ALL_AT_ONCE if every else AT_ONCE))
    found: dict[str, dict[str, tuple[str, str]]] = {}
    unknown: dict[str, str] = {}
    nodes: list[int | None] = [*survey.nodes] or [None]
    answers = survey.ask(
        (
            DescribeConfigsRequest(
                resources=[
                    resource(resource_type=TOPIC_RESOURCE, resource_name=name, configuration_keys=keys)
                    for name in part
                ]
            ),
            nodes[number % len(nodes)],
        )
        for number, part in enumerate(asked)
    )
    for part, answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            unknown.update(dict.fromkeys(part, because(answer)))
            continue
        for result in answer.results:
            if result.error_code:
                unknown[result.resource_name] = told(result.error_code)
                continue
            found[result.resource_name] = {
                each.name: (each.value, ORIGINS.get(each.config_source, str(each.config_source)))
                for each in result.configs
                if each.value is not None
            }
    return found, unknown
