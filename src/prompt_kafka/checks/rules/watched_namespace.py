"""Every cluster lies in a namespace that the operator watches."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at

ABOUT = About(
    "namespace-not-watched",
    Severity.ERROR,
    "Strimzi resource in a namespace that no operator watches",
    "The operator never sees it. Argo CD shows it as Progressing for ever.",
    "ClusterOperatorConfig.java; templates of the chart strimzi-kafka-operator (STRIMZI_NAMESPACE)",
    "add the namespace to watchNamespaces of the operator's application and sync it",
)

_KINDS = (
    "Kafka", "KafkaConnect", "KafkaMirrorMaker2", "KafkaBridge", "KafkaRebalance", "KafkaConnector",
    "KafkaNodePool",
)  # fmt: skip

_ENTITIES = {"KafkaTopic": "topicOperator", "KafkaUser": "userOperator"}


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare namespaces with the operator's."""
    operator = subject.operator
    watched = operator.namespaces if operator else None
    for item in subject.of(*_KINDS) if watched is not None else ():
        namespace = subject.namespace_of(item)
        if watched is not None and namespace not in watched:
            yield ABOUT.found(
                f"namespace {namespace} is not among those that the operator watches "
                f"({', '.join(sorted(watched))})",
                where(subject, item, "metadata", "namespace"),
                subject=str(item),
            )
    yield from _entities(subject)


def _entities(subject: CheckInput) -> Iterator[Finding]:
    """Look for topics and users of clusters that run no operator for them."""
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    for item in subject.of(*_ENTITIES):
        kafka = clusters.get((subject.namespace_of(item), item.cluster))
        part = _ENTITIES[item.kind]
        if kafka is not None and at(kafka.spec, "entityOperator", part) is None:
            yield ABOUT.found(
                f"cluster {kafka.name} has no spec.entityOperator.{part}: nothing looks after its "
                f"{'topics' if item.kind == 'KafkaTopic' else 'users'}",
                where(subject, item, "metadata", "name"),
                subject=str(item),
                mend=f"set spec.entityOperator.{part}: {{}} in the Kafka resource",
            )
