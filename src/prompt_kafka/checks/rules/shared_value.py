"""One value sets one thing, or says that it sets several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.lines import documents, layout
from prompt_kafka.checks.locating import value
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "value-drives-several",
    Severity.INFO,
    "One value that sets the size of several node pools",
    "Whoever adds a broker by it adds a controller too, and controllers cannot be scaled: the operator "
    "refuses.",
    "Strimzi documentation, node pool roles: controllers cannot be scaled",
    "give each pool a value of its own",
)

_ONE = re.compile(r"^\{\{-?\s*\.Values((?:\.[A-Za-z_]\w*)+)\s*(?:\|\s*int\s*)?-?\}\}$")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for the value behind the replicas of node pools in each template."""
    pools = {item.template for item in subject.of("KafkaNodePool")}
    for template in sorted(pools):
        users: dict[str, list[str]] = {}
        for _, document in documents(subject.files.get(template, "")):
            found = layout(document)
            kind, replicas, name = (
                found.find(path) for path in (("kind",), ("spec", "replicas"), ("metadata", "name"))
            )
            if not (kind and replicas and kind.text == "KafkaNodePool"):
                continue
            match = _ONE.match(replicas.text)
            if match:
                users.setdefault(match[1], []).append(name.text if name else "?")
        for path, names in users.items():
            origin = value(subject, template, tuple(path.strip(".").split("."))) if len(names) > 1 else None
            if origin is not None:
                yield ABOUT.found(
                    f"{path.strip('.')} is the number of nodes of the pools {' and '.join(names)}",
                    origin.place,
                )
