"""What an application refers to in another one is there."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at, mapping, sequence

ABOUT = About(
    "reference-unresolved",
    Severity.ERROR,
    "Reference to a cluster, listener or user that nothing in the environment provides",
    "The access operator never makes the Secret with the connection, and the pods that mount it do not "
    "start.",
    "Kafka access operator: KafkaAccess spec.kafka, spec.user",
    "correct the name or the namespace, or switch the other application on in this environment",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Resolve each KafkaAccess."""
    if not subject.whole:
        return
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    users = {(each.namespace, each.item.name) for each in subject.around("KafkaUser")}
    for item in subject.items:
        if item.kind != "KafkaAccess":
            continue
        own = subject.namespace_of(item)
        kafka = mapping(item.spec.get("kafka"))
        target = (str(kafka.get("namespace") or own), str(kafka.get("name") or ""))
        if target not in clusters:
            yield ABOUT.found(
                f"nothing in this environment makes the cluster {target[1]} in namespace {target[0]}",
                where(subject, item, "spec", "kafka", "name"),
                subject=str(item),
            )
        elif kafka.get("listener"):
            listeners = [
                str(mapping(each).get("name"))
                for each in sequence(at(clusters[target].spec, "kafka", "listeners"))
            ]
            if str(kafka["listener"]) not in listeners:
                yield ABOUT.found(
                    f"cluster {target[1]} has no listener {kafka['listener']} (there: "
                    f"{', '.join(listeners)})",
                    where(subject, item, "spec", "kafka", "listener"),
                    subject=str(item),
                )
        user = mapping(item.spec.get("user"))
        named = (str(user.get("namespace") or own), str(user.get("name") or ""))
        if user and user.get("kind", "KafkaUser") == "KafkaUser" and named not in users:
            yield ABOUT.found(
                f"nothing in this environment makes the user {named[1]} in namespace {named[0]}",
                where(subject, item, "spec", "user", "name"),
                subject=str(item),
            )
