"""The topic operator: Kafka's topics follow the KafkaTopics, never the other way round."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prompt_kafka.clients.kinds import TOPIC
from prompt_kafka.clients.kubernetes import Conflict, NotFound
from prompt_kafka.lab.informer import Key
from prompt_kafka.lab.strimzi.entity import EntityOperator, Turn
from prompt_kafka.lab.strimzi.kafka import topics as kafka
from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError
from prompt_kafka.lab.strimzi.kafka.topics import Topic
from prompt_kafka.lab.strimzi.model import status
from prompt_kafka.lab.strimzi.model.topics import (
    FINALIZER,
    Decision,
    decide,
    owners,
    topic_name,
    topic_status,
    wanted_config,
)
from prompt_kafka.lab.strimzi.world import World

Object = dict[str, Any]
Errors = dict[Key, tuple[str, str]]

log = logging.getLogger(__name__)


class TopicOperator(EntityOperator):
    """Looks after the topics of each cluster whose entity operator is Ready."""

    container = "topic-operator"
    kind = TOPIC

    def __init__(self, world: World) -> None:
        super().__init__(world)

    def reconcile(self, turn: Turn) -> None:
        """Bring all topics of a cluster up to date."""
        resources = turn.resources
        if not resources:
            return
        try:
            with self.connect(turn) as channel:
                self._work(channel, resources)
        except NodeError as error:
            log.warning("topics of %s: %s (%s)", turn.cluster, error.what, error.where)
            there = owners(resources)
            for resource in resources:
                decision = decide(resource, there.get(topic_name(resource)), None)
                if decision.state == "managed" and not resource["metadata"].get("deletionTimestamp"):
                    text = f"org.apache.kafka.common.errors.TimeoutException: {error.what}"
                    self._write_status(decision, None, ("KafkaError", text))
            raise

    def _work(self, channel: Channel, resources: list[Object]) -> None:
        there = owners(resources)
        state = kafka.describe(channel, sorted({topic_name(one) for one in resources}))
        decisions = [decide(one, there.get(topic_name(one)), state.get(topic_name(one))) for one in resources]
        alive = [one for one in decisions if not one.resource["metadata"].get("deletionTimestamp")]
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._hold, (one for one in alive if one.state == "managed" and not one.refused)))
        errors: Errors = {}
        refused, made = kafka.create(channel, [_new(one) for one in decisions if one.create])
        _note(errors, decisions, refused)
        _note(
            errors,
            decisions,
            kafka.alter(channel, {one.name: one.settings for one in decisions if one.settings}),
        )
        counts = {one.name: one.partitions for one in decisions if one.partitions}
        _note(errors, decisions, kafka.add_partitions(channel, counts))
        going = [one for one in decisions if one.delete]
        _note(errors, going, kafka.delete(channel, [one.name for one in going]))
        for one in decisions:
            if one.release or (one.delete and one.key not in errors):
                self._release(one)
        state |= made
        listed = [one for one in decisions if one in alive or one.key in errors]
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(
                pool.map(
                    lambda one: self._write_status(one, state.get(one.name), errors.get(one.key)), listed
                )
            )

    def _hold(self, decision: Decision) -> None:
        metadata = decision.resource["metadata"]
        held = metadata.get("finalizers") or []
        if FINALIZER not in held:
            self._patch(decision.key, {"metadata": {"finalizers": [*held, FINALIZER]}})

    def _release(self, decision: Decision) -> None:
        held = decision.resource["metadata"].get("finalizers") or []
        self._patch(decision.key, {"metadata": {"finalizers": [one for one in held if one != FINALIZER]}})

    def _write_status(self, decision: Decision, topic: Topic | None, error: tuple[str, str] | None) -> None:
        old = decision.resource.get("status")
        new = status.settled(old, topic_status(decision, topic, error, self.world.clock.now()))
        if status.without_times(old) != status.without_times(new):
            gone = {key: None for key in old or {} if key not in new}
            self._patch(decision.key, {"status": new | gone}, subresource="status")

    def _patch(self, key: Key, body: Object, subresource: str | None = None) -> None:
        try:
            self.world.kubernetes.patch(TOPIC, key[1], key[0], body, subresource=subresource)
        except (NotFound, Conflict) as error:
            log.debug("KafkaTopic %s/%s: %s", *key, error.what)


def _new(decision: Decision) -> tuple[str, int, int, Mapping[str, str]]:
    spec = decision.resource.get("spec") or {}
    return (
        decision.name,
        spec.get("partitions") or -1,
        spec.get("replicas") or -1,
        wanted_config(decision.resource),
    )


def _note(errors: Errors, decisions: Iterable[Decision], results: Mapping[str, str | None]) -> None:
    for one in decisions:
        text = results.get(one.name)
        if text and one.state == "managed" and not one.refused:
            errors[one.key] = ("KafkaError", text)
