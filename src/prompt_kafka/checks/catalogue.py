"""Every rule there is, in the order in which a report lists them, and the one function that applies them."""

from __future__ import annotations

from types import ModuleType

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.rules import (
    acl_groups,
    acl_topics,
    addresses,
    anti_affinity,
    api_version,
    cluster_label,
    dependencies,
    differing,
    hard_coded,
    ignored_fields,
    kafka_version,
    metadata_version,
    nulls,
    readme,
    references,
    replicas,
    retention,
    secret_keys,
    secret_unused,
    shared_value,
    super_users,
    toggles,
    twice,
    unknown_fields,
    unread,
    volumes,
    watched_namespace,
    windows,
)
from prompt_kafka.checks.subject import CheckInput

RULES: tuple[ModuleType, ...] = (
    kafka_version,
    api_version,
    metadata_version,
    secret_keys,
    secret_unused,
    cluster_label,
    watched_namespace,
    acl_topics,
    acl_groups,
    replicas,
    addresses,
    retention,
    dependencies,
    toggles,
    nulls,
    twice,
    unknown_fields,
    super_users,
    volumes,
    windows,
    unread,
    shared_value,
    hard_coded,
    references,
    anti_affinity,
    readme,
    ignored_fields,
    differing,
)

ABOUTS: tuple[About, ...] = tuple(rule.ABOUT for rule in RULES)


UNREADABLE = About(
    "not-readable",
    Severity.ERROR,
    "File or chart that cannot be read or rendered",
    "Nothing of the application can be checked, and Argo CD cannot render it either.",
    "Helm's own message, or a limit of this command",
    "mend the file; then check again",
)
"""What is said of an application that no rule can be applied to."""


def run(subject: CheckInput) -> tuple[Finding, ...]:
    """Apply every rule; the worst first, then by place."""
    found: dict[Finding, None] = {}
    for rule in RULES:
        for finding in rule.find(subject):
            found[finding] = None
    order = {about.id: number for number, about in enumerate(ABOUTS)}
    return tuple(
        sorted(found, key=lambda f: (f.severity.rank, order[f.id], f.where.file, f.where.line, f.what))
    )
