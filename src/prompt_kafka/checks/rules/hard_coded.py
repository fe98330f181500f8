"""A name that can be set in one place is not written out in another."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import field
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "name-hard-coded",
    Severity.INFO,
    "Cluster name that is a value in one template and written out in another",
    "Whoever sets the value gets a cluster of the new name, and topics and users that still belong to the "
    "old one.",
    "this project",
    "take the name from the same value",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for literal labels of clusters whose name is a value."""
    named = {}
    for kafka in subject.of("Kafka"):
        origin = field(subject, kafka, "metadata", "name")
        if origin.path:
            named[kafka.name] = ".".join(origin.path)
    for item in subject.of("KafkaTopic", "KafkaUser", "KafkaNodePool"):
        if item.cluster not in named:
            continue
        origin = field(subject, item, "metadata", "labels", "strimzi.io/cluster")
        if not origin.path and origin.text.strip("\"'") == item.cluster:
            yield ABOUT.found(
                f"the cluster name {item.cluster} is written out here; the cluster takes it from "
                f"{named[item.cluster]}",
                origin.place,
                subject=str(item),
            )
