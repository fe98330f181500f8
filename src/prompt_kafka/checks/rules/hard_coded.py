"""A name that can be set in one place is not written out in another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.locating import field
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "name-hard-coded",
    Severity.INFO,
    "Cluster name that is a value in one chart or template and written out in another",
    "Whoever sets the value gets a cluster of the new name, and topics, users and clients that still name "
    "the old one.",
    "this project",
    "take the name from the same value",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for literal labels of clusters whose name is a value."""
    named: dict[str, str] = {}
    homes: dict[str, str] = {}
    for kafka in subject.of("Kafka"):
        origin = field(subject, kafka, "metadata", "name")
        if origin.path:
            named[kafka.name] = ".".join(origin.path)
            homes[kafka.name] = kafka.template
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
    for name, home in homes.items():
        yield from _addresses(subject, name, home, named[name])


def _addresses(subject: CheckInput, name: str, home: str, value: str) -> Iterator[Finding]:
    """Look in the other charts for names that Strimzi makes of the cluster's."""
    pattern = re.compile(
        rf"(?<![\w.}}-]){re.escape(name)}-(?:kafka-bootstrap|kafka-brokers|cluster-ca-cert)\b"
    )
    own = subject.chart(home)
    for file, text in sorted(subject.files.items()):
        chart = subject.chart(file)
        within = "/templates/" in f"/{file}" or file.rpartition("/")[2] == "values.yaml"
        if not within or chart is None or own is None or chart.folder == own.folder or name not in text:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            found = pattern.search(line)
            if found and not line.lstrip().startswith(("#", "{{/*", "*")):
                yield ABOUT.found(
                    f"{found[0]} is written out here; the cluster takes its name from {value}",
                    Place(subject.path(file), number),
                )
