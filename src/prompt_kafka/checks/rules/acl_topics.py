"""A user's rights name topics that something declares."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at, mapping, sequence

ABOUT = About(
    "acl-on-undeclared-topic",
    Severity.WARNING,
    "Right on a topic that nothing declares",
    "Where brokers do not make topics by themselves, the user cannot use the right; where they do, the topic "
    "comes with the defaults and nobody looks after it.",
    "Strimzi documentation, KafkaUser ACLs; Kafka auto.create.topics.enable",
    "declare the topic as a KafkaTopic, or correct its name",
)

_CONNECT = ("config.storage.topic", "offset.storage.topic", "status.storage.topic")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the names in ACLs with the topics of the same cluster."""
    if not subject.whole:
        return
    closed, seen = set(), set()
    for each in subject.around("Kafka"):
        automatic = at(each.item.spec, "kafka", "config", "auto.create.topics.enable")
        seen.add((each.namespace, each.item.name))
        if str(automatic).lower() == "false":
            closed.add((each.namespace, each.item.name))
    topics: set[str] = set()
    for each in subject.around("KafkaTopic"):
        topics.add(str(each.item.spec.get("topicName") or each.item.name))
    for each in subject.around("KafkaConnect"):
        topics |= {str(at(each.item.spec, "config", key)) for key in _CONNECT}
        topics |= {str(each.item.spec.get(key)) for key in ("offsetStorageTopic", "configStorageTopic")}
    for each in subject.around("StrimziSchemaRegistry"):
        topics.add(str(each.item.spec.get("topic") or "registry-schemas"))
    for user in subject.of("KafkaUser"):
        cluster = (subject.namespace_of(user), user.cluster)
        if cluster not in seen:
            continue
        for number, acl in enumerate(sequence(at(user.spec, "authorization", "acls"))):
            resource = mapping(mapping(acl).get("resource"))
            name = str(resource.get("name") or "")
            if resource.get("type") != "topic" or name in ("", "*") or name.startswith("_"):
                continue
            prefix = resource.get("patternType") == "prefix"
            if any(topic.startswith(name) if prefix else topic == name for topic in topics):
                continue
            kind = "topics that begin with" if prefix else "the topic"
            yield ABOUT.found(
                f"user {user.name} has a right on {kind} {name}, which no KafkaTopic of this environment "
                "declares",
                where(subject, user, "spec", "authorization", "acls", str(number), "resource", "name"),
                subject=str(user),
                severity=Severity.WARNING if cluster in closed else Severity.INFO,
            )
