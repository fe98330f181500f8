"""Every cluster lies in a namespace that the operator watches."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput

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


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare namespaces with the operator's."""
    operator = subject.operator
    if operator is None or operator.namespaces is None:
        return
    for item in subject.of(*_KINDS):
        namespace = subject.namespace_of(item)
        if namespace not in operator.namespaces:
            yield ABOUT.found(
                f"namespace {namespace} is not among those that the operator watches "
                f"({', '.join(sorted(operator.namespaces))})",
                where(subject, item, "metadata", "namespace"),
                subject=str(item),
            )
