"""The Kafka version is one that the operator of the same environment runs."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at
from prompt_kafka.core import versions

ABOUT = About(
    "kafka-version-unsupported",
    Severity.ERROR,
    "Kafka version that the environment's operator does not run",
    "The operator refuses the resource (UnsupportedKafkaVersionException): nothing of it is reconciled "
    "any more, "
    "neither configuration nor certificates.",
    "kafka-versions.yaml of each Strimzi release",
    "raise the version with `prompt-kafka upgrade kafka`, or hold the operator back",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare each Kafka with the table of the operator in force."""
    operator = subject.operator
    known = {release.version for release in versions.RELEASES}
    if operator is None or operator.version not in known:
        return
    for kafka in subject.of("Kafka", "KafkaConnect", "KafkaMirrorMaker2"):
        path = ("kafka", "version") if kafka.kind == "Kafka" else ("version",)
        version = at(kafka.spec, *path)
        supported = versions.supported(operator.version)
        if version is not None and str(version) not in supported:
            yield ABOUT.found(
                f"Kafka {version} is not run by operator {operator.version}, which runs "
                f"{', '.join(supported)}",
                where(subject, kafka, "spec", *path),
                subject=str(kafka),
            )
