"""Resources have the fields and types that the operator's own definitions have, now and next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import line, where
from prompt_kafka.checks.schema import Wrong, compare
from prompt_kafka.checks.subject import CheckInput, Item

ABOUT = About(
    "unknown-field",
    Severity.WARNING,
    "Field that the definition of the operator in force, or of its next version, does not have",
    "The API server drops an unknown field: it has no effect, and Argo CD shows the resource as out of "
    "sync for "
    "ever. A value of the wrong type is refused, and with it the whole resource.",
    "Strimzi's own definitions, generated from its published jars for the version in force",
    "correct the name or the type; what v1 no longer has is said elsewhere (node pools, `type: custom`)",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare each resource with both definitions."""
    operator = subject.operator
    if operator is None:
        return
    for item in subject.items:
        if item.group != "kafka.strimzi.io":
            continue
        schema = operator.schemas.get((item.kind, item.version))
        now = list(compare(item.manifest, schema)) if schema else []
        for wrong in now:
            yield _finding(subject, item, wrong, f"operator {operator.version}", item.version)
        paths = {wrong.path for wrong in now}
        later = _newest(operator.next_schemas, item)
        for wrong in compare(item.manifest, later[1]) if later else ():
            if wrong.path not in paths:
                version = f"operator {operator.next_version}"
                yield _finding(subject, item, wrong, version, later[0] if later else "", next_=True)


def _newest(schemas: Mapping[tuple[str, str], Any], item: Item) -> tuple[str, Any] | None:
    found = schemas.get((item.kind, item.version))
    if found:
        return item.version, found
    v1 = schemas.get((item.kind, "v1"))
    return ("v1", v1) if v1 else None


def _finding(
    subject: CheckInput, item: Item, wrong: Wrong, who: str, version: str, *, next_: bool = False
) -> Finding:
    name = ".".join(wrong.path)
    said = (
        f"{name} is no field of {item.kind} {version} in {who}"
        if wrong.unknown
        else (f"{name} {wrong.said}, by {item.kind} {version} of {who}")
    )
    severity = Severity.INFO if next_ else (Severity.WARNING if wrong.unknown else Severity.ERROR)
    return ABOUT.found(
        said + (", the next version" if next_ else ""),
        (line if wrong.unknown else where)(subject, item, *wrong.path),
        subject=str(item),
        severity=severity,
    )
