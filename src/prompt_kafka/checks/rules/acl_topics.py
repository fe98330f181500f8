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
    makers = _makers(subject)
    mirrored = {each.namespace for each in subject.around("KafkaMirrorMaker2")}
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
            if any(_meets(name, prefix, *maker) for maker in makers.get(cluster, ())):
                continue  # somebody may make it without a KafkaTopic
            kind = "topics that begin with" if prefix else "the topic"
            yield ABOUT.found(
                f"user {user.name} has a right on {kind} {name}, which no KafkaTopic of this environment "
                "declares",
                where(subject, user, "spec", "authorization", "acls", str(number), "resource", "name"),
                subject=str(user),
                severity=Severity.WARNING
                if cluster in closed and cluster[0] not in mirrored
                else Severity.INFO,
            )


def _makers(subject: CheckInput) -> dict[tuple[str, str], list[tuple[str, bool]]]:
    """Return the topics that users may make by themselves, by cluster: name or prefix."""
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for each in subject.around("KafkaUser"):
        for acl in sequence(at(each.item.spec, "authorization", "acls")):
            resource = mapping(mapping(acl).get("resource"))
            operations = {str(one) for one in sequence(mapping(acl).get("operations"))}
            operations.add(str(mapping(acl).get("operation")))
            if not operations & {"Create", "All"} or resource.get("name") == "*":
                continue  # an administrator may do everything: that says nothing about this topic
            if resource.get("type") == "topic":
                entry = (str(resource.get("name")), resource.get("patternType") == "prefix")
                found.setdefault((each.namespace, each.item.cluster), []).append(entry)
    return found


def _meets(name: str, prefix: bool, other: str, other_prefix: bool) -> bool:
    if prefix and other_prefix:
        return name.startswith(other) or other.startswith(name)
    if other_prefix:
        return name.startswith(other)
    return other.startswith(name) if prefix else name == other
