"""One value sets one thing, or says that it sets several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.lines import Layout, documents, layout
from prompt_kafka.checks.locating import value
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "value-drives-several",
    Severity.INFO,
    "One value that sets the size of several node pools, or of pools and topics",
    "Whoever adds a broker by it adds a controller too, and the operator refuses to scale controllers; a new "
    "topic wants a replica on every broker then, and Kafka's own topics keep what they have.",
    "Strimzi documentation, node pool roles: controllers cannot be scaled; Kafka: default.replication.factor",
    "give each a value of its own",
)

_ONE = re.compile(
    r"^[\"']?\{\{-?\s*\$?\.Values((?:\.[A-Za-z_]\w*)+)\s*(?:\|\s*(?:int|int64|quote)\s*)*-?\}\}[\"']?$"
)
_FACTORS = re.compile(r"(^|\.)replication\.factor$")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for the values behind the sizes in templates of node pools and clusters."""
    templates = {item.template for item in subject.of("KafkaNodePool", "Kafka")}
    for template in sorted(templates):
        pools: dict[str, list[str]] = {}
        disks: dict[str, list[str]] = {}
        factors: dict[str, list[str]] = {}
        for _, document in documents(subject.files.get(template, "")):
            found = layout(document)
            kind = found.find(("kind",))
            if kind and kind.text == "KafkaNodePool":
                _pool(found, pools, disks)
            elif kind and kind.text == "Kafka":
                _cluster(found, factors)
        for path in {**pools, **disks}:
            counted, sized, copied = (each.get(path, []) for each in (pools, disks, factors))
            said = []
            if counted and len(counted) + len(copied) > 1:
                pool = "pools" if len(counted) > 1 else "pool"
                said = [f"the number of nodes of the {pool} {' and '.join(counted)}", *copied]
            elif len(sized) > 1:
                said = [f"the size of the disks of the pools {' and '.join(sized)}"]
            origin = value(subject, template, tuple(path.strip(".").split("."))) if said else None
            if origin is not None:
                yield ABOUT.found(f"{path.strip('.')} is {_listed(said)}", origin.place)


def _pool(found: Layout, pools: dict[str, list[str]], disks: dict[str, list[str]]) -> None:
    named = found.find(("metadata", "name"))
    name = named.text if named else "?"
    for entry in found.entries:
        match = _ONE.match(entry.text)
        if not match:
            continue
        if entry.path == ("spec", "replicas"):
            pools.setdefault(match[1], []).append(name)
        elif entry.path[:2] == ("spec", "storage") and entry.path[-1] == "size":
            known = disks.setdefault(match[1], [])
            known += [name] if name not in known else []


def _cluster(found: Layout, factors: dict[str, list[str]]) -> None:
    for entry in found.entries:
        match = _ONE.match(entry.text)
        if match and entry.path[:3] == ("spec", "kafka", "config") and _FACTORS.search(entry.path[-1]):
            factors.setdefault(match[1], []).append(entry.path[-1])


def _listed(said: list[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
