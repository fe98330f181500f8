"""No field of a Strimzi resource is rendered without its value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, Path

ABOUT = About(
    "null-value",
    Severity.WARNING,
    "Field that is rendered without a value",
    "The API server drops it: the resource looks as if it said something and does not, and the operator "
    "uses its "
    "own default.",
    "JSON merge patch: null removes; seen with Argo CD's own libraries",
    "set the value, or write the field only where there is one (`{{- with … }}`)",
)

# Maps and lists: empty is what they may be.
_MAPS = {
    *("labels", "annotations", "config", "resources", "requests", "limits", "nodeSelector", "affinity"),
    *("tolerations", "env", "data", "spec", "template", "metadata", "bootstrap", "configuration"),
    *("logging", "volumes", "acls", "superUsers", "listeners", "brokers"),
}


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look through the spec of each resource."""
    for item in subject.items:
        if not item.strimzi:
            continue
        seen: set[str] = set()
        for path in _nulls(item.spec, ("spec",)):
            last = path[-1]
            if last in seen or last in _MAPS:
                continue
            seen.add(last)
            yield ABOUT.found(
                f"{'.'.join(path)} is rendered without a value",
                where(subject, item, *path),
                subject=str(item),
            )


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, each in value.items():
            if each is None:
                yield (*path, str(key))
            else:
                yield from _nulls(each, (*path, str(key)))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nulls(each, (*path, str(number)))
