"""Nothing is set that the operator no longer looks at."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import line
from prompt_kafka.checks.subject import CheckInput, mapping
from prompt_kafka.core import versions

ABOUT = About(
    "ignored-field",
    Severity.WARNING,
    "Field that the operator ignores",
    "Whoever edits it believes to change the cluster and changes nothing: replicas and storage come from the "
    "node pools.",
    "Strimzi CHANGELOG, 0.46 (no ZooKeeper) and 0.48 (node pools always); Upgrading to v1",
    "delete it; the node pools say it",
)

_FIELDS = ("replicas", "storage", "resources")
_ANNOTATIONS = ("strimzi.io/kraft", "strimzi.io/node-pools")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at each Kafka that has node pools."""
    version = subject.operator.version if subject.operator else ""
    unknown = version not in {release.version for release in versions.RELEASES}
    pooled = {(each.namespace, each.item.cluster) for each in subject.around("KafkaNodePool")}
    for kafka in subject.of("Kafka"):
        if (subject.namespace_of(kafka), kafka.name) not in pooled:
            continue
        written = mapping(kafka.spec.get("kafka"))
        for name in _FIELDS[:2]:
            if name in written:
                yield ABOUT.found(
                    f"spec.kafka.{name} is ignored: the node pools of {kafka.name} say it",
                    line(subject, kafka, "spec", "kafka", name),
                    subject=str(kafka),
                )
        if unknown or versions.key(version) < (0, 46):
            continue
        if "zookeeper" in kafka.spec:
            yield ABOUT.found(
                f"spec.zookeeper is ignored by operator {version}",
                line(subject, kafka, "spec", "zookeeper"),
                subject=str(kafka),
            )
        if versions.key(version) < (0, 48):
            continue
        for name in _ANNOTATIONS:
            if name in kafka.annotations:
                yield ABOUT.found(
                    f"the annotation {name} is ignored by operator {version}",
                    line(subject, kafka, "metadata", "annotations", name),
                    subject=str(kafka),
                    severity=Severity.INFO,
                    mend="delete it",
                )
