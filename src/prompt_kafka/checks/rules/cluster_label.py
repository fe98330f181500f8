"""What belongs to a cluster names one that exists."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at

ABOUT = About(
    "cluster-label",
    Severity.ERROR,
    "Topic, user or node pool of a cluster that does not exist",
    "No operator takes it up: it never becomes Ready, and nothing says so.",
    "Strimzi documentation: the label strimzi.io/cluster is required; BatchingTopicController.java",
    "set metadata.labels.strimzi.io/cluster to the name of the Kafka resource in the same namespace",
)

_KINDS = ("KafkaTopic", "KafkaUser", "KafkaNodePool", "KafkaRebalance")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look up the label of each resource among the environment's clusters."""
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    watched: dict[tuple[str, str], set[str]] = {}
    for (namespace, name), kafka in clusters.items():
        operators = kafka.spec.get("entityOperator")
        for part, kind in (("topicOperator", "KafkaTopic"), ("userOperator", "KafkaUser")):
            other = at(operators, part, "watchedNamespace")
            watched.setdefault((str(other or namespace), kind), set()).add(name)
    for item in subject.of(*_KINDS):
        place = where(subject, item, "metadata", "labels", "strimzi.io/cluster")
        if not item.cluster:
            yield ABOUT.found("it has no label strimzi.io/cluster", place, subject=str(item))
            continue
        if not subject.whole:
            continue
        namespace = subject.namespace_of(item)
        known = (
            watched.get((namespace, item.kind), set())
            if item.kind in ("KafkaTopic", "KafkaUser")
            else {name for found, name in clusters if found == namespace}
        )
        if item.cluster not in known:
            there = f"there: {', '.join(sorted(known))}" if known else "there is none"
            yield ABOUT.found(
                f"it belongs to cluster {item.cluster}, which nothing makes in namespace {namespace} "
                f"({there})",
                place,
                subject=str(item),
            )
