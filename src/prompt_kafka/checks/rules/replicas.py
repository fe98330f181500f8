"""Replicas fit the brokers, and leave one to lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.cluster import brokers_of
from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, Item, mapping, number

ABOUT = About(
    "replicas",
    Severity.ERROR,
    "More replicas than brokers, or no replica to lose",
    "A topic with more replicas than brokers is never made. With as many in-sync replicas demanded as "
    "there are "
    "replicas, one restarting broker stops all writes, and the operator cannot roll any.",
    "KafkaCluster.java (replication factors), KafkaAvailability.java (canRoll)",
    "replicas ≤ brokers, min.insync.replicas < replicas",
)

_INTERNAL = {
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
}


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at each topic, and at the defaults of each cluster."""
    for topic in subject.of("KafkaTopic"):
        cluster = next(
            (
                each.item
                for each in subject.around("Kafka")
                if each.item.name == topic.cluster and each.namespace == subject.namespace_of(topic)
            ),
            None,
        )
        yield from _topic(subject, topic, cluster)
    for kafka in subject.of("Kafka"):
        yield from _cluster(subject, kafka)


def _topic(subject: CheckInput, topic: Item, kafka: Item | None) -> Iterator[Finding]:
    config: Mapping[str, Any] = mapping(mapping(kafka.spec.get("kafka")).get("config")) if kafka else {}
    replicas = number(topic.spec.get("replicas"))
    brokers = brokers_of(subject, topic.cluster, subject.namespace_of(topic))
    if replicas is not None and brokers and replicas > brokers:
        yield ABOUT.found(
            f"topic {topic.name} asks for {replicas} replicas; cluster {topic.cluster} has {brokers} brokers",
            where(subject, topic, "spec", "replicas"),
            subject=str(topic),
        )
    own = mapping(topic.spec.get("config")).get("min.insync.replicas")
    least = number(own if own is not None else config.get("min.insync.replicas"))
    if replicas is None:
        replicas = number(config.get("default.replication.factor"))
    if replicas is None or least is None or least < replicas or (least == replicas == 1):
        return
    inherited = "" if own is not None else f" (the default of cluster {topic.cluster})"
    path = ("spec", "config", "min.insync.replicas") if own is not None else ("spec", "replicas")
    severe = Severity.ERROR if least > replicas else Severity.WARNING
    yield ABOUT.found(
        f"topic {topic.name} has {replicas} replicas and wants {least} of them in sync{inherited}: "
        + ("no producer with acks=all can write" if least > replicas else "none may be away"),
        where(subject, topic, *path),
        subject=str(topic),
        severity=severe,
    )


def _cluster(subject: CheckInput, kafka: Item) -> Iterator[Finding]:
    brokers = brokers_of(subject, kafka.name, subject.namespace_of(kafka))
    config = mapping(mapping(kafka.spec.get("kafka")).get("config"))

    def place(key: str) -> tuple[str, ...]:
        return ("spec", "kafka", "config", key)

    for key, default in _INTERNAL.items():
        given = number(config.get(key))
        wanted = default if given is None and key not in config else given
        if wanted is not None and brokers and wanted > brokers:
            said = f"{key} is {wanted}" if key in config else f"{key} is not set, so {wanted}"
            yield ABOUT.found(
                f"{said}; cluster {kafka.name} has {brokers} broker{'s' if brokers > 1 else ''}",
                where(subject, kafka, *place(key)),
                subject=str(kafka),
            )
    pairs = (
        ("min.insync.replicas", "default.replication.factor", None),
        ("transaction.state.log.min.isr", "transaction.state.log.replication.factor", 2),
    )
    for low, high, unset in pairs:
        least = number(config.get(low, unset))
        replicas = number(config.get(high, _INTERNAL[high]))
        if least is None or replicas is None or least < replicas or least == replicas == 1:
            continue
        yield ABOUT.found(
            f"{low} is {least} and {high} is {replicas}: "
            + ("nothing can be written" if least > replicas else "no broker may be away"),
            where(subject, kafka, *place(low)),
            subject=str(kafka),
            severity=Severity.ERROR if least > replicas else Severity.WARNING,
        )
