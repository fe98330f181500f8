"""The cluster's objects against the brokers: not done yet, refused, or changed by somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.configured import AccessRule, Setting, said, same
from prompt_kafka.core.drift import Drift, Owner
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.live import at
from prompt_kafka.core.objects import Nodes, ResourceState
from prompt_kafka.core.versions import InvalidMetadataVersion, metadata_level, metadata_name
from prompt_kafka.core.who import access_rules
from prompt_kafka.core.world import World
from prompt_kafka.procedures.drift_cluster import WATCHED, Sides
from prompt_kafka.procedures.rendered import Key, Manifest, topic_name

PAUSE, MANAGED = WATCHED
LOOK = "prompt-kafka/look-again=$(date +%s) --overwrite"
"""Any change of an object's annotations has its operator look at it at once."""

QUOTAS = {
    "producerByteRate": "producer_byte_rate",
    "consumerByteRate": "consumer_byte_rate",
    "requestPercentage": "request_percentage",
    "controllerMutationRate": "controller_mutation_rate",
}
_OWN = ("listener.name.", "ssl.", "sasl.", "advertised.", "broker.", "min.insync.replicas")
"""Settings that the operator, or Kafka itself, sets while a broker runs."""


def on_brokers(sides: Sides, world: World) -> Iterator[Drift]:
    """Yield what is different between the cluster's objects and the brokers."""
    states = {(each.kind, each.name): each for each in world.resources.known or ()}
    mine = {
        key: live
        for key, live in sorted(sides.live.found.items())
        if ((live["metadata"].get("labels") or {}).get("strimzi.io/cluster") == sides.cluster)
    }
    topics = {key: live for key, live in mine.items() if key[0] == "KafkaTopic"}
    users = {key: live for key, live in mine.items() if key[0] == "KafkaUser"}
    if world.topics.known is not None:
        yield from _topics(sides, topics, states, world.topics.known)
    if world.access.known is not None:
        yield from _users(sides, users, states, world)
    kafka = sides.live.found.get(("Kafka", sides.cluster))
    if kafka is not None and world.nodes.known is not None:
        yield from _kafka(sides, kafka, world.nodes.known, world)


def _behind(sides: Sides, key: Key, live: Manifest, state: ResourceState | None) -> tuple[Owner, str, str]:
    """Return who is behind a difference of a topic or user, what is said of it, and what closes it."""
    if at(live, PAUSE) == "true":
        seen = state is None or state.observed_generation >= state.generation
        owner = Owner.BROKER if seen else Owner.PENDING
        return owner, "its reconciliation is paused", sides.kubectl("annotate", key, f"{PAUSE[-1]}-")
    if state is None or state.observed_generation < state.generation:
        return Owner.PENDING, "", "prompt-kafka status"
    if not state.ready:
        word = "correct it in Git, then: prompt-kafka deploy"
        return Owner.REFUSED, state.message or state.reason, word
    return Owner.BROKER, "", f"{sides.kubectl('annotate', key)} {LOOK}"


def _topics(
    sides: Sides,
    topics: Mapping[Key, Manifest],
    states: Mapping[Key, ResourceState],
    there: Iterable[TopicState],
) -> Iterator[Drift]:
    found = {topic.name: topic for topic in there}
    for key, live in topics.items():
        topic = found.pop(topic_name(live), None)
        if at(live, MANAGED) == "false":
            continue
        owner, who, command = _behind(sides, key, live, states.get(key))
        for field, wanted, has in of_topic(live, topic):
            values = {"cluster": wanted, "brokers": has}
            yield Drift(" ".join(key), field, values, owner, command, who)
    for name, topic in found.items():
        if not topic.internal and not name.startswith("__"):
            values = {"Git": "is not there", "cluster": "is not there", "brokers": "is there"}
            line = f"kafka-topics.sh --delete --topic {name}  # or keep it: prompt-kafka topic create {name}"
            yield Drift(f"topic {name}", "", values, Owner.BROKER, line)


def of_topic(live: Manifest, topic: TopicState | None) -> Iterator[tuple[str, str, str]]:
    """Yield field, wanted and present value where the brokers have a topic otherwise than its resource."""
    spec = live.get("spec") or {}
    if topic is None:
        yield "", "is there", "is not there"
        return
    partitions, replicas = spec.get("partitions"), spec.get("replicas")
    if partitions is not None and partitions != len(topic.partitions):
        yield "partitions", str(partitions), str(len(topic.partitions))
    if replicas is not None and any(len(each.replicas) != replicas for each in topic.partitions):
        yield "replicas", str(replicas), str(topic.replication_factor)
    config = {str(name): said(value) for name, value in (spec.get("config") or {}).items()}
    for name, value in config.items():
        if topic.settings and not same(topic.settings.get(name), value):
            yield f"config.{name}", value, topic.settings.get(name, "not set")
    for name in sorted(topic.overrides - config.keys()):
        yield f"config.{name}", "not set", topic.settings.get(name, "set")


def _users(
    sides: Sides, users: Mapping[Key, Manifest], states: Mapping[Key, ResourceState], world: World
) -> Iterator[Drift]:
    access = world.access.known
    assert access is not None
    by_user: dict[str, set[AccessRule]] = {}
    for rule in access.rules:
        by_user.setdefault(rule.user.removeprefix("CN="), set()).add(rule)
    for key, live in users.items():
        name = key[1]
        wanted, has = set(access_rules(live)), by_user.pop(name, set())
        has = {AccessRule(name, *_rest(each)) for each in has}
        owner, who, command = _behind(sides, key, live, states.get(key))
        for rule in sorted(wanted - has):
            values = {"cluster": "is there", "brokers": "is not there"}
            yield Drift(" ".join(key), str(rule), values, owner, command, who)
        for rule in sorted(has - wanted):
            values = {"cluster": "is not there", "brokers": "is there"}
            yield Drift(" ".join(key), str(rule), values, owner, command, who)
        for quota, limit, is_ in _quotas(live, access.quotas.get(name, {})):
            yield Drift(" ".join(key), quota, {"cluster": limit, "brokers": is_}, owner, command, who)
    for name, rules in sorted(by_user.items()):
        values = {"cluster": "is not there", "brokers": f"{len(rules)} access rules"}
        why = "the user operator deletes them at its next round"
        yield Drift(f"user {name}", "", values, Owner.BROKER, "prompt-kafka status", why)


def _rest(rule: AccessRule) -> tuple[str, str, str, str, str, str]:
    return rule.resource, rule.name, rule.pattern, rule.operation, rule.permission, rule.host


def _quotas(user: Manifest, has: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    quotas = (user.get("spec") or {}).get("quotas") or {}
    wanted = {QUOTAS[name]: float(value) for name, value in quotas.items() if name in QUOTAS}
    for name in sorted(wanted.keys() | has.keys()):
        if wanted.get(name) != has.get(name):
            yield f"quota {name}", _number(wanted.get(name)), _number(has.get(name))


def _number(value: float | None) -> str:
    return "not set" if value is None else f"{value:g}"


def _kafka(sides: Sides, live: Manifest, nodes: Nodes, world: World) -> Iterator[Drift]:
    key = ("Kafka", sides.cluster)
    spec = (live.get("spec") or {}).get("kafka") or {}
    owner, who, command = _behind_kafka(sides, key, nodes)
    what = " ".join(key)
    version = str(spec.get("version") or "")
    if version and nodes.kafka.version and version != nodes.kafka.version:
        values = {"cluster": version, "brokers": nodes.kafka.version}
        late = Owner.PENDING if owner is Owner.BROKER else owner
        yield Drift(what, "kafka.version", values, late, "prompt-kafka status", who)
    settings = world.settings.known
    if settings is None:
        return
    yield from _level(sides, spec.get("metadataVersion"), nodes, settings.metadata_level)
    config = {str(name): said(value) for name, value in (spec.get("config") or {}).items()}
    for name, wanted, has in _settings(config, settings.brokers):
        yield Drift(what, name, {"cluster": wanted, "brokers": has}, owner, command, who)


def _behind_kafka(sides: Sides, key: Key, nodes: Nodes) -> tuple[Owner, str, str]:
    kafka = nodes.kafka
    if kafka.paused:
        return Owner.BROKER, "reconciliation is paused", sides.kubectl("annotate", key, f"{PAUSE[-1]}-")
    wanted = {(name, revision) for each in nodes.pod_sets for name, revision, _ in each.pods}
    rolling = any((pod.name, pod.revision) not in wanted or not pod.ready for pod in nodes.pods)
    if kafka.observed_generation < kafka.generation or rolling:
        return Owner.PENDING, "", "prompt-kafka status"
    if not kafka.ready:
        why = next((c.message or c.reason for c in kafka.conditions if c.type == "NotReady"), "not Ready")
        return Owner.REFUSED, why, "correct it in Git, then: prompt-kafka deploy"
    return Owner.BROKER, "", f"{sides.kubectl('annotate', key)} {LOOK}"


def _level(sides: Sides, wish: Any, nodes: Nodes, level: int | None) -> Iterator[Drift]:
    if wish is None or level is None:
        return
    try:
        if metadata_level(str(wish)) == level:
            return
    except InvalidMetadataVersion:
        return
    warning = next((c.message for c in nodes.kafka.conditions if c.reason == "MetadataUpdateFailed"), "")
    values = {"cluster": str(wish), "brokers": metadata_name(level)}
    owner = Owner.REFUSED if warning else Owner.PENDING
    command = "prompt-kafka upgrade metadata"
    yield Drift(f"Kafka {sides.cluster}", "kafka.metadataVersion", values, owner, command, warning)


def _settings(
    config: Mapping[str, str], brokers: Mapping[int, Mapping[str, Setting]]
) -> Iterator[tuple[str, str, str]]:
    """Yield settings that a broker has otherwise, and those that somebody set while it ran."""
    for id, found in sorted(brokers.items()):
        for name, value in config.items():
            if name in found and found[name].value is not None and not same(found[name].value, value):
                yield f"config.{name} of broker {id}", value, str(found[name].value)
        for name, setting in sorted(found.items()):
            if setting.dynamic and name not in config and not name.startswith(_OWN):
                yield f"config.{name} of broker {id}", "not set", str(setting.value)
