"""The metadata version is pinned, and is text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, SetScalar, Severity
from prompt_kafka.checks.locating import field, where
from prompt_kafka.checks.subject import CheckInput, at, mapping

ABOUT = About(
    "metadata-version",
    Severity.WARNING,
    "metadataVersion unset or not text",
    "Unset, the operator raises the metadata version by itself at the end of a Kafka upgrade: there is no "
    "way "
    "back to the old Kafka then. Without quotes 4.1 is a number, and 4.10 becomes 4.1.",
    "KRaftVersionChangeCreator.java; documentation, Upgrading Kafka",
    "set spec.kafka.metadataVersion to the level that status.kafkaMetadataVersion shows, in quotes",
    fixes=True,
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at each Kafka."""
    for kafka in subject.of("Kafka"):
        path = ("spec", "kafka", "metadataVersion")
        written = mapping(kafka.spec.get("kafka"))
        version = written.get("metadataVersion")
        if version is None or version == "":
            yield ABOUT.found(
                "metadataVersion is not set: the operator raises it by itself after a Kafka upgrade",
                where(subject, kafka, "spec", "kafka", "version"),
                subject=str(kafka),
            )
        elif not isinstance(version, str):
            origin = field(subject, kafka, *path)
            plain = re.fullmatch(r"\d+\.\d+", origin.text) is not None
            literal = plain and not origin.path
            file, where_in = subject.path(origin.file), origin.path or path
            fix = SetScalar(file, where_in, origin.text, f'"{origin.text}"')
            yield ABOUT.found(
                f"metadataVersion is the number {at(kafka.manifest, *path)}, not text: the API server "
                "refuses it",
                origin.place,
                subject=str(kafka),
                severity=Severity.ERROR,
                mend="put it in quotes, and through `quote` where a template writes it",
                fix=fix if literal else None,
            )
